"""An ONNX graph, read as data: nothing of it is run, and nothing outside its folder is opened."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spectra._files import check_size, is_regular, memory_bytes
from spectra._text import brief, gigabytes, listed
from spectra.errors import LoadError
from spectra.load._packages import optional

MOST_BYTES = 2**31 - 1  # of a protobuf message
DOMAINS = ("", "ai.onnx")


def read_graph(path: Path) -> Any:
    """Return the graph in a file with its weights, checked, its names made harmless.

    Parameters
    ----------
    path : Path
        An ONNX file; the files that it keeps weights in lie in its folder or below.

    Raises
    ------
    LoadError
        If it is damaged, too large, holds operators of others than ONNX itself, or names weights
        elsewhere.
    """
    check_size(path)
    if path.stat().st_size > MOST_BYTES:
        raise LoadError(
            f"{path} has {gigabytes(path.stat().st_size)}, an ONNX graph at most 2 GiB: save its "
            "weights in a file beside it (save_as_external_data=True)"
        )
    onnx = optional("onnx", str(path))
    try:
        graph = onnx.load_model(str(path), load_external_data=False)
    except Exception as error:
        raise LoadError(
            f"{path} looks like an ONNX graph but cannot be read ({brief(error)}): it is damaged; "
            "export it again"
        ) from error
    _check_operators(graph, path)
    _check_weights(onnx, graph, path)
    try:
        onnx.external_data_helper.load_external_data_for_model(graph, str(path.parent))
        onnx.checker.check_model(graph)
    except Exception as error:
        raise LoadError(
            f"{path} is no valid ONNX graph ({brief(error)}): export it again"
        ) from error
    _make_names_harmless(graph)
    _name_weights_once(graph.graph)
    return graph


def _nodes(graph: Any) -> Iterator[Any]:
    """Yield the nodes of a graph, and those of the graphs that they hold."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _check_operators(model: Any, path: Path) -> None:
    """Raise for operators that only an extension defines, or the file itself does."""
    foreign = {f"{n.domain}::{n.op_type}" for n in _nodes(model.graph) if n.domain not in DOMAINS}
    if foreign or model.functions:
        names = sorted(foreign) or [f"{f.domain}::{f.name}" for f in model.functions]
        raise LoadError(
            f"{path} holds operators that are not ONNX's own ({listed(names)}): expected a graph "
            "of standard operators; export it again from the model, before any optimisation"
        )


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield every tensor of values that a graph holds."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def _check_weights(onnx: Any, model: Any, path: Path) -> None:
    """Raise if values lie outside the folder, or are not as many as their shape says."""
    total = 0
    for tensor in _tensors(model.graph):
        size = _external_bytes(onnx, tensor, path)
        total += tensor.ByteSize() if size is None else size
        held = len(tensor.raw_data) if size is None and tensor.HasField("raw_data") else size
        needed = math.prod(tensor.dims) * _item_bytes(onnx, tensor)
        if any(side < 0 for side in tensor.dims) or (held is not None and needed > held + 1):
            raise LoadError(
                f"{path} is damaged: {tensor.name!r} of shape {tuple(tensor.dims)} holds "
                f"{held} bytes; export it again"
            )
    if total > memory_bytes() // 2:
        raise LoadError(f"{path} holds {gigabytes(total)} of weights: more than fits this machine")


def _item_bytes(onnx: Any, tensor: Any) -> float:
    """Return the bytes of one value; none of what is no number."""
    if tensor.data_type in (onnx.TensorProto.UNDEFINED, onnx.TensorProto.STRING):
        return 0
    kind = onnx.TensorProto.DataType.Name(tensor.data_type)
    if bits := re.search(r"INT(2|4)$|FLOAT4", kind):
        return 0.25 if bits.group(1) == "2" else 0.5
    size: float = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    return size


def _external_bytes(onnx: Any, tensor: Any, path: Path) -> int | None:
    """Return how many bytes a tensor takes of a file beside the graph; None if of none.

    Raises
    ------
    LoadError
        If that file is not a regular one in the graph's folder, or ends before the tensor does.
    """
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return None
    facts = {entry.key: entry.value for entry in tensor.external_data}
    place = facts.get("location", "")
    file = path.parent / place
    within = not Path(place).is_absolute() and ".." not in Path(place).parts and place
    linked = within and file.resolve() != path.parent.resolve() / place
    if not within or linked:
        raise LoadError(
            f"{path} keeps weights in {place!r}: expected a file in its own folder, no link"
        )
    if not is_regular(file):
        raise LoadError(f"{path} keeps weights in {place!r}, which is not there: copy it beside it")
    try:
        offset, length = (int(facts.get(key) or 0) for key in ("offset", "length"))
    except ValueError:
        offset, length = -1, -1
    size = file.stat().st_size
    length = length or size - offset
    if offset < 0 or length < 0 or offset + length > size:
        raise LoadError(f"{path} keeps weights in {place!r} beyond its {size} bytes: copy it again")
    return length


def _make_names_harmless(model: Any) -> None:
    """Rename nodes and inputs so that their names are plain words.

    The converter writes them into Python source, in which a quotation mark would end a string and
    begin code.
    """
    for number, node in enumerate(model.graph.node):
        name = re.sub(r"[^0-9A-Za-z_/.]", "_", node.name)
        node.name = name if name.strip("/._") else f"{node.op_type}_{number}"
    weights = {tensor.name for tensor in model.graph.initializer}
    renamed: dict[str, str] = {}
    for number, value in enumerate(v for v in model.graph.input if v.name not in weights):
        plain = re.fullmatch(r"[A-Za-z][0-9A-Za-z_]*", value.name)
        taken = keyword.iskeyword(value.name) or value.name in ("self", "torch", "getitem")
        renamed[value.name] = value.name if plain and not taken else f"input_{number + 1}"
    _rename_values(model.graph, {old: new for old, new in renamed.items() if old != new})


def _rename_values(graph: Any, renamed: dict[str, str]) -> None:
    """Give values of a graph other names, wherever they stand."""
    clash = {new: f"{new}_" for new in renamed.values()}
    names = {**clash, **renamed}
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def _name_weights_once(graph: Any) -> None:
    """Let nodes take shared weights themselves, not a copy by an Identity node.

    Exporters keep equal weights once and copy them; the converter looks for the weights of a
    convolution among the file's own.
    """
    weights = {tensor.name for tensor in graph.initializer}
    outputs = {value.name for value in graph.output}
    copies = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "Identity" and node.input[0] in weights and node.output[0] not in outputs
    }
    kept = [node for node in graph.node if not (node.output and node.output[0] in copies)]
    for node in kept:
        node.input[:] = [copies.get(name, name) for name in node.input]
    del graph.node[:]
    graph.node.extend(kept)
