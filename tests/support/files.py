"""Valid files of every format that is opened or recognised, and how to damage them."""

import io
import json
import random
import struct
import warnings
from pathlib import Path

import h5netcdf
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save
from scipy.io import netcdf_file
from torch import nn

WORDS = (
    *(b"", b"\0", b"\xff" * 4, b"\xff" * 8, b"\x80\x02", b"PK\x03\x04", b"PK\x05\x06", b"{", b"}"),
    *(b"[", b'"', b"../", b"cos\nsystem\n", b"c__builtin__\neval\n", b"R.", b"\x93", b"\x8c"),
    *(struct.pack("<Q", value) for value in (1, 1 << 31, 1 << 40, (1 << 63) - 1)),
    *(struct.pack("<I", value) for value in (1, 1 << 24, (1 << 31) - 1)),
    *(b"F64", b"O8", b"-1", b"99999999999999999999", b"1e999", b"null", b"\n", b"data.pkl"),
)


VALUES = np.random.default_rng(1).normal(size=(2, 8, 8)).astype(np.float32)


class Bomb:
    """Calls ``os.mkdir`` on ``crater`` when it is unpickled."""

    def __init__(self, crater: str) -> None:
        self.crater = crater

    def __reduce__(self):
        import os

        return os.mkdir, (self.crater,)


def make() -> nn.Module:
    """Return the module whose weights the files hold."""
    return nn.Conv2d(2, 3, 3)


def _bytes(write) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def _torch(content, **how) -> bytes:
    return _bytes(lambda stream: torch.save(content, stream, **how))


def _hdf5(folder: Path) -> bytes:
    with h5netcdf.File(folder / "x.nc", "w") as file:
        file.dimensions = {"n": 2, "y": 8, "x": 8}
        file.create_variable("v", ("n", "y", "x"), "f4", data=VALUES)
    return (folder / "x.nc").read_bytes()


def _netcdf3(folder: Path) -> bytes:
    with netcdf_file(folder / "x3.nc", "w") as file:
        for name, length in (("n", 2), ("y", 8), ("x", 8)):
            file.createDimension(name, length)
        file.createVariable("v", "f4", ("n", "y", "x"))[:] = VALUES
    return (folder / "x3.nc").read_bytes()


def valid_files(folder: Path, crater: Path) -> dict[str, bytes]:
    """Return one small file of each kind; those named after a bomb would make ``crater``.

    Parameters
    ----------
    folder : Path
        For what can only be written to a file.
    crater : Path
        Must not exist.
    """
    state, bomb = make().state_dict(), Bomb(str(crater))
    numbers = np.random.default_rng(0)
    pixels = numbers.integers(0, 255, (16, 16, 3), dtype=np.uint8)
    array = numbers.normal(size=(2, 1, 8)).astype(np.float32)
    picture = {
        kind: _bytes(lambda f, kind=kind: Image.fromarray(pixels).save(f, kind))
        for kind in ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
    }
    lightning = {
        "pytorch-lightning_version": "2.6.6",
        "state_dict": {f"net.{name}": tensor for name, tensor in state.items()},
        "hyper_parameters": {"width": 3, "mode": "nearest"},
        "epoch": np.float64(3),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = torch.jit.save
        torchscript = _bytes(lambda f: script(torch.jit.script(make()), f))
        program = torch.export.export(make(), (torch.ones(1, 2, 4, 4),))
        exported = _bytes(lambda f: torch.export.save(program, f))
    onnx = b"\x08\x0a\x12\x07pytorch\x1a\x062.13.0:\x80\x01" + bytes(100)
    return {
        "zip": _torch({"params": state, "params_ema": state}),
        "legacy": _torch({"model": state}, _use_new_zipfile_serialization=False),
        "lightning": _torch(lightning),
        "arrays in a zip": _torch({"model": {k: v.numpy() for k, v in state.items()}}),
        "module": _torch(make()),
        "bomb in a zip": _torch({"model": state, "x": bomb}),
        "bomb in a legacy file": _torch([state, bomb], _use_new_zipfile_serialization=False),
        "safetensors": save(state, {"format": "pt"}),
        "torchscript": torchscript,
        "exported program": exported,
        "onnx": onnx,
        "npy": _bytes(lambda f: np.save(f, array)),
        "npz": _bytes(lambda f: np.savez(f, array)),
        "npz packed": _bytes(lambda f: np.savez_compressed(f, array)),
        "bomb in an npy": _bytes(lambda f: np.save(f, np.array([bomb], object), allow_pickle=True)),
        "tensor": _torch(torch.from_numpy(array)),
        "hdf5": _hdf5(folder),
        "netcdf3": _netcdf3(folder),
        **{kind.lower(): data for kind, data in picture.items()},
    }


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with a few bytes changed, parts moved, words put in, or its end cut."""
    content = bytearray(data)
    for _ in range(chance.choice((0, 1, 1, 2, 4, 16))):
        if not content:
            break
        where, kind = chance.randrange(len(content)), chance.randrange(6)
        if kind == 0:
            content[where] = chance.randrange(256)
        elif kind == 1:
            content[where] ^= 1 << chance.randrange(8)
        elif kind == 2:
            word = chance.choice(WORDS)
            content[where : where + len(word)] = word
        elif kind == 3:
            content[where:where] = chance.choice(WORDS)
        elif kind == 4:
            del content[where : where + chance.randrange(1, 40)]
        else:
            other = chance.randrange(len(content))
            content[where : where + 16] = content[other : other + 16]
    if chance.random() < 0.25:
        del content[chance.randrange(len(content) + 1) :]
    return bytes(content)


def damaged_folder(folder: Path, chance: random.Random) -> None:
    """Write a folder of a model with its config, its index or its weights damaged."""
    state = make().state_dict()
    config = {"_class_name": "AutoencoderKL", "latent_channels": 4, "sizes": [1, 2]}
    config = chance.choice((config, {"architectures": ["Net"]}, {"_model_class": "Unet"}))
    index = {"metadata": {"total_size": 3}, "weight_map": {"weight": "a.safetensors"}}
    for name, data in (
        ("config.json", json.dumps(config).encode()),
        ("model.safetensors.index.json", json.dumps(index).encode()),
        ("a.safetensors", save(state)),
    ):
        (folder / name).write_bytes(damaged(data, chance))
