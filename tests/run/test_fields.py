"""Models of weather: wavelengths in km, variables by name, and outputs with coordinates."""

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import spectra
from spectra import Options
from spectra.report import Result
from spectra.signals import power_law_noise
from support.fields import DEGREE, weather
from support.planted_decoders import REACH, sinc_taps

SIDE, COUNT, NAMES = (48, 64), 16, ("t2m", "u10", "msl")
QUICK = Options(blame=False)


class Refined(nn.Module):
    """Doubles the grid by a windowed sinc, and adds a line of period 2 along x to one variable."""

    def __init__(self, channels, *, planted=None, amplitude=0.0, bands=None):
        super().__init__()
        taps = sinc_taps()
        self.up = nn.ConvTranspose2d(
            *(channels, channels, len(taps)),
            stride=2,
            padding=2 * REACH,
            output_padding=1,
            groups=channels,
            bias=False,
        )
        kernel = torch.outer(taps, taps).float()
        self.up.weight.data.copy_(kernel.expand(channels, 1, -1, -1))
        self.planted, self.amplitude, self.bands = planted, amplitude, bands

    def forward(self, x):
        y = self.up(x)
        if self.planted is None:
            return y
        line = self.amplitude * (-1.0) ** torch.arange(y.shape[-1])
        rows = torch.ones(y.shape[-2]) if self.bands is None else self.bands
        grid = torch.zeros_like(y)
        grid[:, self.planted] = rows[:, None] * line
        return y + grid


def inputs(count=COUNT, *, names=NAMES, side=SIDE, north=60.0, step=0.25, seed=0):
    shape = (count, len(names), *side)
    values = np.asarray(power_law_noise(shape, seed=seed, exponent=3.0, axes=2), np.float32)
    return weather(count, names=names, side=side, north=north, step=step, values=values)


@pytest.fixture(scope="module")
def result():
    model = Refined(len(NAMES), planted=1, amplitude=0.5)
    return spectra.analyze(model, inputs(), options=QUICK)


def test_a_line_of_two_pixels_is_as_long_as_two_cells_of_the_output(result):
    """Along longitude: 2 cells of 0.125 degrees times the cosine of the mean latitude."""
    mean = float(inputs().latitude.mean())
    across = 2 * 0.125 * DEGREE * np.cos(np.deg2rad(mean))
    assert result.summary.output.wavelength == (None, pytest.approx(across))
    table = result.data["output"]
    at = (table["frequency"].values == [0, 0.5]).all(axis=1)
    assert float(table["wavelength"].values[at].item()) == pytest.approx(across)
    assert float(table["locked_dbc"].values[at].item()) == np.nanmax(table["locked_dbc"].values)
    step = result.summary.steps[0]
    assert step.wavelength_in_output == pytest.approx((2 * 0.125 * DEGREE, across))
    assert f"{across:.0f} km along longitude" in result.summary.answer["looks"]
    assert f"28x{across:.0f} km" in result.text(width=140)  # of the step, along both axes


def test_the_variable_that_carries_the_line_is_named_first(result):
    rows = {row.name: row.score for row in result.summary.output.variables}
    assert set(rows) == set(NAMES)
    loudest = max(NAMES, key=lambda name: rows[name].told_dbc or -99)
    assert loudest == "u10"
    assert "most in u10 (" in result.summary.answer["looks"]
    table = result.text(width=140)
    assert table.index("u10") < table.index("t2m")


def test_its_energy_is_that_of_the_line_over_the_variable(result):
    """Closed form: amplitude squared over the variance of what the sinc gives."""
    own = {row.name: row.score for row in result.summary.output.variables}["u10"]
    clean = Refined(1)(torch.from_numpy(inputs().u10.values)[:, None]).detach()[..., 12:-12, 16:-16]
    expected = 10 * np.log10(0.25 / float(clean.var()))
    assert own.line_dbc == pytest.approx(expected, abs=1.0)


def test_the_place_is_that_of_the_variable_that_carries_the_line_whatever_the_units():
    """Three variables are no colours: in units of thousands the others would hide it."""
    model = Refined(len(NAMES), planted=NAMES.index("u10"), amplitude=0.5)
    units = torch.tensor([1.0 if name == "u10" else 3e3 for name in NAMES]).view(-1, 1, 1)
    model.register_forward_hook(lambda _model, _given, y: units * y)
    found = spectra.analyze(model, inputs(), options=QUICK)
    assert found.summary.severity.where.channel == NAMES.index("u10")
    assert found.data["where"].sizes["channel"] == 1


def test_outputs_come_back_with_finer_coordinates(result, tmp_path):
    result.save(tmp_path / "out", formats=("json", "nc"))
    read = Result.read(tmp_path / "out")
    for tree in (result.data, read.data):
        group = tree["outputs"].to_dataset()
        assert list(group.data_vars) == list(NAMES)
        assert group.t2m.attrs["units"] == "K"
        assert group.t2m.dims == ("sample", "latitude", "longitude")
        np.testing.assert_allclose(group.latitude[:2], [60.0625, 59.9375])
        np.testing.assert_allclose(np.diff(group.longitude), 0.125)
        np.testing.assert_array_equal(group.time, 6.0 * np.arange(COUNT))
        assert group.time.attrs["units"] == "hours since 2020-01-01"
    again = xr.open_dataset(tmp_path / "out" / "spectra.nc", group="outputs", engine="h5netcdf")
    assert again.time.dtype.kind == "M"
    expected = Refined(3, planted=1, amplitude=0.5)(
        torch.from_numpy(inputs().to_dataarray("v").transpose("time", "v", ...).values)
    )
    np.testing.assert_allclose(again.u10, expected[:, 1].detach(), atol=1e-5)
    assert read.summary.output == result.summary.output
    assert read.summary.inputs == result.summary.inputs


@pytest.mark.slow
def test_powers_of_variables_are_weighted_by_area():
    """A line in the polar half of a map counts by the cosines there."""
    side = (40, 32)
    data = inputs(names=("a", "b"), side=side, north=80.0, step=2.0)
    north = torch.arange(2 * side[0]) < side[0]
    energy = {}
    for name, bands in (("north", north), ("south", ~north)):
        model = Refined(2, planted=0, amplitude=0.5, bands=bands.float())
        found = spectra.analyze(model, data, options=QUICK).summary.output
        energy[name] = found.variables[0].score.line_dbc, found.score.line_dbc
    latitudes = 80.5 - np.arange(80)
    inner = slice(10, 70)  # an eighth is left out at each border
    weights = np.cos(np.deg2rad(latitudes[inner]))
    ratio = weights[30:].sum() / weights[:30].sum()
    weighted, plain = (south - n for n, south in zip(energy["north"], energy["south"], strict=True))
    assert plain == pytest.approx(0, abs=1.0)
    assert weighted - plain == pytest.approx(10 * np.log10(ratio), abs=1.0)


def sea(data, seed=0):
    import scipy

    noise = np.random.default_rng(seed).standard_normal(data.t2m.shape[1:])
    land = scipy.ndimage.gaussian_filter(noise, 5) > 0
    mask = xr.DataArray(land, dims=("latitude", "longitude"))
    return data.where(~mask), land


@pytest.mark.slow
def test_a_coast_makes_no_grid_of_the_inputs_and_hides_none_of_the_output():
    whole = inputs(names=("t2m", "u10")) + 5
    whole = whole.assign_coords(inputs().coords)
    masked, land = sea(whole)
    assert 0.2 < land.mean() < 0.8
    grid = Refined(2, planted=0, amplitude=0.5)
    for model, loud in ((Refined(2), False), (grid, True)):
        plain, coast = (spectra.analyze(model, d, options=QUICK).summary for d in (whole, masked))
        assert coast.input.score.verdict == "none"
        if loud:
            assert coast.output.score.verdict == "present"
            assert abs(coast.output.score.told_dbc - plain.output.score.told_dbc) < 4
        else:
            upper = [s.output.score.asr_upper_dbc for s in (plain, coast)]
            assert upper[1] < upper[0] + 1


def test_an_output_of_other_channels_has_no_variables_and_keeps_its_wavelength():
    model = nn.Sequential(Refined(3), nn.Conv2d(3, 2, 1))
    found = spectra.analyze(model, inputs(), options=QUICK)
    assert found.summary.output.variables == ()
    assert found.summary.output.spacing is not None
    assert list(found.data["outputs"].data_vars) == ["channel_0", "channel_1"]


@pytest.mark.slow
def test_plain_arrays_have_neither():
    found = spectra.analyze(
        Refined(3),
        torch.from_numpy(inputs().to_dataarray("v").values[:, :16]).transpose(0, 1),
        options=QUICK,
    )
    assert found.summary.output.spacing is None
    assert found.summary.output.variables == ()
    assert "outputs" not in found.data.children
    assert "wavelength" not in found.text()
