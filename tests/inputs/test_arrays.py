"""Arrays in memory and in files give the same samples."""

import tracemalloc

import numpy as np
import pytest
import torch
import xarray as xr

from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs import open_inputs


def write_npy(path, x):
    np.save(path, x)
    return path


def write_npz(path, x):
    np.savez(path.with_suffix(".npz"), maps=x, labels=np.arange(len(x)))
    return path.with_suffix(".npz")


def write_fortran_npz(path, x):
    np.savez_compressed(path.with_suffix(".npz"), np.asfortranarray(x))
    return path.with_suffix(".npz")


def write_pt(path, x):
    torch.save(torch.from_numpy(x.copy()), path.with_suffix(".pt"))
    return path.with_suffix(".pt")


def write_legacy_pt(path, x):
    tensors = {"maps": torch.from_numpy(x.copy()), "labels": 3}
    torch.save(tensors, path.with_suffix(".pt"), _use_new_zipfile_serialization=False)
    return path.with_suffix(".pt")


def write_netcdf4(path, x):
    dims = ("sample", "channel", *"zyx"[-(x.ndim - 2) :])
    xr.Dataset({"maps": (dims, x)}).to_netcdf(path.with_suffix(".nc"), engine="h5netcdf")
    return path.with_suffix(".nc")


def write_netcdf3(path, x):
    dims = ("sample", "channel", *"zyx"[-(x.ndim - 2) :])
    xr.Dataset({"maps": (dims, x)}).to_netcdf(path.with_suffix(".nc"), engine="scipy")
    return path.with_suffix(".nc")


WRITERS = [
    write_npy,
    write_npz,
    write_fortran_npz,
    write_pt,
    write_legacy_pt,
    write_netcdf4,
    write_netcdf3,
]
SHAPES = [(5, 2, 11), (5, 3, 8, 6), (5, 1, 4, 6, 5)]


NETCDF = (write_netcdf3, write_netcdf4)  # each pass over one starts a process
FILES = [
    pytest.param(
        write,
        shape,
        id=f"{write.__name__}-{len(shape) - 2}-D",
        marks=[pytest.mark.slow] if write in NETCDF and len(shape) != 4 else [],
    )
    for write in WRITERS
    for shape in SHAPES
]


@pytest.mark.parametrize(("write", "shape"), FILES)
def test_array_files_give_their_samples_again_and_again(tmp_path, rng, write, shape):
    x = rng.standard_normal(shape).astype(np.float32)
    file = write(tmp_path / "x.npy", x)
    file = file.rename(tmp_path / "array")  # no suffix: content decides
    inputs = open_inputs(file)
    assert (inputs.kind, inputs.count, inputs.shape) == ("array", 5, shape[1:])
    assert inputs.range is None
    for size in (2, 9):
        batches = list(inputs.batches(size))
        assert {len(batch) for batch in batches[:-1]} <= {size}
        np.testing.assert_array_equal(torch.cat(batches).numpy(), x)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4"])
def test_other_float_types_become_float32(rng, dtype):
    x = rng.standard_normal((3, 1, 8, 8)).astype(dtype)
    (batch,) = open_inputs(x).batches(3)
    np.testing.assert_array_equal(batch.numpy(), x.astype(np.float32))


def test_a_bfloat16_tensor_with_gradient_becomes_plain_float32(generator):
    x = torch.randn(3, 1, 8, generator=generator).bfloat16().requires_grad_()
    (batch,) = open_inputs(x).batches(3)
    assert not batch.requires_grad
    assert torch.equal(batch, x.detach().float())


def test_samples_are_copies(rng):
    x = rng.standard_normal((2, 1, 8)).astype(np.float32)
    kept = x.copy()
    for batch in open_inputs(x).batches(1):
        batch.zero_()
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_samples_that_are_not_finite_in_float32_are_dropped(rng, value):
    x = rng.standard_normal((4, 1, 8))
    x[2, 0, 3] = value
    inputs = open_inputs(x, num=None)
    assert (inputs.count, len(inputs)) == (4, 3)
    assert inputs.dropped[0].source == "array[2]"
    np.testing.assert_array_equal(
        torch.cat(list(inputs.batches(2))).numpy(), x[[0, 1, 3]].astype(np.float32)
    )


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 1, 8), complex), r"complex numbers \(complex128\): expected real floats"),
        (
            np.zeros((2, 1, 8), np.uint8),
            r"uint8 values: expected floats .*astype\('float32'\) / 255",
        ),
        (np.zeros((2, 1, 8), bool), "bool values"),
        (torch.zeros(2, 1, 8, dtype=torch.int64), "int64 values"),
        (torch.zeros(2, 1, 8, dtype=torch.complex64), "complex numbers"),
        (np.zeros(8), r"shape \(8,\) holds no samples: expected \(N, C, \*spatial\)"),
        (np.float32(3), r"shape \(\) holds no samples"),
        (np.zeros((1,) * 6), r"6 axes.*expected \(N, C, L\), \(N, C, H, W\)"),
        (np.zeros((0, 1, 8)), "is empty"),
        (np.zeros((2, 0, 8)), "empty samples"),
        (np.full((2, 1, 8), np.nan), "no sample of use among 2"),
        (np.zeros((2, 64, 64, 3)), "channels last"),
    ],
)
def test_arrays_of_another_kind_are_refused(x, message):
    with pytest.raises(InputError, match=message):
        open_inputs(x)


def test_vectors_and_single_pixels_are_latents(rng):
    assert open_inputs(rng.standard_normal((4, 512))).kind == "latent"
    assert open_inputs(rng.standard_normal((4, 100, 1, 1))).kind == "latent"


def test_arrays_are_cropped_and_normalised_only_on_request(rng):
    x = rng.random((2, 3, 20, 30), dtype=np.float32)
    inputs = open_inputs(x, multiple=8, range="0..1", mean=0.5, std=[0.5, 0.25, 0.2])
    expected = (x[:, :, 2:18, 3:27] - 0.5) / np.reshape([0.5, 0.25, 0.2], (3, 1, 1))
    np.testing.assert_allclose(torch.cat(list(inputs.batches(1))), expected, rtol=1e-5, atol=1e-7)
    assert inputs.range == pytest.approx((-2.5, 2.5))
    assert "centre crop 16x24 of 20x30" in inputs.notes
    assert open_inputs(x, crop=16).shape == (3, 16, 16)
    assert open_inputs(x, multiple=25).shape == (3, 20, 25)  # a short axis stays whole
    with pytest.raises(InputError, match="20x30: expected at least crop=24"):
        open_inputs(x, crop=24)


def test_gray_needs_rgb(rng):
    assert open_inputs(rng.random((2, 3, 8, 8)), gray=True).channels == 1
    with pytest.raises(InputError, match="2 channels of array to gray"):
        open_inputs(rng.random((2, 2, 8, 8)), gray=True)


def test_a_file_of_several_arrays_asks_which(tmp_path, rng):
    x, y = rng.standard_normal((2, 3, 1, 8)).astype(np.float32)
    np.savez(tmp_path / "xy.npz", x=x, y=y)
    file = str(tmp_path / "xy.npz")
    with pytest.raises(InputError, match=r"x \(3, 1, 8\) float32, y .*choose with '.*\?key=NAME'"):
        open_inputs(file)
    np.testing.assert_array_equal(next(open_inputs(f"{file}?key=y").batches(3)).numpy(), y)
    with pytest.raises(InputError, match="has no array 'z'"):
        open_inputs(f"{file}?key=z")


def test_named_dimensions_decide_what_is_a_channel(tmp_path, rng):
    x = rng.standard_normal((4, 6, 7, 3)).astype(np.float32)
    maps = xr.Dataset(
        {"rgb": (("time", "lat", "lon", "band"), x), "heat": (("time", "lat", "lon"), x[..., 0])}
    )
    maps.to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    rgb = open_inputs(f"{tmp_path / 'x.nc'}?key=rgb")
    np.testing.assert_array_equal(next(rgb.batches(4)).numpy(), np.moveaxis(x, -1, 1))
    heat = open_inputs(f"{tmp_path / 'x.nc'}?key=heat")
    np.testing.assert_array_equal(next(heat.batches(4)).numpy(), x[:, None, :, :, 0])
    assert "variable 'heat' over time, lat, lon, one channel" in heat.notes


def test_masked_netcdf_values_drop_their_sample(tmp_path, rng):
    x = rng.standard_normal((3, 1, 8))
    x[1, 0, 2] = np.nan
    data = xr.Dataset({"a": (("sample", "channel", "x"), x)})
    data.to_netcdf(tmp_path / "x.nc", engine="h5netcdf", encoding={"a": {"_FillValue": -9e9}})
    assert len(open_inputs(tmp_path / "x.nc")) == 2


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda p: np.save(p, np.array([{}, 3], object)), "pickled"),
        (lambda p: np.savez(p, a=np.array([{}], object)), "pickled|Object"),
        (lambda p: torch.save([torch.ones(3)], p), "holds a list: expected one tensor"),
        (lambda p: torch.save({"a": 3}, p), "nothing: expected one array"),
        (lambda p: p.write(b"1,2,3"), "is a text file: expected a folder, glob"),
        (lambda p: p.write(b""), "is empty"),
        (lambda p: p.write(b"\x89HDF\r\n\x1a\n" + bytes(90)), "HDF5 .* cannot be read"),
        (lambda p: p.write(b"\x93NUMPY\x01\x00\x10"), "NumPy array .* cannot be read"),
    ],
)
def test_files_that_hold_no_array_are_refused(tmp_path, write, message):
    file = tmp_path / "x.npz"
    with file.open("wb") as stream:
        write(stream)
    with pytest.raises(InputError, match=message):
        open_inputs(file)


def test_damage_inside_an_archive_of_arrays_is_one_line(tmp_path, rng):
    file = write_npz(tmp_path / "x.npy", rng.random((4, 1, 64)))
    data = bytearray(file.read_bytes())
    data[1000] ^= 1
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"archive of NumPy arrays .* cannot be read .*CRC"):
        open_inputs(file)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("nowhere.png", InputError, "does not exist: expected a folder"),
        ("nowhere/*.png", NothingToAnalyseError, "matches no file"),
        (3, InputError, "int is a int: expected pictures"),
        ([], NothingToAnalyseError, "gave no sample"),
        ("no_such_package_here:make", InputError, "no module"),
    ],
)
def test_sources_that_lead_nowhere_are_refused(source, error, message):
    with pytest.raises(error, match=message):
        open_inputs(source)


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_npy, write_npz, write_netcdf4])
def test_memory_does_not_grow_with_the_number_of_samples(tmp_path, rng, write):
    peaks = []
    for count in (16, 256):
        file = write(tmp_path / f"x{count}.npy", rng.random((count, 4, 64, 64), dtype=np.float32))
        list(open_inputs(file, num=None).batches(4))  # warm imports and caches
        tracemalloc.start()
        for _ in open_inputs(file, num=None).batches(4):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 2**20  # 240 more samples are 15 MiB


def test_constant_and_repeated_samples_are_dropped_and_named():
    stack = torch.arange(6 * 16.0).reshape(6, 1, 16)
    stack[2] = 3.0
    stack[4] = stack[1]
    inputs = open_inputs(stack)
    assert len(inputs) == 4
    assert [d.reason for d in inputs.dropped] == [
        "constant: all values are equal",
        "the same values as [1]",
    ]


def test_a_netcdf_without_a_record_yet_is_called_empty(tmp_path):
    from scipy.io import netcdf_file

    with netcdf_file(tmp_path / "x.nc", "w") as file:
        for name, length in (("time", None), ("y", 8), ("x", 8)):
            file.createDimension(name, length)
        file.createVariable("v", "f4", ("time", "y", "x"))
    with pytest.raises(InputError, match=r"x\.nc is empty, of shape \(0, 1, 8, 8\)"):
        open_inputs(tmp_path / "x.nc")
