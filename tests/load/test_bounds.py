"""A small file cannot make the reader take much memory, run in circles, or crash."""

import io
import os
import struct
import zipfile

import numpy as np
import pytest
import tifffile
import torch
from torch import nn

from spectra._files import _bounds as bounds
from spectra.errors import InputError, LoadError, NothingToAnalyseError
from spectra.inputs import open_inputs
from spectra.load import load_model


@pytest.fixture
def file(tmp_path):
    return tmp_path / "model.pth"


def net():
    return nn.Conv2d(1, 1, 1)


def packed(source, target):
    """Write the zip ``source`` again, packed as closely as zip can."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for item in old.infolist():
            new.writestr(item.filename, old.read(item), zipfile.ZIP_DEFLATED)


def test_an_archive_that_swells_is_refused_before_it_is_unpacked(tmp_path, file, monkeypatch):
    torch.save({"weight": torch.zeros(24 << 20)}, tmp_path / "large.pth")
    packed(tmp_path / "large.pth", file)
    assert file.stat().st_size < 1 << 20
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was unpacked"))
    for trust in (False, True):
        with pytest.raises(LoadError, match=r"would unpack to 96\.0 MiB: expected weights"):
            load_model(file, arch=net, trust=trust)
    with pytest.raises(InputError, match="would unpack to"):
        open_inputs(file)


def test_an_archive_that_someone_packed_again_is_opened(tmp_path, file):
    model = net()
    torch.save(model.state_dict(), tmp_path / "plain.pth")
    packed(tmp_path / "plain.pth", file)
    assert torch.equal(load_model(file, arch=net).model.weight, model.weight)


def test_a_file_larger_than_the_memory_is_refused_unread(file, monkeypatch):
    header = b'{"w":{"dtype":"F32","shape":[256],"data_offsets":[0,1024]}}'
    file.write_bytes(struct.pack("<Q", len(header)) + header)
    os.truncate(file, 1 << 41)  # no block of it is on the disk
    with pytest.raises(LoadError, match=r"has 2\.0 TiB, but this machine's memory is"):
        load_model(file, arch=net)


def test_tensors_that_repeat_few_values_without_end_are_refused(file):
    torch.save({"weight": torch.ones(1).expand(1 << 40)}, file)
    assert file.stat().st_size < 5000
    with pytest.raises(LoadError, match=r"repeat to 4\.0 TiB: expected weights"):
        load_model(file, arch=net)


def test_a_tensor_that_is_a_small_view_is_no_repetition(file):
    torch.save({"weight": torch.ones(1).expand(1, 1, 1, 1), "bias": torch.ones(3)[1:2]}, file)
    assert load_model(file, arch=net).model.bias == 1


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.eye(2).to_sparse(), "sparse or nested tensor, 'weight': expected dense"),
        (torch.empty(1 << 40, device="meta"), r"no values for 'weight' \(device meta\)"),
    ],
)
def test_tensors_that_are_no_plain_values_are_refused(file, tensor, message):
    torch.save({"weight": tensor}, file)
    with pytest.raises(LoadError, match=message):
        load_model(file, arch=net)


def test_a_dict_that_holds_itself_is_searched_once(file):
    around = {"weight": torch.ones(1, 1, 1, 1), "bias": torch.ones(1)}
    around["self"] = around
    torch.save({"epoch": 1, "model": around}, file)
    assert load_model(file, arch=net).model.bias == 1


def test_dicts_that_branch_without_end_are_searched_in_time(file):
    inner = {"epoch": 1}
    for _ in range(4):
        inner = {str(index): inner for index in range(2000)}  # 1.6e13 paths
    torch.save(inner, file)
    with pytest.raises(LoadError, match="holds no weights"):
        load_model(file, arch=net)


class Rebuilt:
    """Pickles as a call of ``function``, followed by a state."""

    def __init__(self, function, arguments, state=None):
        self.parts = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.parts


def array(dtype, raw=bytes(32), shape=(4,)):
    reconstruct = np.zeros(0).__reduce__()[0]
    return Rebuilt(reconstruct, (np.ndarray, (0,), b"b"), (1, shape, dtype, False, raw))


def dtype(code, *state):
    return Rebuilt(np.dtype, (code, False, True), (3, *state) if state else None)


FORGED = {
    "objects": array(dtype("O8")),
    "objects inside": array(dtype("f8", "<", (dtype("O8"), (1,)), None, None, 8, 8, 1)),
    "objects in a field": array(
        dtype("V8", "|", None, ("a",), {"a": (dtype("O8"), 0)}, 8, 1, 0), shape=(4,)
    ),
    "negative size": array(dtype("S1", "|", None, None, None, -8, 1, 0)),
    "too few bytes": array(dtype("f8"), shape=(1 << 40,)),
    "an array of any shape": Rebuilt(np.ndarray, ((1 << 40,),)),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_array_is_refused(file, name):
    torch.save({"state_dict": net().state_dict(), "x": FORGED[name]}, file)
    with pytest.raises(LoadError, match="cannot be read"):
        load_model(file, arch=net)


def test_the_flags_of_a_forged_array_are_not_taken_over(file):
    # NumPy itself would take each number for a pointer to an object, and free that.
    forged = array(dtype("f8", "<", None, None, None, 8, 8, 1), raw=b"A" * 32)
    torch.save({"state_dict": net().state_dict(), "x": forged}, file)
    assert load_model(file, arch=net).format == "state_dict"


@pytest.mark.parametrize("code", ["<f4", ">f4", "<i8", "|u1", "?", "<c16", "<U3"])
def test_honest_arrays_keep_values_and_byte_order(file, code):
    values = np.array([1, 0, 1]).astype(code)
    torch.save({"model": {"weight": values, "bias": values[1]}}, file)
    from spectra.load._checkpoints import open_torch

    read = open_torch(file)["model"]
    assert np.array_equal(read["weight"], values)
    assert read["weight"].dtype == values.dtype.newbyteorder("=")
    assert read["bias"] == values[1]


def test_an_array_that_declares_one_huge_sample_is_refused_unread(tmp_path):
    file = tmp_path / "x.npy"
    with file.open("wb") as stream:
        header = {"descr": "<f4", "fortran_order": False, "shape": (2, 1, 1 << 19, 1 << 19)}
        np.lib.format.write_array_header_1_0(stream, header)
    os.truncate(file, 128 + (2 << 40))
    with pytest.raises(InputError, match=r"1\.0 TiB each: expected samples that fit"):
        open_inputs(file)


def test_a_picture_that_declares_gigabytes_is_dropped_undecoded(tmp_path, monkeypatch):
    file = tmp_path / "x.tif"
    tifffile.imwrite(file, np.arange(4096, dtype=np.uint8).reshape(64, 64), compression=None)
    monkeypatch.setattr(tifffile.TiffPage, "nbytes", 2 << 30)
    monkeypatch.setattr(tifffile.TiffPage, "asarray", lambda _: pytest.fail("it was decoded"))
    monkeypatch.setattr(
        "PIL.Image.open", lambda *_, **__: (_ for _ in ()).throw(ValueError("a bomb"))
    )
    with pytest.raises(NothingToAnalyseError, match="a bomb"):
        open_inputs(file)


def test_a_machine_that_does_not_tell_its_memory_refuses_nothing(file, monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert bounds.memory_bytes() > 1 << 60
    content = io.BytesIO()
    torch.save(net().state_dict(), content)
    file.write_bytes(content.getvalue())
    assert load_model(file, arch=net).format == "state_dict"
