"""Valid files of the formats that an extra reads, and what is well formed outside and wrong inside.

A format whose library is not installed is left out.
"""

import gzip
import json
import random
import shutil
import struct
from collections.abc import Callable
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from support.files import damaged
from support.mutants import COUNTS, SHORT, WORDS, change_json

WAVE = (0.5 * np.sin(np.arange(600) / 3)).astype(np.float32)
VOLUME = np.random.default_rng(2).normal(size=(8, 9, 10)).astype(np.float32)
NIFTI_FIELDS = (  # where a number of NIfTI-1's header stands, and of what kind it is
    *((40 + 2 * axis, "h") for axis in range(8)),
    *((70, "h"), (72, "h"), (76, "f"), (80, "f"), (84, "f"), (88, "f")),
    *((108, "f"), (112, "f"), (116, "f"), (123, "B"), (0, "i")),
)
REALS = (0.0, 1.0, -1.0, 352.0, 348.0, 1e9, 1e38, float("nan"), float("inf"))


STORES: dict[int, dict[str, Any]] = {  # descriptions of one array, by the version of the store
    2: {
        "zarr_format": 2,
        "shape": [4, 8, 8],
        "chunks": [1, 8, 8],
        "dtype": "<f4",
        "compressor": None,
        "filters": None,
        "fill_value": 0,
        "order": "C",
    },
    3: {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [4, 8, 8],
        "data_type": "float32",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 8, 8]}},
        "chunk_key_encoding": {"name": "default"},
        "fill_value": 0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "dimension_names": ["time", "y", "x"],
        "attributes": {},
    },
}


def extra_files(folder: Path) -> dict[str, bytes]:
    """Return one small file of each format whose library is installed.

    Parameters
    ----------
    folder : Path
        For what can only be written to a file.
    """
    files = {}
    if find_spec("soundfile") is not None:
        files |= {"wav": _sound(folder, "wav"), "flac": _sound(folder, "flac")}
    if find_spec("nibabel") is not None:
        files |= {"nifti": _nifti(), "nifti packed": gzip.compress(_nifti(), mtime=0)}
    if find_spec("onnx") is not None:
        files["onnx graph"] = _onnx()
    return files


def extra_mutant(kind: str, data: bytes, chance: random.Random) -> bytes:
    """Return a file like ``data``, a value of `extra_files`, with something changed inside."""
    return {
        "wav": _wav_changed,
        "flac": _flac_changed,
        "nifti": _nifti_changed,
        "nifti packed": _packed_changed,
        "onnx graph": _onnx_changed,
    }[kind](data, chance)


def zarr_damaged(folder: Path, chance: random.Random) -> None:
    """Write a zarr store with its descriptions, its chunks or its files' names changed.

    Parameters
    ----------
    folder : Path
        Removed first, where it exists.
    chance : Random
    """
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in _zarr(chance.choice((2, 3))).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(damaged(content, chance) if chance.random() < 0.2 else content)
            continue
        if chance.random() < 0.6:
            change_json(content, chance)
        text = json.dumps(content).encode()
        file.write_bytes(damaged(text, chance) if chance.random() < 0.1 else text)


def _sound(folder: Path, kind: str) -> bytes:
    import soundfile

    soundfile.write(folder / f"x.{kind}", WAVE, 16000)
    return (folder / f"x.{kind}").read_bytes()


def _nifti() -> bytes:
    import nibabel

    return nibabel.Nifti1Image(VOLUME, np.eye(4)).to_bytes()


def _onnx() -> bytes:
    """Return a convolution, a step by interpolation and a shuffled step in one graph."""
    from onnx import TensorProto, helper, numpy_helper

    numbers = np.random.default_rng(3)
    weights = {
        "w": numbers.normal(size=(12, 2, 3, 3)).astype(np.float32),
        "t": numbers.normal(size=(3, 2, 4, 4)).astype(np.float32),
        "scales": np.float32([1, 1, 2, 2]),
    }
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", ("n", 2, "h", "w_")), ("y", ("n", 2, "H", "W")))
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1] * 4),
        helper.make_node("DepthToSpace", ["a"], ["b"], blocksize=2),
        helper.make_node("ConvTranspose", ["b", "t"], ["c"], strides=[2, 2], pads=[1] * 4),
        helper.make_node("Resize", ["c", "", "scales"], ["y"], mode="nearest"),
    ]
    held = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], initializer=held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def _zarr(version: int) -> dict[str, Any]:
    """Return the files of a store of one array (4, 8, 8), descriptions as dicts."""
    values = np.random.default_rng(4).normal(size=(4, 8, 8)).astype(np.float32)
    chunks = [values[index].tobytes() for index in range(4)]
    array = deepcopy(STORES[version])  # its entries are changed in place
    if version == 2:
        names = {f"v/{index}.0.0": chunk for index, chunk in enumerate(chunks)}
        dims = {"_ARRAY_DIMENSIONS": ["time", "y", "x"]}
        return {".zgroup": {"zarr_format": 2}, "v/.zarray": array, "v/.zattrs": dims, **names}
    names = {f"v/c/{index}/0/0": chunk for index, chunk in enumerate(chunks)}
    group = {"zarr_format": 3, "node_type": "group", "attributes": {}}
    return {"zarr.json": group, "v/zarr.json": array, **names}


def _wav_changed(data: bytes, chance: random.Random) -> bytes:
    """Change the format, a length or the samples, behind a right beginning."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at, form = chance.choice(((20, "<H"), (22, "<H"), (24, "<I"), (28, "<I"), (34, "<H")))
        if chance.random() < 0.3:
            at, form = chance.choice(((4, "<I"), (16, "<I"), (40, "<I")))
        most = (1 << 8 * struct.calcsize(form)) - 1
        struct.pack_into(form, made, at, chance.choice(SHORT) & most)
    head, body = bytes(made[:44]), bytes(made[44:])
    return head + (damaged(body, chance) if chance.random() < 0.5 else body)


def _flac_changed(data: bytes, chance: random.Random) -> bytes:
    """Change what the first block tells of the stream, or the frames behind it."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        made[chance.randrange(8, 26)] = chance.choice((0, 1, 16, 127, 255, chance.randrange(256)))
    return bytes(made[:42]) + damaged(bytes(made[42:]), chance)


def _nifti_changed(data: bytes, chance: random.Random) -> bytes:
    """Change numbers of the header, or what is behind it."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at, kind = chance.choice(NIFTI_FIELDS)
        most = 1 << (8 * struct.calcsize(kind) - 1)
        number = chance.choice(REALS) if kind == "f" else chance.choice(COUNTS[:14]) % most
        struct.pack_into(f"<{kind}", made, at, number)
    head, body = bytes(made[:352]), bytes(made[352:])
    return head + (damaged(body, chance) if chance.random() < 0.3 else body)


def _packed_changed(data: bytes, chance: random.Random) -> bytes:
    """Change the header before it is packed, or put much of nothing behind it."""
    inside = _nifti_changed(gzip.decompress(data), chance)
    more = bytes(chance.choice((0, 0, 1, 1 << 20, 1 << 26)))
    return gzip.compress(inside + more, compresslevel=1, mtime=0)


def _onnx_changed(data: bytes, chance: random.Random) -> bytes:
    """Change a node, an attribute, a weight, a declared shape or a name."""
    import onnx

    model = onnx.load_model_from_string(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        chance.choice(_GRAPH_CHANGES)(model.graph, chance)
    made = model.SerializeToString()
    return made[:40] + damaged(made[40:], chance) if chance.random() < 0.1 else made


def _node_changed(graph: Any, chance: random.Random) -> None:
    node = chance.choice(graph.node)
    names = [name for other in graph.node for name in (*other.input, *other.output)]
    kind = chance.randrange(4)
    if kind == 0:
        node.op_type = chance.choice(("Conv", "Loop", "If", "Resize", "Upsample", "PyOp", "Relu"))
    elif kind == 1:
        node.domain = chance.choice(("", "ai.onnx", "com.microsoft", "x"))
    elif kind == 2:
        node.input[chance.randrange(len(node.input))] = chance.choice((*names, *_TEXTS))
    else:
        node.output[0] = chance.choice((*names, *_TEXTS))


def _attribute_changed(graph: Any, chance: random.Random) -> None:
    node = chance.choice([node for node in graph.node if node.attribute])
    attribute = chance.choice(node.attribute)
    if attribute.ints:
        attribute.ints[0] = chance.choice(COUNTS) * chance.choice((1, -1))
    elif attribute.s:
        attribute.s = chance.choice((b"linear", b"cubic", b"", b"\xff", b"CRD", b"DCR"))
    else:
        attribute.i = chance.choice(COUNTS)
    if chance.random() < 0.2:
        attribute.name = chance.choice(("auto_pad", "group", "dilations", *_TEXTS))


def _weight_changed(graph: Any, chance: random.Random) -> None:
    weight = chance.choice(graph.initializer)
    kind = chance.randrange(5)
    if kind == 0 and weight.dims:
        weight.dims[0] = chance.choice(COUNTS)
    elif kind == 1:
        weight.data_type = chance.randrange(24)
    elif kind == 2:
        weight.raw_data = weight.raw_data[: chance.randrange(len(weight.raw_data) + 1)]
    elif kind == 3:
        weight.name = chance.choice(_TEXTS)
    else:
        weight.data_location = 1
        entry = weight.external_data.add()
        entry.key = "location"
        entry.value = chance.choice(("../x", "/etc/passwd", "a/../../x", "x", "\x1b[31m"))


def _shape_changed(graph: Any, chance: random.Random) -> None:
    end = chance.choice((*graph.input, *graph.output))
    dims = end.type.tensor_type.shape.dim
    if dims:
        chance.choice(dims).dim_value = chance.choice(COUNTS)
    end.name = chance.choice((end.name, end.name, *_TEXTS))


def _entries_changed(graph: Any, chance: random.Random) -> None:
    """Remove or repeat a node, a weight or an end."""
    some = chance.choice((graph.node, graph.initializer, graph.input, graph.output))
    if not some:
        return
    at = chance.randrange(len(some))
    if chance.random() < 0.5:
        del some[at]
    else:
        some.add().CopyFrom(some[at])


_TEXTS = (*(word for word in WORDS if word.isprintable()), "import os", "');x('", "a\nb")
_GRAPH_CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    _node_changed,
    _attribute_changed,
    _weight_changed,
    _shape_changed,
    _entries_changed,
)
