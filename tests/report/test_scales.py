"""Frequencies of a result in the unit of its inputs, and on the axes of its figures."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from spectra.inputs import Spacing
from spectra.plot import plot_spectrum
from spectra.plot._curves import plot_slices
from spectra.report._scales import in_hertz, with_scales

CELLS = Spacing(("latitude", "longitude"), (28.0, 14.0), "km")  # of the output
F = np.fft.fftshift(np.fft.fftfreq(32))


def summary(spacing=CELLS, rate=None):
    step = SimpleNamespace(factor=(2, 2), period_in_output=(4, 4))
    return SimpleNamespace(
        inputs=SimpleNamespace(spacing=spacing and spacing.over((0.25, 0.25)), sample_rate=None),
        output=SimpleNamespace(spacing=spacing),
        run=SimpleNamespace(sample_rate=rate),
        steps=[step, SimpleNamespace(factor=(2, 2), period_in_output=None)],
    )


def spectrum():
    values = np.random.default_rng(0).normal(size=(32, 32))
    data = xr.DataArray(values, dims=("fy", "fx"), coords={"fy": F, "fx": F}, name="power")
    return data.to_dataset().assign_coords(f=("f", F[16:]))


def tree(**changes):
    groups = ("/input", "/output", "/steps/0", "/steps/1")
    return with_scales(xr.DataTree.from_dict(dict.fromkeys(groups, spectrum())), summary(**changes))


@pytest.mark.parametrize(("group", "cells"), [("output", 1), ("steps/0", 2), ("input", 4)])
def test_the_highest_frequency_is_one_cycle_in_two_cells_of_the_groups_own_maps(group, cells):
    """Those of the step are twice as large as the output's: its period of 4 px is 2 of its own."""
    data = tree()[group]
    for name, size in (("fy", 28.0), ("fx", 14.0)):
        scaled = data[f"{name}_per_length"]
        assert scaled.attrs["units"] == "cycles/km"
        assert float(abs(scaled).max()) == pytest.approx(1 / (2 * cells * size))
    assert "f_per_length" not in data.coords  # a radius has one length in square cells only


def test_square_cells_have_a_radius_too_and_steps_without_a_period_nothing():
    found = tree(spacing=replace(CELLS, distance=(2.0, 2.0), unit="mm"))
    assert float(found["output"]["f_per_length"][-1]) == pytest.approx(F[-1] / 2)
    assert "fx_per_length" not in found["steps/1"].coords
    assert "fx_per_length" not in tree(spacing=None)["output"].coords


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_a_map_of_the_spectrum_says_wavelengths_along_each_axis():
    ax = Figure().subplots()
    plot_spectrum(tree()["output"]["power"], ax=ax)
    assert labels(ax.xaxis)[-1] == "1/2\n28 km"
    assert labels(ax.yaxis)[-1] == "1/2\n56 km"
    assert labels(ax.xaxis)[2] == "0"  # a constant has none
    assert ax.get_ylabel() == "fy (cycles/pixel, below wavelength in km)"


def test_slices_say_wavelengths_where_they_are_the_same_along_all_axes():
    square = replace(CELLS, distance=(14.0, 14.0))
    for spacing, last in ((CELLS, "1/2"), (square, "1/2\n28 km")):
        ax = Figure().subplots()
        plot_slices(tree(spacing=spacing)["output"]["power"], ax=ax)
        assert labels(ax.xaxis)[-1] == last


def test_a_signal_says_hertz_by_the_same_rule():
    ax = Figure().subplots()
    data = xr.Dataset({"power": ("fx", np.ones(32))}, coords={"fx": F})
    plot_slices(in_hertz(data, 22050.0)["power"], ax=ax)
    assert labels(ax.xaxis)[-1] == "1/2\n11 kHz"
    assert ax.get_xlabel() == "fx (cycles/sample,\nbelow in Hz)"
