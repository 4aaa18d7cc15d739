"""What a file is, by its content and never by its suffix."""

import difflib
import struct
import zipfile
from pathlib import Path
from typing import Literal

from spectra._files import check_regular, is_regular, open_regular, read_head
from spectra.errors import LoadError, SpectraError
from spectra.load._picture_formats import SUFFIXES, picture_format
from spectra.load._zips import open_zip

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
    "picture",
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

PROGRAMS: frozenset[Format] = frozenset({"torchscript", "torch_export"})
WEIGHTS = PROGRAMS | {"safetensors", "torch_zip", "torch_legacy", "pickle"}
ARRAYS: frozenset[Format] = frozenset(
    {"npy", "npz", "hdf5", "netcdf3", "torch_zip", "torch_legacy"}
)

HEAD_BYTES = 4096
_PICKLE_PROTOCOLS = (b"\x02", b"\x03", b"\x04", b"\x05")
LEGACY_MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (LEGACY_MAGIC, "torch_legacy"),
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
    (b"ftrt", "tensorrt"),
    (b"version https://git-lfs", "lfs_pointer"),
)

WEIGHTS_EXPECTED = "expected weights (torch.save or safetensors), or a factory such as net.py:make"
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
    "picture": "a picture",
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
_WEIGHTS_ADVICE: dict[Format, str] = {
    "compiled_program": "give the torch.export program or the weights it was compiled from",
    "onnx": "give the PyTorch checkpoint it was exported from and name its class with --arch; if "
    "only the graph is left, a factory net.py:make that returns onnx2torch.convert(FILE)",
    "tensorflow": "rewrite its weights as a state_dict of a PyTorch module "
    "and name that module with --arch",
    "tflite": "rewrite its weights as a state_dict of a PyTorch module "
    "and name that module with --arch",
    "tensorrt": "give the PyTorch weights it was built from and name their class with --arch",
    "keras": "rewrite its weights as a state_dict of a PyTorch module "
    "and name that module with --arch",
    "gguf": "use the original safetensors file of the same model",
    "npy": "give it as INPUTS, after the model",
    "npz": "give it as INPUTS, after the model",
    "hdf5": "give it as INPUTS, after the model, if it is netCDF; rewrite Keras weights as a "
    "PyTorch state_dict",
    "netcdf3": "give it as INPUTS, after the model",
    "picture": "give it as INPUTS, after the model",
    "lfs_pointer": "run 'git lfs pull' in its repository, then try again",
    "html": "download the file itself (the 'raw' or 'resolve' address), then try again",
    "json": "give the .safetensors or .pth file that lies beside it",
    "text": "give the file that holds the weights",
    "tar": "unpack it ('tar xf FILE'), then give the weights inside",
    "compressed": "unpack it, then give the weights inside",
    "zip": "unpack it, then give the weights inside",
    "truncated_zip": "download or copy it again and compare its size",
    "truncated_safetensors": "download or copy it again and compare its size",
    "empty": "download or save it again",
    "special": "copy what it gives to a file",
    "unknown": "save the weights again with torch.save(model.state_dict(), FILE)",
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
    head = read_head(path, HEAD_BYTES)
    if not head:
        return "empty"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _recognise_zip(path)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if picture_format(head) is not None:
        return "picture"
    return (
        _recognise_safetensors(head, path.stat().st_size)
        or _recognise_protobuf(head)
        or _recognise_text(head)
        or ("tar" if head[257:262] == b"ustar" else None)
        or ("pickle" if head[:1] == b"\x80" and head[1:2] in _PICKLE_PROTOCOLS else "unknown")
    )


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
        program = any("models/" in name or name == "serialized_exported_program.json"
                      for name in names)  # fmt: skip
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
    if head[0] == 0x08 and head[2:3] in (
        b"\x12", b"\x1a", b"\x22", b"\x28", b"\x2a", b"\x32", b"\x3a", b"\x42"
    ):  # fmt: skip
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
        if error.start < len(head) - 4 or len(head) < HEAD_BYTES:
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


def looks_like_picture(path: Path) -> bool:
    """Tell whether ``path`` is a picture by content, or pretends to be one by its suffix."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        return picture_format(read_head(path, HEAD_BYTES)) is not None
    except OSError:
        return False


def check_weights(path: Path, *, trust: bool) -> Format:
    """Return what the file ``path`` is, if that may hold weights and may be opened.

    Raises
    ------
    LoadError
        If it is something else, or a program, which runs code when opened, without ``trust``.
    """
    found = recognise(path)
    if found not in WEIGHTS:
        advice = _WEIGHTS_ADVICE.get(found, "give the file that holds the weights")
        raise LoadError(f"{path} is {DESCRIPTION[found]}; {WEIGHTS_EXPECTED}; {advice}")
    if found in PROGRAMS and not trust:
        raise LoadError(
            f"{path} is {DESCRIPTION[found]}, which can run code when opened: expected plain "
            "weights; if you trust its author add --trust (trust=True), else save "
            "model.state_dict() and give --arch"
        )
    return found


def check_readable(path: Path, what: str, error: type[SpectraError]) -> Path:
    """Return ``path`` if it exists and can be opened; else raise ``error`` naming near misses."""
    if not path.exists():
        raise error(f"{path} does not exist: expected {what}{_near(path)}")
    check_regular(path, what, error)
    if path.is_file():
        try:
            open_regular(path).close()
        except OSError as failure:
            message = f"{path} cannot be read ({failure.strerror}): expected {what}"
            raise error(message) from failure
    return path


def _near(path: Path) -> str:
    """Return the names beside ``path`` that resemble it, as the end of a sentence."""
    folder = path.parent
    if not folder.is_dir():
        return f"; the folder {folder} does not exist either"
    close = difflib.get_close_matches(path.name, (file.name for file in folder.iterdir()), n=3)
    return f"; did you mean {' or '.join(str(folder / name) for name in close)}?" if close else ""
