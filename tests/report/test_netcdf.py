"""spectra.nc is netCDF-4 and loses nothing."""

import h5py
import numpy as np
import pytest
import xarray as xr

from spectra.errors import InputError
from spectra.report import read_tree
from spectra.report._netcdf import write_tree
from support.results import tree


def test_a_tree_is_read_as_it_was_written(tmp_path):
    made = tree()
    write_tree(made, tmp_path / "spectra.nc")
    read = read_tree(tmp_path)
    xr.testing.assert_identical(read, made)
    assert read["steps/0"].attrs["window"] == "periodic Hann"
    assert read["output/fx"].attrs["units"] == "cycles/pixel"


def test_no_file_stays_open(tmp_path):
    def files():
        return h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE)

    before = files()
    write_tree(tree(), tmp_path / "spectra.nc")
    assert files() == before
    read = read_tree(tmp_path)
    assert files() == before
    (tmp_path / "spectra.nc").unlink()
    xr.testing.assert_identical(read, tree())


def test_every_array_is_compressed(tmp_path):
    write_tree(tree(("steps/0",)), tmp_path / "spectra.nc")
    with h5py.File(tmp_path / "spectra.nc") as file:
        assert file["steps/0/mean_power"].compression == "gzip"
        assert file["steps/0/total_0"].compression == "gzip"


def test_the_same_tree_gives_the_same_bytes(tmp_path):
    for name in ("a.nc", "b.nc"):
        write_tree(tree(), tmp_path / name)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_attributes_that_netcdf_cannot_hold_do_not_stop_it_or_change_the_tree(tmp_path):
    made = xr.DataTree(xr.Dataset({"x": ("f", np.ones(2))}, attrs={"a": None, "b": True, "c": 2.5}))
    write_tree(made, tmp_path / "spectra.nc")
    assert dict(read_tree(tmp_path).attrs) == {"b": 1, "c": 2.5}
    assert made.attrs == {"a": None, "b": True, "c": 2.5}


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "no such file"), (b"", "not netCDF-4"), (b"text", "not netCDF-4")],
)
def test_a_file_that_is_no_result_is_refused(content, reason, tmp_path):
    path = tmp_path / "spectra.nc"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"spectra\.nc: cannot be read as spectra\.nc: {reason}"):
        read_tree(path)
