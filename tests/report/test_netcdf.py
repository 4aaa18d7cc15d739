"""spectra.nc is netCDF-4 and loses nothing."""

import json

import h5py
import numpy as np
import pytest
import xarray as xr

from spectra._files._netcdf_child import describe_tree
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


def test_dimensions_are_named_without_a_search(tmp_path, monkeypatch, capsys):
    """HDF5 searches the whole file for the name of a dimension, once for each variable."""

    def searched(_):
        raise AssertionError("a name was asked for")

    write_tree(tree(), tmp_path / "spectra.nc")
    monkeypatch.setattr(h5py.Dataset, "name", property(searched))
    describe_tree(str(tmp_path / "spectra.nc"), cpu_s=15)
    read = {
        (node["path"], variable["name"]): tuple(variable["dims"])
        for node in json.loads(capsys.readouterr().out)
        for variable in node["variables"]
    }
    assert read == {
        (node.path, name): variable.dims
        for node in tree().subtree
        for name, variable in node.variables.items()
    }


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


def external_link(file, other):
    file["stolen"] = h5py.ExternalLink(str(other), "/secret")


def external_storage(file, other):
    file.create_dataset("stolen", (4,), "f4", external=[(str(other), 0, 16)])


def virtual_dataset(file, other):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(other), "secret", (4,))
    file.create_virtual_dataset("stolen", layout)


def circle(file, _):
    file["steps/0/again"] = file["steps"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (external_link, "'stolen' is a link to another file"),
        (external_storage, r"'stolen' are in another file \(external storage\)"),
        (virtual_dataset, r"'stolen' is made of other files \(a virtual dataset\)"),
        (circle, "is linked to twice, perhaps in a circle"),
    ],
)
def test_a_crafted_file_reads_no_other_and_ends_no_process(damage, said, tmp_path, capfd):
    with h5py.File(tmp_path / "private.h5", "w") as made:
        made["secret"] = np.ones(4, np.float32)
    write_tree(tree(), tmp_path / "spectra.nc")
    with h5py.File(tmp_path / "spectra.nc", "r+") as made:
        damage(made, tmp_path / "private.h5")
    with pytest.raises(InputError, match=said):
        read_tree(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_a_file_that_unpacks_to_gigabytes_is_refused(tmp_path):
    with h5py.File(tmp_path / "spectra.nc", "w") as made:
        made.create_dataset("v", (1 << 30,), "f4", chunks=(1 << 16,), compression="gzip")
    with pytest.raises(InputError, match=r"would unpack to 4\.0 GiB: expected at most"):
        read_tree(tmp_path)


def test_no_library_of_netcdf_opens_a_tree_in_this_process(tmp_path, monkeypatch):
    write_tree(tree(), tmp_path / "spectra.nc")
    monkeypatch.setattr(h5py.h5f, "open", None)
    monkeypatch.setattr(xr, "open_datatree", None)
    xr.testing.assert_identical(read_tree(tmp_path), tree())


def test_texts_arrays_and_single_numbers_come_back(tmp_path):
    made = xr.DataTree(
        xr.Dataset(
            {
                "text": ("n", np.array(["a", "ä\n", ""], object)),
                "count": ((), np.int64(3)),
                "complex_0": ("n", np.array([1j, 2, np.nan])),
                "empty": (("none", "n"), np.zeros((0, 3), np.float32)),
            },
            coords={"n": ("n", [1, 2, 4], {"valid": np.array([0.5, 1.0])})},
            attrs={"several": np.array([1, 2]), "one": 2.5, "text": "ü", "nan": float("nan")},
        )
    )
    write_tree(made, tmp_path / "spectra.nc")
    xr.testing.assert_identical(read_tree(tmp_path), made)


def test_an_attribute_that_ends_other_libraries_and_a_link_to_nothing_change_nothing(tmp_path):
    write_tree(tree(), tmp_path / "spectra.nc")
    with h5py.File(tmp_path / "spectra.nc", "r+") as made:
        made.attrs["_nc3_strict"] = np.arange(3)
        made["steps/0/gone"] = h5py.SoftLink("/nowhere")
    xr.testing.assert_identical(read_tree(tmp_path), tree())


def test_a_tree_reads_as_xarray_reads_it(tmp_path, rng):
    """Scalars, texts, truth values, coordinates of another name, dimensions without a variable."""
    data = xr.Dataset(
        {
            "count": ((), np.int64(3)),
            "text": ("n", np.array(["a", "ä", ""], object)),
            "truth": ("n", np.array([True, False, True])),
            "volume": (("z", "n"), np.ones((2, 3))),
            "plane": (("y", "n"), rng.normal(size=(2, 3)).astype(np.float32), {"units": "dB"}),
        },
        coords={
            "n": [1, 2, 4],
            "z": ("n", [9.0, 8.0, 7.0]),
            "label": ("n", [1.5, 2.5, 3.5]),
            "height": 7.0,
        },
        attrs={"several": np.array([1, 2]), "one": 2.5, "text": "ü"},
    )
    made = xr.DataTree.from_dict({"/": xr.Dataset(attrs={"a": 1}), "steps/0": data, "output": data})
    write_tree(made, tmp_path / "spectra.nc")
    with xr.open_datatree(tmp_path / "spectra.nc", engine="h5netcdf") as tree:
        xr.testing.assert_identical(read_tree(tmp_path), tree.load())
