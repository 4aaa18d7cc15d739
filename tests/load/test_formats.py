"""A file that is no model is named for what it is, with what to type next."""

import gzip
import json
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from spectra._files import recognise
from spectra.errors import LoadError
from spectra.load import load_model


def truncated_torch(path):
    torch.save({"w": torch.ones(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])


def truncated_legacy(path):
    torch.save({"w": torch.ones(1000)}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:1000])


def zip_of(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "hello")


def zip_of_text(path):
    zip_of(path, "readme.txt")


def tar_of_text(path):
    (path.parent / "a.txt").write_text("hello")
    with tarfile.open(path, "w") as archive:
        archive.add(path.parent / "a.txt", "a.txt")


def array(path):
    with path.open("wb") as file:
        np.save(file, np.ones(3))


def arrays(path):
    with path.open("wb") as file:
        np.savez(file, a=np.ones(3))


HTML = "\n<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title>"
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
ONNX = b"\x08\x0a\x12\x07pytorch\x1a\x062.13.0:\x80\x01" + bytes(100)
GRAPH = b"\x0a\x21\x0a\x05input\x12\x0bPlaceholder*\x0b\x0a\x05dtype\x12\x02" + bytes(50)
BAD = {
    "empty": (lambda p: p.write_bytes(b""), r"empty \(0 bytes\).*save it again"),
    "html": (lambda p: p.write_text(HTML), r"web page \(HTML\).*download"),
    "lfs_pointer": (lambda p: p.write_text(LFS), "git-LFS pointer.*git lfs pull"),
    "text": (lambda p: p.write_text("Not Found"), "is a text file.*holds the weights"),
    "json": (lambda p: p.write_text('{"a": 1}'), "JSON text.*safetensors"),
    "truncated_zip": (truncated_torch, "truncated zip archive.*again"),
    "torch_legacy": (truncated_legacy, "looks like a torch.save file of the old kind but cannot"),
    "truncated_safetensors": (
        lambda p: p.write_bytes(struct.pack("<Q", 9000) + b'{"w":{"dtype":"F32"'),
        "truncated safetensors.*again",
    ),
    "safetensors": (
        lambda p: p.write_bytes(save({"w": torch.ones(1000)})[:-7]),
        "looks like a safetensors file but cannot be read.*damaged",
    ),
    "onnx": (lambda p: p.write_bytes(ONNX), r"ONNX graph"),
    "tflite": (lambda p: p.write_bytes(b"\x1c\0\0\0TFL3" + bytes(20)), "TensorFlow Lite.*--arch"),
    "tensorrt": (lambda p: p.write_bytes(b"ftrt" + bytes(20)), "TensorRT engine.*built from"),
    "keras": (lambda p: zip_of(p, "config.json", "model.weights.h5"), "Keras model.*state_dict"),
    "compiled_program": (
        lambda p: zip_of(p, "m/archive_format", "m/data/aotinductor/model/a.so"),
        "machine code without modules.*compiled from",
    ),
    "weights_index": (
        lambda p: p.write_text('{"metadata": {}, "weight_map": {}}'),
        "names nothing: expected files that lie beside it",
    ),
    "tensorflow": (lambda p: p.write_bytes(GRAPH), "TensorFlow graph.*--arch"),
    "gguf": (lambda p: p.write_bytes(b"GGUF\x03\x00\x00\x00"), "GGUF.*safetensors"),
    "npy": (array, r"NumPy array.*give it as INPUTS"),
    "npz": (arrays, r"archive of NumPy arrays.*give it as INPUTS"),
    "picture": (
        lambda p: Image.new("RGB", (4, 4)).save(p, "PNG"),
        "is a picture.*give it as INPUTS",
    ),
    "zip": (zip_of_text, "zip archive of something else.*unpack"),
    "tar": (tar_of_text, "tar archive.*unpack"),
    "compressed zlib": (lambda p: p.write_bytes(zlib.compress(b"x")), "compressed archive"),
    "compressed": (lambda p: p.write_bytes(gzip.compress(b"x")), "compressed archive.*unpack"),
    "hdf5": (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(20)), "HDF5.*state_dict"),
    "unknown": (lambda p: p.write_bytes(bytes(range(256))), "of no known kind.*torch.save"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_model_is_refused_in_one_line_naming_it(tmp_path, kind):
    write, message = BAD[kind]
    file = tmp_path / "model.pth"
    write(file)
    assert recognise(file) == kind.split()[0]
    with pytest.raises(LoadError, match=message) as caught:
        load_model(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "nafnet.pth").write_bytes(b"x")
    with pytest.raises(LoadError, match=r"nafent\.pth does not exist.*did you mean .*nafnet\.pth"):
        load_model(tmp_path / "nafent.pth")
    with pytest.raises(LoadError, match="does not exist either"):
        load_model(tmp_path / "no" / "nafnet.pth")


def test_a_windows_path_is_no_factory():
    with pytest.raises(LoadError, match="does not exist"):
        load_model(r"C:\nets\nafnet.pth")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "a folder without weights"),
        ({"a.safetensors": ""}, r"is a folder; .* such as .*a\.safetensors"),
        (
            {"config.json": {"architectures": ["SegformerModel"]}},
            r"describes a SegformerModel \(transformers\).* holds none: .*model\.safetensors",
        ),
        (
            {"model_index.json": {}, "vae/config.json": {"latent_channels": 16}},
            r"diffusers pipeline.*vae random:latent\?shape=16,32,32 --call decode'",
        ),
        ({"model_index.json": {}, "unet/config.json": {}}, r"diffusers pipeline.*unet'$"),
        ({"config.json": "no json"}, "a folder without weights"),
    ],
)
def test_a_folder_is_refused_with_the_file_to_give(tmp_path, files, message):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text)
    with pytest.raises(LoadError, match=message):
        load_model(tmp_path)
