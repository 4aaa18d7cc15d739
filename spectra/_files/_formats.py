"""What a file is, by its content and never by its suffix."""

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Literal

from spectra._files._picture_formats import picture_format
from spectra._files._regular import is_regular, read_head
from spectra._files._zips import open_zip

Format = Literal[
    "torch_zip",
    "torch_legacy",
    "pickle",
    "safetensors",
    "torchscript",
    "torch_export",
    "compiled_program",
    "onnx",
    "tensorflow",
    "tflite",
    "tensorrt",
    "keras",
    "gguf",
    "npy",
    "npz",
    "hdf5",
    "netcdf3",
    "zarr",
    "nifti",
    "picture",
    "sound",
    "lfs_pointer",
    "html",
    "weights_index",
    "json",
    "text",
    "tar",
    "compressed",
    "zip",
    "truncated_zip",
    "truncated_safetensors",
    "empty",
    "directory",
    "special",
    "unknown",
]

_HEAD_BYTES = 4096
_NIFTI_BYTES = 348  # of its header
_PICKLE_PROTOCOLS = (b"\x02", b"\x03", b"\x04", b"\x05")
_LEGACY_MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (_LEGACY_MAGIC, "torch_legacy"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"CDF\x01", "netcdf3"),
    (b"CDF\x02", "netcdf3"),
    (b"CDF\x05", "netcdf3"),
    (b"GGUF", "gguf"),
    (b"\x1f\x8b", "compressed"),
    (b"BZh", "compressed"),
    (b"\xfd7zXZ", "compressed"),
    (b"7z\xbc\xaf", "compressed"),
    (b"Rar!", "compressed"),
    (b"x\x9c", "compressed"),
    (b"x\xda", "compressed"),
    (b"\x28\xb5\x2f\xfd", "compressed"),
    (b"fLaC", "sound"),
    (b"ftrt", "tensorrt"),
    (b"version https://git-lfs", "lfs_pointer"),
)

DESCRIPTION: dict[Format, str] = {
    "torch_zip": "a torch.save file",
    "torch_legacy": "a torch.save file of the old kind",
    "pickle": "a plain Python pickle",
    "safetensors": "a safetensors file",
    "torchscript": "a TorchScript program",
    "torch_export": "a torch.export program (.pt2)",
    "compiled_program": "a compiled program of torch (AOTInductor), machine code without modules",
    "onnx": "an ONNX graph",
    "tensorflow": "a TensorFlow graph",
    "tflite": "a TensorFlow Lite model",
    "tensorrt": "a TensorRT engine, machine code without modules",
    "keras": "a Keras model",
    "gguf": "a GGUF file of quantised weights",
    "npy": "a NumPy array (.npy)",
    "npz": "an archive of NumPy arrays (.npz)",
    "hdf5": "an HDF5 file (netCDF-4 or Keras)",
    "netcdf3": "a netCDF-3 file",
    "zarr": "a zarr store",
    "nifti": "a NIfTI volume",
    "picture": "a picture",
    "sound": "sound (wav or flac)",
    "lfs_pointer": "a git-LFS pointer: the name of the data, not the data",
    "html": "a web page (HTML): a download that went wrong",
    "weights_index": "an index of sharded weights",
    "json": "a JSON text",
    "text": "a text file",
    "tar": "a tar archive",
    "compressed": "a compressed archive",
    "zip": "a zip archive of something else",
    "truncated_zip": "a truncated zip archive: a download or copy that stopped early",
    "truncated_safetensors": "a truncated safetensors file: a download or copy that stopped early",
    "empty": "empty (0 bytes)",
    "directory": "a folder",
    "special": "no regular file but a pipe or a device",
    "unknown": "of no known kind",
}


def recognise(path: Path) -> Format:
    """Return what the file at ``path`` is, from its first bytes and its archive's names.

    Nothing is unpickled or executed.

    Raises
    ------
    OSError
        If the file is missing or cannot be read.
    """
    if path.is_dir():
        return "directory"
    if not is_regular(path) and path.exists():
        return "special"
    head = read_head(path, _HEAD_BYTES)
    if not head:
        return "empty"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _recognise_zip(path)
    if _is_nifti(head):
        return "nifti"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "sound"
    if picture_format(head) is not None:
        return "picture"
    return (
        _recognise_safetensors(head, path.stat().st_size)
        or _recognise_protobuf(head)
        or _recognise_text(head)
        or ("tar" if head[257:262] == b"ustar" else None)
        or ("pickle" if head[:1] == b"\x80" and head[1:2] in _PICKLE_PROTOCOLS else "unknown")
    )


def _is_nifti(head: bytes) -> bool:
    """Tell whether the first bytes, unpacked where gzip packed them, are those of NIfTI."""
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _NIFTI_BYTES)
        except zlib.error:
            return False
    return head[344:347] in (b"n+1", b"ni1") or head[4:7] in (b"n+2", b"ni2")


def _recognise_zip(path: Path) -> Format:
    try:
        with open_zip(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return "truncated_zip"
    leaves = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in leaves:
        return "torchscript"
    if leaves & {"archive_format", "serialized_exported_program.json"}:
        program = any(
            "models/" in name or name == "serialized_exported_program.json" for name in names
        )
        return "torch_export" if program else "compiled_program"
    if "data.pkl" in leaves:
        return "torch_zip"
    if "model.weights.h5" in leaves:
        return "keras"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    return "zip"


def _recognise_safetensors(head: bytes, size: int) -> Format | None:
    if head[8:10] not in (b'{"', b"{}", b"{ "):
        return None
    (length,) = struct.unpack("<Q", head[:8])
    return "safetensors" if length + 8 <= size else "truncated_safetensors"


def _recognise_protobuf(head: bytes) -> Format | None:
    """Tell ONNX (field 1, the IR version) from a TensorFlow graph (field 1, a node)."""
    if head[0] == 0x08 and len(head) > 2 and head[2] in b"\x12\x1a\x22\x28\x2a\x32\x3a\x42":
        return "onnx"
    if head[4:8] == b"TFL3":
        return "tflite"
    if head[0] == 0x0A and (b"Placeholder" in head or b"Const" in head):
        return "tensorflow"
    return None


def _recognise_text(head: bytes) -> Format | None:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4 or len(head) < _HEAD_BYTES:
            return None
        text = head[: error.start].decode("utf-8-sig")
    if any(ord(letter) < 32 and letter not in "\t\n\r\f\x1b" for letter in text):
        return None
    start = text.lstrip().lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "<head")):
        return "html"
    if start.startswith("{") and '"weight_map"' in start:
        return "weights_index"
    return "json" if start.startswith(("{", "[")) else "text"
