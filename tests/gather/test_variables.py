"""Each variable of an output is weighted by the area of its cells, and by nothing else."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spectra.gather._variables import Variables, level_of
from spectra.inputs import open_inputs
from support.fields import weather

NORTH, STEP = 80.0, 2.0


def variables(channels=2, *, rows=80, names=("t2m", "u10")):
    inputs = open_inputs(weather(names=names, side=(40, 16), north=NORTH, step=STEP))
    found = SimpleNamespace(output_shape=(channels, rows, 32), ratio=(2, 2))
    return Variables.of(found, inputs)


def test_powers_of_an_output_of_finer_rows_are_weighted_by_the_cosine_of_their_latitudes():
    """The latitudes of rows of one degree, by hand: 80.5, 79.5, ... of cells of two degrees."""
    cosines = np.cos(np.deg2rad(80.5 - np.arange(80)))
    maps = torch.ones(1, 2, 80, 32, dtype=torch.float64)
    for index, own in variables().each(maps):
        powers = own.square()[0, 0, :, 0].numpy()
        np.testing.assert_allclose(powers, cosines / cosines.mean(), err_msg=str(index))


@pytest.mark.parametrize("axis", [-1, -2])
def test_a_line_along_either_axis_keeps_its_mean_power(axis):
    line = (-1.0) ** torch.arange((80, 32)[axis])
    maps = torch.zeros(1, 2, 80, 32)
    maps += line if axis == -1 else line[:, None]
    for _, own in variables().each(maps):
        assert float(own.square().mean()) == pytest.approx(1, rel=1e-5)


def test_channels_stay_in_the_order_of_the_variables():
    maps = torch.zeros(1, 2, 80, 32)
    maps[:, 1] = 1
    assert [bool(own.any()) for _, own in variables().each(maps)] == [False, True]


def test_other_channels_than_the_inputs_have_no_names():
    assert variables(channels=3).count == 0


def test_the_level_at_which_a_flat_field_runs_is_the_mean_by_area():
    """Ones in the polar half of a map count by the cosines there, by hand."""
    inputs = open_inputs(weather(side=(40, 16), north=NORTH, step=STEP))
    x = torch.zeros(3, 2, 40, 16)
    x[:, 0, :20], x[:, 1] = 1, 7
    cosines = np.cos(np.deg2rad(80 - 2 * np.arange(40)))
    expected = 3 * cosines[:20].sum() / cosines.sum()
    np.testing.assert_allclose(level_of(x, inputs), [expected, 21], rtol=1e-6)


def test_without_latitudes_all_cells_count_alike():
    inputs = open_inputs(torch.zeros(16, 2, 40, 16) + torch.rand(16, 2, 40, 16))
    x = torch.zeros(1, 2, 40, 16)
    x[:, 0, :20] = 1
    np.testing.assert_allclose(level_of(x, inputs), [0.5, 0])
