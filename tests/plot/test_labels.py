"""Words of figures: frequencies, signs and names that fit."""

import pytest

from spectra.plot._labels import fraction, point, shorten, signed, two_lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (fraction(-1 / 3), "−1/3"),
        (fraction(0.4375), "7/16"),
        (point([0.5, -0.25, 0.0]), "(1/2, −1/4, 0)"),
        (signed(-3.14159, "dB"), "−3.1 dB"),
        (shorten("abcdefghij", 7), "abc…hij"),
        (shorten("short", 7), "short"),
        (two_lines("up.0.conv.weight", 12), "up.0.conv.\nweight"),
        (two_lines("up.0", 10), "up.0"),
    ],
)
def test_words_of_figures(text, expected):
    assert text == expected


@pytest.mark.parametrize("length", [12, 40, 90, 300])
def test_a_long_name_takes_two_lines_of_the_width_with_both_its_ends(length):
    name = ("decoder.layers.12.block." * 20)[:length]
    lines = two_lines(name, 24).split("\n")
    assert len(lines) <= 2
    assert max(map(len, lines)) <= 24
    assert lines[0][:4] == name[:4]
    assert lines[-1][-4:] == name[-4:]
