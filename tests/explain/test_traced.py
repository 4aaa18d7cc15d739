"""A grid of the inputs explains that of the output only where both have one period."""

from dataclasses import replace

import pytest

from spectra.explain._traced import explains_grid
from spectra.images import Trace
from support.summaries import NOTHING, PRESENT


@pytest.mark.parametrize(
    ("period", "scale", "explains"),
    [
        ((8, 8), (1, 1), True),
        ((16, 16), (2, 2), True),
        ((2, 2), (2, 2), False),
        ((8, 1), (1, 1), False),
    ],
)
def test_periods_are_compared_on_the_outputs_grid(period, scale, explains):
    output = replace(PRESENT, period=period)
    assert explains_grid(Trace("jpeg", 8, 5, 8), output, scale) == explains


def test_what_shows_no_grid_needs_no_explanation():
    assert not explains_grid(Trace("jpeg", 8, 5, 8), replace(NOTHING, period=(8, 8)), (1, 1))
    assert not explains_grid(Trace("jpeg", 8, 5, 8), replace(PRESENT, period=(8,)), (1, 1))
