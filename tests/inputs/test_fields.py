"""Variables over named dimensions become samples, channels and maps, and nothing is guessed."""

import numpy as np
import pytest
import torch
import xarray as xr

from spectra.errors import InputError
from spectra.inputs import open_inputs
from spectra.inputs._field_layout import lay_out
from spectra.inputs._field_query import NO_QUERY, FieldQuery, split_query
from spectra.inputs._held import Held, Variable
from support.fields import weather


def read(source, **options):
    inputs = open_inputs(source, **options)
    return inputs, torch.cat(list(inputs.batches(4))).numpy()


def held(**variables):
    """Return variables of floats over dimensions of 4, 5, 6, ... places, by a dict of dims."""
    sizes = {dim: 4 + i for i, dim in enumerate(dict.fromkeys(sum(variables.values(), ())))}
    return Held(
        {
            name: Variable(name, dims, tuple(sizes[d] for d in dims), "float32")
            for name, dims in variables.items()
        }
    )


def roles(dims, query=NO_QUERY):
    layout = lay_out(held(v=tuple(dims.split())), query, "x.nc")
    return layout.samples, layout.channels, layout.space


def test_all_variables_are_channels_and_time_counts_samples():
    data = weather(levels=(850, 500))
    inputs, maps = read(data)
    expected = [data.t2m, data.u10, data.z.sel(level=850), data.z.sel(level=500)]
    np.testing.assert_array_equal(maps, np.stack([v.values for v in expected], 1))
    assert inputs.variables == ("t2m", "u10", "z_850", "z_500")
    said = " ".join(inputs.notes)
    assert "3 variables as 4 channels: t2m, u10, z" in said
    assert "samples: 3 time" in said
    assert "channels: 2 level of each variable" in said


def test_one_array_of_to_dataarray_is_read_as_its_dataset_was():
    data = weather()
    one, several = read(data.to_dataarray()), read(data)
    assert one[0].variables == several[0].variables == ("t2m", "u10")
    np.testing.assert_array_equal(one[1], several[1])


def test_the_channels_of_a_variable_with_levels_begin_where_those_before_it_end():
    data = weather(levels=(850, 500, 250))
    inputs, maps = read(data[["z", "u10"]])
    assert inputs.variables == ("z_850", "z_500", "z_250", "u10")
    np.testing.assert_array_equal(maps[:, 3], data.u10)


def test_what_has_no_time_is_repeated_and_said_to_be():
    data = weather()
    data["lsm"] = data.t2m.isel(time=0, drop=True)
    inputs, maps = read(data)
    np.testing.assert_array_equal(maps[2, 2], data.lsm)
    assert any("repeated for each sample: lsm" in note for note in inputs.notes)


def test_members_and_times_are_samples_in_the_order_of_the_array():
    data = weather(2, names=("t2m",)).expand_dims(member=3, axis=1) * xr.DataArray(
        [1.0, 2.0, 3.0], dims="member"
    )
    inputs, maps = read(data)
    order = data.t2m.transpose("time", "member", ...).values.reshape(6, 1, 8, 10)
    np.testing.assert_allclose(maps, order)
    assert list(inputs.named.sample_places()["member"]) == [0, 1, 2, 0, 1, 2]
    assert list(inputs.named.sample_places()["time"]) == [0, 0, 0, 6, 6, 6]


@pytest.mark.parametrize(
    ("dims", "expected"),
    [
        ("time latitude longitude", (("time",), (), ("latitude", "longitude"))),
        ("time level lat lon", (("time",), ("level",), ("lat", "lon"))),
        ("init_time lead_time x y", (("init_time", "lead_time"), (), ("x", "y"))),
        ("foo lat lon", (("foo",), (), ("lat", "lon"))),
        ("p q r", (("p",), (), ("q", "r"))),
        ("p q r s", (("p",), ("q",), ("r", "s"))),
        ("p q r s t", (("p",), ("q",), ("r", "s", "t"))),
        ("p q", (("p",), ("q",), ())),
        ("time p q", (("time",), (), ("p", "q"))),
        ("sample channel z y x", (("sample",), ("channel",), ("z", "y", "x"))),
    ],
)
def test_names_tell_what_a_dimension_is_and_places_where_there_are_no_names(dims, expected):
    assert roles(dims) == expected


@pytest.mark.parametrize("dims", ["time depth lat lon", "time foo lat lon", "time p q r"])
def test_a_dimension_that_may_be_either_is_asked_about(dims):
    with pytest.raises(InputError, match=r"is (depth|foo|p) one of samples or of") as asked:
        roles(dims)
    for role in ("samples", "channels", "space"):
        assert f"x.nc?{role}=" in str(asked.value)


def test_the_answer_settles_it():
    query = FieldQuery(space=("depth", "lat", "lon"))
    assert roles("time depth lat lon", query) == (("time",), (), ("depth", "lat", "lon"))
    query = FieldQuery(samples=("time", "depth"))
    assert roles("time depth lat lon", query) == (("time", "depth"), (), ("lat", "lon"))


def test_maps_on_two_grids_are_asked_about():
    both = held(t2m=("time", "lat", "lon"), u=("time", "lat", "lon_u"))
    with pytest.raises(InputError, match=r"2 grids: t2m .*choose with 'x\.nc.variables=t2m'"):
        lay_out(both, FieldQuery(space=("lat", "lon", "lon_u")), "x.nc")


def test_what_is_no_map_is_left_out_and_named():
    some = held(t2m=("time", "lat", "lon"), zonal=("time", "lat"), ticks=("time",))
    layout = lay_out(some, NO_QUERY, "x.nc")
    assert layout.names == ("t2m",)
    assert any("zonal, ticks" in note for note in layout.notes)


def test_an_unknown_variable_names_the_nearest():
    with pytest.raises(InputError, match="did you mean t2m"):
        lay_out(held(t2m=("lat", "lon")), FieldQuery(variables=("t2n",)), "x.nc")


def test_a_query_is_what_stands_behind_an_existing_file(tmp_path):
    file = tmp_path / "x.nc"
    file.touch()
    path, query = split_query(f"{file}?variables=t2m,u10&channels=level")
    assert (path, query.variables, query.channels) == (str(file), ("t2m", "u10"), ("level",))
    assert split_query("photo?.png") == ("photo?.png", NO_QUERY)
    for text, said in (
        ("variable=t2m", "did you mean variables"),
        ("samples=", "no value for 'samples'"),
        ("samples=a&channels=a", "names 'a' twice"),
        ("volume&maps", "volume and maps"),
    ):
        with pytest.raises(InputError, match=said):
            split_query(f"{file}?{text}")


@pytest.mark.parametrize("give", ["function", "generator function", "list", "iterator"])
def test_functions_and_loaders_may_give_xarray_objects(give):
    data = weather(4)
    parts = [data.isel(time=[i]) for i in range(4)]
    source = {
        "function": lambda: data,
        "generator function": lambda: iter(parts),
        "list": parts,
        "iterator": iter(parts),
    }[give]
    inputs, maps = read(source)
    np.testing.assert_array_equal(maps, read(data)[1])
    assert inputs.variables == ("t2m", "u10")
    assert inputs.spacing == open_inputs(data).spacing


def test_a_file_gives_what_the_object_does(tmp_path):
    data = weather(5, levels=(850, 500))
    data["time_bnds"] = (("time", "bnds"), np.zeros((5, 2)))
    data.time.attrs["bounds"] = "time_bnds"
    data.to_netcdf(
        tmp_path / "x.nc", engine="h5netcdf", encoding={"z": {"chunksizes": (2, 1, 8, 10)}}
    )
    inputs, maps = read(f"{tmp_path / 'x.nc'}?variables=z,t2m&samples=time,level")
    z = data.z.values.reshape(10, 8, 10)
    np.testing.assert_array_equal(maps[:, 0], z)
    np.testing.assert_array_equal(maps[:, 1], np.repeat(data.t2m.values, 2, 0))
    assert inputs.spacing == open_inputs(data).spacing
    assert list(inputs.named.sample_places()["level"])[:3] == [850, 500, 850]


def sea(count=3, *, side=(8, 100), north=80.0, step=10.0):
    """Return temperatures of a sea whose left third is land, and where that is."""
    data = weather(count, names=("sst",), north=north, step=step, side=side)
    land = np.zeros(side, bool)
    land[:, : side[1] // 3] = True
    data["sst"] = data.sst.where(~xr.DataArray(land, dims=("latitude", "longitude")))
    return data, land


def test_cells_that_are_nan_everywhere_hold_the_mean_by_area_far_from_the_coast():
    data, land = sea(step=1.0)
    data = data.assign_coords(latitude=("latitude", np.arange(80, 0, -10.0)))
    inputs, maps = read(data)
    weight = np.cos(np.deg2rad(data.latitude.values))[:, None] * ~land
    mean = (np.nan_to_num(data.sst.values) * weight).sum() / (3 * weight.sum())
    far = maps[:, 0, :, : 33 - 4 * 8]  # a Gaussian filter of width 8 is cut at 4 widths
    np.testing.assert_allclose(far, mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(maps[:, 0][:, ~land], data.sst.values[:, ~land])
    assert any("sst 33% of the map" in note for note in inputs.notes)


def test_what_is_filled_passes_into_a_slope_without_a_step():
    data, land = sea(1, side=(40, 90))
    slope = np.broadcast_to(np.linspace(0, 9, 90), (1, 40, 90)).astype(np.float32)
    data["sst"] = data.sst.copy(data=np.where(land, np.nan, slope))
    _, maps = read(data)
    steps = np.abs(np.diff(maps[0, 0], axis=1))
    assert steps[:, 29].max() < 0.2  # where the slope itself has .1, and its mean is 3 off
    assert steps.max() < 0.5


def test_other_nan_drop_their_sample():
    data = weather(3)
    data.t2m[:, :2] = np.nan
    data.u10[1, 4, 4] = np.nan
    inputs, _ = read(data)
    assert (inputs.used, inputs.dropped[0].reason) == (2, "holds NaN or infinite values")


def test_a_variable_without_any_value_is_named():
    data = weather(3)
    data.u10[:] = np.nan
    with pytest.raises(InputError, match="holds no value of u10"):
        open_inputs(data)
