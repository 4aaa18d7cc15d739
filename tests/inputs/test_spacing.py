"""How far cells lie apart, against closed forms on a sphere and on a plane."""

import numpy as np
import pytest
import xarray as xr

from spectra.inputs import open_inputs
from spectra.inputs._field import Field
from spectra.inputs._held import Coordinate
from spectra.inputs._spacing import Spacing, spacing_of
from support.fields import DEGREE


def coordinates(**given):
    return {
        dim: Coordinate(dim, tuple(map(float, values)), units=units)
        for dim, (values, units) in given.items()
    }


def globe(step=0.25):
    return coordinates(
        lat=(np.arange(90, -90 - step / 2, -step), "degrees_north"),
        lon=(np.arange(0, 360, step), "degrees_east"),
    )


def test_a_quarter_of_a_degree_of_a_whole_globe_is_28_km_at_the_equator():
    cells, _ = spacing_of(("lat", "lon"), globe())
    assert cells.distance == pytest.approx((DEGREE / 4, DEGREE / 4))
    assert (cells.unit, cells.at_latitude) == ("km", pytest.approx(0))
    assert (cells.narrowest, cells.widest) == (0, pytest.approx(DEGREE / 4))
    assert "along a parallel 0 to 28 km" in cells.described()


def test_a_degree_of_longitude_shrinks_with_the_cosine_of_the_mean_latitude():
    place = coordinates(lat=(np.arange(50, 71, 1), "degrees_north"), lon=(range(9), "degrees_east"))
    cells, _ = spacing_of(("lon", "lat"), place)
    assert cells.distance == pytest.approx((DEGREE * np.cos(np.pi / 3), DEGREE))
    assert cells.in_short((2, 2)) == "111x222 km"


def test_longitudes_may_pass_the_meridian_where_they_begin_anew():
    place = coordinates(lat=((-2.5, 2.5), ""), lon=((350, 355, 0, 5), "degrees_east"))
    cells, _ = spacing_of(("lat", "lon"), place)
    assert cells.distance == pytest.approx((5 * DEGREE, 5 * DEGREE))


@pytest.mark.parametrize(
    ("step", "units", "expected"),
    [
        (3000, "m", (3, "km")),
        (3, "km", (3, "km")),
        (30, "m", (30, "m")),
        (0.8, "mm", (0.8, "mm")),
        (2, "furlong", (2, "furlong")),
    ],
)
def test_lengths_stay_what_they_are_and_long_metres_become_kilometres(step, units, expected):
    along = np.arange(5) * step
    cells, _ = spacing_of(("y", "x"), coordinates(y=(along, units), x=(along, units)))
    assert cells.distance == pytest.approx((expected[0],) * 2)
    assert cells.unit == expected[1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"y": ((0, 1, 4), "m"), "x": ((0, 1, 2), "m")}, "y is no even grid"),
        ({"y": ((0, 1, 2), "m"), "x": ((0, 1, 2), "s")}, "no common unit"),
        ({"y": ((0, 1, 2), "m")}, "x has no coordinate"),
        ({"y": ((3, 3, 3), "m"), "x": ((0, 1, 2), "m")}, "y is no even grid"),
        ({"y": ((0, 1, 2), ""), "x": ((0, 1, 2), "")}, ""),
    ],
)
def test_where_coordinates_do_not_tell_it_is_said_why(given, said):
    cells, why = spacing_of(("y", "x"), coordinates(**given))
    assert cells is None
    assert said in why


def test_a_plane_wave_is_shorter_across_than_along_both_axes():
    cells = Spacing(("y", "x"), (3.0, 4.0), "km")
    across = 1 / np.hypot(0.5 / 3, 0.5 / 4)
    assert cells.wavelength((0.5, 0.5)) == pytest.approx(across)
    assert cells.wavelength((0, 0.25)) == pytest.approx(16)
    assert cells.wavelength((0, 0)) is None


def test_an_output_twice_as_large_has_cells_of_half_the_size():
    finer = Spacing(("y", "x"), (30.0, 20.0), "km").over((2, 4))
    assert finer.distance == (15.0, 5.0)


@pytest.mark.parametrize("places", [3, 12, 24, 18])
def test_finer_cells_cover_the_same_stretch(places):
    field = Field(("lat",), ("v",), ("",), coordinates(lat=(np.arange(12) * -2.0, "")))
    at = np.array(field.finer("lat", places).values)
    width = 24 / places
    np.testing.assert_allclose(np.diff(at), -width)
    assert at[0] - -width / 2 == pytest.approx(1)  # the edge of the first cell, half a cell out
    assert at[-1] + -width / 2 == pytest.approx(-23)


def test_areas_go_with_the_cosine_and_their_mean_is_one():
    field = Field(("lat", "lon"), ("v",), ("",), globe(10))
    weights = field.area_weights(19)
    cosine = np.cos(np.deg2rad(np.arange(90, -91, -10)))
    np.testing.assert_allclose(weights, np.maximum(cosine, 0) / cosine.mean(), atol=1e-12)


@pytest.mark.parametrize("give", ["object", "file"])
def test_latitudes_over_two_axes_are_told_not_to_be_read_until_lengths_are_given(tmp_path, give):
    field = xr.DataArray(
        np.random.default_rng(0).normal(size=(3, 8, 9)).astype(np.float32),
        dims=("time", "y", "x"),
        name="t2m",
    )
    degrees = {"units": "degrees_north"}, {"units": "degrees_east"}
    curved = field.assign_coords(
        nav_lat=(("y", "x"), np.ones((8, 9)), degrees[0]),
        nav_lon=(("y", "x"), np.ones((8, 9)), degrees[1]),
    ).to_dataset()
    if give == "file":
        curved.to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    inputs = open_inputs(curved if give == "object" else tmp_path / "x.nc")
    assert inputs.spacing is None
    assert inputs.variables == ("t2m",)
    assert any(
        "nav_lat, nav_lon lie over two axes, so cells have no one size and count alike" in note
        for note in inputs.notes
    )
    lengths = {d: (d, 3.0 * np.arange(n), {"units": "km"}) for d, n in (("y", 8), ("x", 9))}
    known = open_inputs(curved.assign_coords(lengths))
    assert known.spacing.distance == (3.0, 3.0)
    assert not any("two axes" in note for note in known.notes)
