"""zarr stores are read as netCDF is, and what they ask for beyond numbers is refused before."""

import json
import os

import numpy as np
import pytest
import torch

from spectra._files import check_store, is_zarr
from spectra.errors import InputError
from spectra.inputs import open_inputs
from support.extra_files import STORES
from support.fields import weather

NUMBERS, OLD = STORES[3], STORES[2]


def store(folder, *, array=NUMBERS, values=None):
    """Write a store of one array ``v`` by hand, without zarr, and return its folder."""
    inner = folder / "v"
    inner.mkdir(parents=True)
    if array["zarr_format"] == 3:
        group = {"zarr_format": 3, "node_type": "group", "attributes": {}}
        (folder / "zarr.json").write_text(json.dumps(group))
        (inner / "zarr.json").write_text(json.dumps(array))
    else:
        (folder / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
        (inner / ".zarray").write_text(json.dumps(array))
        (inner / ".zattrs").write_text(json.dumps({"_ARRAY_DIMENSIONS": ["time", "y", "x"]}))
    for index in range(4 if values is not None else 0):
        name = inner / f"c/{index}/0/0" if array["zarr_format"] == 3 else inner / f"{index}.0.0"
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_bytes(np.float32(values[index]).tobytes())
    return folder


@pytest.mark.parametrize("array", [NUMBERS, OLD])
def test_a_store_written_by_hand_gives_its_numbers(tmp_path, array):
    pytest.importorskip("zarr")
    values = np.random.default_rng(0).normal(size=(4, 8, 8)).astype(np.float32)
    inputs = open_inputs(store(tmp_path / "x.zarr", array=array, values=values))
    np.testing.assert_array_equal(torch.cat(list(inputs.batches(3)))[:, 0].numpy(), values)


def test_variables_stand_in_the_order_that_the_store_tells_else_by_name(tmp_path):
    from spectra._files import told_order

    folder = store(tmp_path / "x.zarr")
    assert told_order(folder) == ()
    names = {"b": {}, "a": {}, "time": {}}
    group = {"zarr_format": 3, "consolidated_metadata": {"metadata": names}}
    (folder / "zarr.json").write_text(json.dumps(group))
    assert told_order(folder) == ("b", "a", "time")
    (folder / "zarr.json").unlink()
    old = {"metadata": {".zgroup": {}, "b/.zarray": {}, "b/.zattrs": {}, "a/.zarray": {}}}
    (folder / ".zmetadata").write_text(json.dumps(old))
    assert told_order(folder) == (".zgroup", "b", "a")


@pytest.mark.slow
@pytest.mark.parametrize("version", [2, 3])
def test_what_xarray_writes_is_read_as_the_object_itself(tmp_path, version):
    pytest.importorskip("zarr")
    data = weather(5, levels=(850, 500))
    data.to_zarr(tmp_path / "x.zarr", zarr_format=version, consolidated=version == 2)
    inputs = open_inputs(f"{tmp_path / 'x.zarr'}?variables=t2m,z")
    expected = open_inputs(data[["t2m", "z"]])
    both = (torch.cat(list(one.batches(4))) for one in (inputs, expected))
    np.testing.assert_array_equal(*both)
    assert inputs.variables == expected.variables
    assert inputs.spacing == expected.spacing


def changed(array, **entries):
    return {**array, **entries}


SHARDED = {"name": "sharding_indexed", "configuration": {"codecs": [{"name": "pickle"}]}}


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (changed(OLD, filters=[{"id": "pickle", "protocol": 5}]), "codec 'pickle'"),
        (changed(OLD, compressor={"id": "somebodys"}), "codec 'somebodys'"),
        (changed(OLD, dtype="|O"), "holds Python objects"),
        (changed(OLD, dtype=[["a", "|O"]]), "holds Python objects"),
        (changed(NUMBERS, codecs=[{"name": "numcodecs.pickle"}]), "codec 'pickle'"),
        (changed(NUMBERS, codecs=["json2"]), "codec 'json2'"),
        (changed(NUMBERS, codecs=[SHARDED]), "codec 'pickle'"),
        (changed(NUMBERS, storage_transformers=[{"name": "other"}]), "storage transformers"),
        (changed(NUMBERS, codecs=[3]), "codecs cannot be read"),
    ],
)
def test_what_is_no_codec_of_numbers_is_refused_by_name_before_the_store_is_opened(
    tmp_path, monkeypatch, array, said
):
    folder = store(tmp_path / "x.zarr", array=array)
    monkeypatch.setattr("spectra.inputs._netcdf.netcdf_process", None)  # it would be called
    with pytest.raises(InputError, match=said):
        open_inputs(folder)


def link(folder, other):
    (folder / "v" / "c").symlink_to(other)


def link_to_a_file(folder, other):
    secret = other / "secret"
    secret.write_bytes(bytes(256))
    (folder / "v" / "0.0.0").symlink_to(secret)


def pipe(folder, other):
    os.mkfifo(folder / "v" / "pipe")


@pytest.mark.parametrize(
    ("add", "said"), [(link, "is a link"), (link_to_a_file, "a link"), (pipe, "no regular file")]
)
def test_links_and_pipes_in_a_store_are_refused(tmp_path, add, said):
    folder, other = store(tmp_path / "x.zarr"), tmp_path / "other"
    other.mkdir()
    add(folder, other)
    with pytest.raises(InputError, match=said):
        open_inputs(folder)


@pytest.mark.parametrize("text", ["[", "[" * 100_000, "3", "\xff"])
def test_a_description_that_is_none_is_one_line(tmp_path, text):
    folder = store(tmp_path / "x.zarr")
    (folder / "v" / "zarr.json").write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="cannot be read"):
        open_inputs(folder)


def test_a_description_of_megabytes_is_not_read(tmp_path):
    folder = store(tmp_path / "x.zarr")
    (folder / "v" / "zarr.json").write_text(json.dumps({"codecs": None}) + " " * (1 << 20))
    with pytest.raises(OSError, match="expected at most"):
        check_store(folder)


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_a_chunk_that_unpacks_to_more_than_it_says_ends_in_one_line(tmp_path, codec):
    zarr = pytest.importorskip("zarr")
    numcodecs = pytest.importorskip("numcodecs")
    pack = {"gzip": numcodecs.GZip(9), "zstd": numcodecs.Zstd(9)}[codec]
    chain = [*NUMBERS["codecs"], {"name": codec, "configuration": {"level": 9}}]
    if codec == "zstd":
        chain[1]["configuration"]["checksum"] = False
    folder = store(tmp_path / "x.zarr", array=changed(NUMBERS, codecs=chain))
    bomb = folder / "v" / "c" / "0" / "0" / "0"
    bomb.parent.mkdir(parents=True)
    bomb.write_bytes(pack.encode(np.zeros(1 << 30, np.uint8)))
    assert zarr
    assert bomb.stat().st_size < 4 << 20
    with pytest.raises(InputError, match="cannot be read"):
        open_inputs(folder)


def test_a_chunk_of_gigabytes_is_refused_by_what_it_declares(tmp_path):
    pytest.importorskip("zarr")
    side = 1 << 15
    grid = {"name": "regular", "configuration": {"chunk_shape": [1, side, side]}}
    large = changed(NUMBERS, shape=[2, side, side], chunk_grid=grid)
    with pytest.raises(InputError, match=r"would unpack to .* GiB at once"):
        open_inputs(store(tmp_path / "x.zarr", array=large))


def test_without_zarr_the_line_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("spectra.inputs._array_files.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'spectra-artifacts\[zarr\]'"):
        open_inputs(store(tmp_path / "x.zarr"))


def test_a_folder_of_pictures_is_no_store(tmp_path):
    assert not is_zarr(tmp_path)
    assert is_zarr(store(tmp_path / "x"))
