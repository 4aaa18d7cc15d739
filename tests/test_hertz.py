"""Where lines lie in Hz, and which stage's they are."""

from itertools import accumulate
from operator import mul

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra._hertz import hertz, line_frequencies, rate_text, several_hertz


@given(strides=st.lists(st.integers(2, 6), min_size=1, max_size=4), rate=st.floats(1, 1e6))
def test_every_multiple_of_the_frame_rate_is_the_line_of_exactly_one_stage(strides, rate):
    periods = list(accumulate(reversed(strides), mul))
    lines = [line_frequencies(period, rate, periods) for period in periods]
    hop = periods[-1]
    expected = [k * rate / hop for k in range(1, hop // 2 + 1)]
    assert sorted(f for each in lines for f in each) == pytest.approx(expected)


def test_the_stages_of_hifi_gan_are_told_apart_by_the_products_of_later_factors():
    periods = [256, 32, 4, 2]  # strides 8, 8, 2, 2
    lines = [line_frequencies(period, 22050.0, periods) for period in periods]
    assert [each[0] for each in lines] == [22050 / 256, 22050 / 32, 5512.5, 11025.0]
    assert lines[2:] == [(5512.5,), (11025.0,)]


@pytest.mark.parametrize(
    ("frequency", "text"),
    [(86.1328, "86.1 Hz"), (999.96, "1 kHz"), (5512.5, "5.51 kHz"), (11025, "11 kHz")],
)
def test_a_frequency_has_three_digits(frequency, text):
    assert hertz(frequency) == text
    assert several_hertz([frequency]) == text


def test_a_sample_rate_keeps_its_digits():
    assert rate_text(44100.0) == "44.1 kHz"
    assert rate_text(11025) == "11.025 kHz"
