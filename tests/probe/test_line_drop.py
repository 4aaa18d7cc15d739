"""How far lines fall: exactly where both powers are known, a bound where one is rounding."""

import numpy as np
import pytest
import torch
from torch import nn

import spectra
from spectra.probe._line_drop import LineDrop, rounding_power
from support.whole import small_flat_fields


def test_without_its_pattern_a_lone_step_leaves_rounding_which_is_a_bound():
    """Phases of unequal offset: their mean is the same for any inputs, and so all of the lines."""
    phases = nn.Conv2d(1, 4, 1)
    phases.weight.data = torch.ones(4, 1, 1, 1)
    phases.bias.data = 0.2 * torch.tensor([1.0, -1.0, -1.0, 1.0])
    generator = torch.Generator().manual_seed(0)
    inputs = 1 + 0.1 * torch.rand(17, 1, 32, 32, generator=generator)
    model = nn.Sequential(phases, nn.PixelShuffle(2))
    with small_flat_fields():
        result = spectra.analyze(model, inputs, options=spectra.Options(blame=False))
    row = result.summary.steps[0]
    there = row.at_output
    assert there.line_drop_is_bound
    # lines of amplitude 0.2 on a level of 1.07, over one unit of single precision of that level
    expected = 20 * np.log10(0.2 / 1.07 / torch.finfo(torch.float32).eps)
    assert there.line_drop_db == pytest.approx(expected, abs=0.3)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (1e-4, 1e-6, LineDrop(20.0)),
        (1e-6, 1e-4, LineDrop(-20.0)),
        (1e-4, 1e-20, LineDrop(100.0, is_bound=True)),
        (0.0, 1e-4, LineDrop(-100.0, is_bound=True)),
        (1e-15, 1e-16, None),
    ],
)
def test_lines_that_are_rounding_give_a_bound_and_two_of_them_nothing(before, after, expected):
    found = LineDrop.between(before, after, 1e-14)
    assert (found is None) == (expected is None)
    if found is not None:
        assert found.db == pytest.approx(expected.db)
        assert found.is_bound == expected.is_bound


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_rounding_is_one_unit_of_the_maps_own_precision(dtype):
    maps = torch.full((2, 1, 8, 8), 3.0, dtype=dtype)
    assert rounding_power(maps) == pytest.approx((3 * torch.finfo(dtype).eps) ** 2)
