"""Files that are well formed outside and wrong inside: they get past the first check.

Bytes changed at random mostly break a checksum, a length or the first bytes, and are refused
there. These keep them right and change what they protect.
"""

import io
import json
import pickletools
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from support.files import VALUES, damaged

COUNTS = (
    *(0, 1, 2, 3, 7, 8, 255, 256, 65535, 1 << 16, 1 << 24),
    *((1 << 31) - 1, 1 << 31, 1 << 32, 1 << 40),
)
SHORT = COUNTS[:13]  # that four bytes hold
WORDS = (
    *("", "a", "weight", "bias", "v", "../x", "/", "up.0"),
    *("\x1b[31m", "\n", "\udcff", "é" * 300),
)
_OPCODES = (
    *(b"K\x00", b"M\xff\xff", b"J\xff\xff\xff\x7f", b"J\xff\xff\xff\xff", b"N", b")", b"}"),
    *(b"]", b"\x88", b"G\x7f\xf8\0\0\0\0\0\0", b"X\x01\0\0\0\n", b"0", b"R", b"b", b"2", b"Q"),
    *(b"t", b"("),
)
_NUMPY_TYPES = (
    *("<f4", ">f4", "<f8", "<f2", "|b1", "<i4", "<c8", "|O", "<U5", "|V8", "|S0", "<M8[s]"),
    "f16",
)
_CHUNKS = (b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"acTL", b"fcTL", b"gAMA", b"IHDR", b"eXIf")
_TAGS = (254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 322, 323, 324, 339)
_HDF5_TYPES = (
    *("f2", "f8", "i1", "u8", "c8", "S3", "f4,i4", "V4"),
    *(h5py.enum_dtype({"a": 1}), h5py.string_dtype()),
)


def mutant(kind: str, data: bytes, chance: random.Random, place: Path) -> bytes:
    """Return a file like ``data``, which is of ``kind``, with something changed inside.

    Parameters
    ----------
    kind : str
        A key of `support.files.valid_files`.
    data : bytes
    chance : Random
    place : Path
        A file that may be written and removed.
    """
    if kind == "hdf5":
        return _hdf5(chance, place)
    if kind == "netcdf3":
        return _numbers_replaced(data, chance, start=4, order=">", upto=len(data) // 2)
    if kind == "safetensors":
        return _safetensors(data, chance)
    if kind in ("npy", "bomb in an npy"):
        return _npy(data, chance)
    if kind == "png":
        return _png(data, chance)
    if kind == "tiff":
        return _tiff(data, chance)
    if kind in ("jpeg", "bmp", "webp"):
        return data[:16] + damaged(data[16:], chance)
    if data[:2] == b"PK":
        return _zip(data, chance)
    if kind.startswith(("legacy", "bomb in a legacy")):
        return _legacy(data, chance)
    return damaged(data, chance)


def _zip(data: bytes, chance: random.Random) -> bytes:
    """Change one member; its length and checksum are those of what is written."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        items = old.infolist()
        chosen = chance.randrange(len(items))
        pickles = [i for i, item in enumerate(items) if item.filename.endswith("data.pkl")]
        if pickles and chance.random() < 0.7:
            chosen = pickles[0]
        for index, item in enumerate(items):
            content = old.read(item)
            if index == chosen:
                change: Callable[..., bytes] = damaged
                if item.filename.endswith(".pkl"):
                    change = _pickle
                elif item.filename.endswith(".npy"):
                    change = _npy
                content = change(content, chance)
            how = chance.choice((zipfile.ZIP_STORED, item.compress_type))
            new.writestr(item.filename, content, how)
            if chance.random() < 0.02:
                new.writestr(chance.choice(WORDS[1:8]) + ".npy", content, how)
    return made.getvalue()


def _legacy(data: bytes, chance: random.Random) -> bytes:
    """Change the fourth of five pickles, which holds the object, or one of the others."""
    stream, ends = io.BytesIO(data), [0]
    for _ in range(5):
        for _ in pickletools.genops(stream):
            pass
        ends.append(stream.tell())
    chosen = chance.choice((3, 3, 3, 4, 2))
    start, end = ends[chosen : chosen + 2]
    return data[:start] + _pickle(data[start:end], chance) + data[end:]


def _pickle(data: bytes, chance: random.Random) -> bytes:
    """Remove, repeat or exchange opcodes, or change their arguments, of the first pickle."""
    try:
        marks = [at for _, _, at in pickletools.genops(data)]
    except Exception:  # not a whole pickle
        return damaged(data, chance)
    stop = data.index(b".", marks[-1]) + 1
    ops = [data[a:b] for a, b in zip(marks, [*marks[1:], stop], strict=True)]
    for _ in range(chance.choice((1, 1, 2, 4))):
        at, other = chance.randrange(1, len(ops)), chance.randrange(1, len(ops))
        kind = chance.randrange(5)
        if kind == 0:
            ops[at] = b""
        elif kind == 1:
            ops.insert(at, ops[other])
        elif kind == 2:
            ops[at], ops[other] = ops[other], ops[at]
        elif kind == 3:
            ops[at] = chance.choice(_OPCODES)
        elif len(ops[at]) > 1:
            ops[at] = ops[at][:1] + damaged(ops[at][1:], chance)
    return b"".join(ops) + data[stop:]


def _safetensors(data: bytes, chance: random.Random) -> bytes:
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    change_json(header, chance)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def change_json(content: Any, chance: random.Random) -> None:
    """Change a few entries of nested dicts and lists, in place."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        here: Any = content
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(here[key], dict | list) and chance.random() < 0.8:
                here = here[key]
                continue
            number = chance.choice(COUNTS) * chance.choice((1, 1, -1))
            others = (
                number,
                chance.choice(WORDS),
                None,
                [],
                {},
                [number] * 3,
                0.5,
                True,
                "F64",
                "I8",
            )
            here[key] = chance.choice(others)
            if isinstance(here, dict) and chance.random() < 0.2:
                here[chance.choice(WORDS)] = here.pop(key)
            break


def _npy(data: bytes, chance: random.Random) -> bytes:
    """Write another header, of the right form and length."""
    version = data[6]
    size = struct.unpack("<H", data[8:10])[0] if version == 1 else 118
    body = data[10 + size :]
    shape = [chance.choice((2, 1, 8, *COUNTS)) for _ in range(chance.randrange(6))]
    kinds = _NUMPY_TYPES
    header = {
        "descr": chance.choice(kinds),
        "fortran_order": chance.random() < 0.3,
        "shape": tuple(shape),
    }
    if chance.random() < 0.2:
        header["descr"] = [("a", chance.choice(kinds)), ("b", "<f4", (chance.choice(COUNTS[:8]),))]
    text = repr(header).encode()
    if chance.random() < 0.3:
        text = damaged(text, chance)
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    if chance.random() < 0.2:
        return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(text)) + text + body
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def _png(data: bytes, chance: random.Random) -> bytes:
    """Change what is in a chunk; its length and checksum are right."""
    at, chunks = 8, []
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunks.append([data[at + 4 : at + 8], data[at + 8 : at + 8 + length]])
        at += 12 + length
    for _ in range(chance.choice((1, 1, 2))):
        chunk = chance.choice(chunks)
        if chunk[0] == b"IHDR":
            sides = [chance.choice((16, 16, *COUNTS[:11])) for _ in range(2)]
            depth, colour = chance.choice((1, 2, 4, 8, 16)), chance.choice((0, 2, 3, 4, 6))
            chunk[1] = struct.pack(">2I5B", *sides, depth, colour, 0, 0, chance.choice((0, 0, 1)))
        elif chunk[0] == b"IDAT":
            with_more = zlib.decompress(chunk[1]) + bytes(chance.choice((0, 0, 1, 100_000)))
            chunk[1] = zlib.compress(damaged(with_more, chance))
        else:
            kind = chance.choice(
                (b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"acTL", b"fcTL", b"gAMA", b"IHDR", b"eXIf")
            )
            chunks.insert(chance.randrange(1, len(chunks)), [kind, damaged(bytes(13), chance)])
    return data[:8] + b"".join(_png_chunk(kind, content) for kind, content in chunks)


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def _tiff(data: bytes, chance: random.Random) -> bytes:
    """Change the type, the count or the value of tags in the first directory."""
    made = bytearray(data)
    (start,) = struct.unpack_from("<I", made, 4)
    (count,) = struct.unpack_from("<H", made, start)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = start + 2 + 12 * chance.randrange(count)
        kind = chance.randrange(4)
        if kind == 0:
            struct.pack_into("<H", made, at + 2, chance.choice((1, 2, 3, 4, 5, 7, 11, 12, 16)))
        elif kind == 1:
            struct.pack_into("<I", made, at + 4, chance.choice(SHORT))
        elif kind == 2:
            struct.pack_into("<I", made, at + 8, chance.choice((*SHORT, 5, 8, 32773, 34925)))
        else:
            struct.pack_into("<H", made, at, chance.choice(_TAGS))
    return bytes(made)


def _numbers_replaced(
    data: bytes, chance: random.Random, *, start: int, order: str, upto: int
) -> bytes:
    """Replace a few numbers of four bytes."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = start + 4 * chance.randrange(max(1, (upto - start) // 4))
        struct.pack_into(f"{order}I", made, at, chance.choice(SHORT))
    return bytes(made)


_SPECIAL = (
    *("DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict"),
    *(
        "_NCProperties",
        "CLASS",
        "NAME",
        "_FillValue",
        "missing_value",
        "scale_factor",
        "add_offset",
    ),
    *("coordinates", "units", "calendar", "_Unsigned", "grid_mapping", "dtype", "valid_range"),
)


def _hdf5(chance: random.Random, place: Path) -> bytes:
    """Write a file whose datasets, attributes and links nobody would write."""
    with h5py.File(place, "w", libver=chance.choice(("earliest", "latest"))) as file:
        file.create_dataset("v", data=VALUES, **_stored(chance))
        for name, scale in (("n", 2), ("y", 8), ("x", 8)):
            if chance.random() < 0.6:
                file[name] = np.arange(scale, dtype="f4")
                file[name].make_scale(name)
        for index, name in enumerate(("n", "y", "x")):
            if name in file and chance.random() < 0.8:
                file["v"].dims[index].attach_scale(file[name])
        for _ in range(chance.choice((0, 1, 1, 2))):
            _strange(chance)(file, chance)
        for _ in range(chance.choice((0, 1, 1, 2, 3))):
            owner = file.get(chance.choice(("/", *file)), file)  # a link may lead nowhere
            owner.attrs[chance.choice(_SPECIAL)] = _value(chance)
    data = place.read_bytes()
    place.unlink()
    return damaged(data, chance) if chance.random() < 0.2 else data


def _stored(chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.5:
        return {}
    chunks = tuple(chance.choice((1, side)) for side in VALUES.shape)
    return {"chunks": chunks, "compression": chance.choice((None, "gzip", "lzf")), "shuffle": True}


_VALUES = (
    *(0, -1, 1 << 40, 0.5, float("nan"), True, "text", "", "\x1b[31m", b"\xff", h5py.Empty("f4")),
    *(np.zeros(0), np.arange(3), np.zeros((2, 2)), np.array([b"a", b"bc"])),
    *(np.array(["é", ""], h5py.string_dtype()), np.zeros(2, "f4,i4"), np.ones(2, np.complex64)),
)


def _value(chance: random.Random) -> Any:
    return chance.choice(_VALUES)


def _strange(chance: random.Random) -> Callable[[h5py.File, random.Random], None]:
    return chance.choice((_references, _vlen, _huge, _linked, _nested, _typed))


def _references(file: h5py.File, chance: random.Random) -> None:
    made = file.require_dataset("r", (2,), h5py.ref_dtype)
    made[0] = file["v"].ref
    made.attrs["DIMENSION_LIST"] = _value(chance)


def _vlen(file: h5py.File, _: random.Random) -> None:
    made = file.require_dataset("l", (2,), h5py.vlen_dtype("f4"))
    made[0] = [1, 2, 3]


def _huge(file: h5py.File, chance: random.Random) -> None:
    if "h" not in file:
        side = chance.choice((1 << 12, 1 << 20, 1 << 31))
        file.create_dataset("h", (2, side, side), "f4", chunks=(1, min(side, 1 << 12), 64))


def _linked(file: h5py.File, chance: random.Random) -> None:
    links = (h5py.SoftLink("/v"), h5py.SoftLink("/gone"), h5py.ExternalLink("other.h5", "/v"))
    if "link" not in file:
        file["link"] = chance.choice((*links, file["/"]))


def _nested(file: h5py.File, chance: random.Random) -> None:
    group = file
    for _ in range(chance.choice((1, 3, 60))):
        group = group.require_group("g")
    if "inner" not in group:
        group["inner"] = VALUES


def _typed(file: h5py.File, chance: random.Random) -> None:
    if "t" not in file:
        file.create_dataset("t", (2, 8), chance.choice(_HDF5_TYPES))
