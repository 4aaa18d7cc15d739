"""Crops of outputs beside their grid-locked part, of pictures, volumes and signals."""

import numpy as np
import pytest

from spectra.errors import ParameterError
from spectra.plot._crop import crop_figure


def test_a_crop_shows_the_locked_part_amplified_by_the_factor_it_names():
    picture = np.linspace(0.05, 0.95, 16 * 20).reshape(16, 20)
    board = 0.003 * (-1.0) ** np.indices((16, 20)).sum(0)
    figure = crop_figure(picture, board)
    output, more, alone = (ax.images[0].get_array() for ax in figure.axes)
    assert [ax.get_title() for ax in figure.axes] == [
        "output as it is",
        "the same, grid AMPLIFIED ×100\nreally at most 0.3 % of the range",
        "grid alone, AMPLIFIED ×100",
    ]
    np.testing.assert_allclose(output, picture)
    np.testing.assert_allclose(more, np.clip(picture + 99 * board, 0, 1))
    np.testing.assert_allclose(alone, 0.5 + 100 * board)
    assert "0.003, which is 0.3 % of that range" in figure.get_supxlabel()


def test_a_crop_of_unknown_range_uses_its_percentiles_and_says_so():
    picture = np.random.default_rng(0).normal(50, 7, (20, 20, 1))
    figure = crop_figure(picture, 0 * picture)
    low, high = np.percentile(picture, (0.5, 99.5))
    assert f"black {low:.4g}, white {high:.4g}" in figure.get_supxlabel()
    assert figure.axes[2].get_title() == "no grid-locked part"


@pytest.mark.parametrize(
    ("shape", "drawn", "note"),
    [
        ((20, 24, 3), (20, 24, 3), ""),
        ((20, 24, 8), (20, 24), "channel 5 of 8"),
        ((6, 20, 24, 1), (20, 24), "plane 3 of 6"),
        ((96, 80), (64, 64), ""),
    ],
)
def test_crops_of_any_layout_become_pictures(shape, drawn, note):
    picture = np.random.default_rng(0).random(shape)
    locked = np.full(shape, 1e-3)
    locked[..., -3 if shape[-1] == 8 else 0] *= 2
    figure = crop_figure(picture, locked)
    assert figure.axes[0].images[0].get_array().shape == drawn
    assert note in figure.axes[0].get_title()


@pytest.mark.parametrize("shape", [(400,), (400, 1), (400, 2)])
def test_crops_of_signals_become_lines(shape):
    figure = crop_figure(np.random.default_rng(0).random(shape), np.full(shape, 1e-3))
    assert [len(ax.lines) for ax in figure.axes] == [1, 1, 1]


def test_crops_that_do_not_match_are_refused():
    with pytest.raises(ParameterError, match=r"expected that of picture, \(8, 8\)"):
        crop_figure(np.ones((8, 8)), np.ones((8, 9)))


def test_a_crop_of_few_values_is_not_stretched_where_black_and_white_are_known():
    picture = np.random.default_rng(0).uniform(0.45, 0.5, (20, 20, 1))
    board = 0.02 * (-1.0) ** np.indices((20, 20)).sum(0)[..., None]
    figure = crop_figure(picture, board, limits=(0, 1), where="output 5, row 3, column 1")
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), picture[..., 0])
    assert figure.axes[0].get_title() == "output as it is\noutput 5, row 3, column 1"
    assert "really at most 5.1 of 255 grey levels" in figure.axes[1].get_title()
    shown = crop_figure(picture, board, shown=(-3.0, 7.0))
    assert "black -3, white 7".replace("-", "\N{MINUS SIGN}") in shown.get_supxlabel()
