"""An ONNX graph becomes a module, and onnxruntime its reference."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from spectra._text import brief, listed
from spectra.errors import LoadError
from spectra.load._onnx_file import read_graph
from spectra.load._onnx_operators import put_in, take_out
from spectra.load._packages import optional

OPSET = 17  # the latest whose operators the converter knows
AGAIN = f"export it again with opset_version={OPSET}"
Reference = Callable[[Sequence[Tensor]], list[Tensor]]
"""Runs the graph as it is; takes its inputs in order and returns what it returns."""


@dataclass(frozen=True)
class Graph:
    """A converted graph.

    Attributes
    ----------
    model : Module
        In eval mode; its modules have the names of the graph's nodes.
    input_shape : tuple of (int or None)
        What its first input accepts, None for an axis of any length.
    reference : callable
        The same graph as onnxruntime runs it.
    notes : tuple of str
        What was changed.
    """

    model: nn.Module
    input_shape: tuple[int | None, ...]
    reference: Reference
    notes: tuple[str, ...]


def open_graph(path: Path) -> Graph:
    """Return the module that an ONNX file describes.

    Raises
    ------
    LoadError
        If it is damaged, or holds an operator that cannot be converted: it is named.
    """
    proto = read_graph(path)
    reference = _Runtime(proto, path)
    modules = take_out(proto.graph)
    lowered, notes = _lowered(proto, path)
    _check_known(lowered, path)
    converter = optional("onnx2torch", str(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of resizes, which are compared with the reference
            model: nn.Module = converter.convert(lowered, save_input_names=True)
    except Exception as error:
        raise LoadError(f"{path} cannot be converted ({brief(error)}): {AGAIN}") from error
    put_in(model, modules)
    return Graph(model.eval(), _input_shape(proto.graph), reference, notes)


def _opset(proto: Any) -> int:
    """Return the version of ONNX's own operators that a graph asks for."""
    return max((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), default=1)


def _lowered(proto: Any, path: Path) -> tuple[Any, tuple[str, ...]]:
    """Return a graph in operators of a version that can be converted."""
    opset = _opset(proto)
    if opset <= OPSET or not _unknown(proto):
        return proto, ()
    conversion = optional("onnx.version_converter", str(path))
    try:
        lowered = conversion.convert_version(proto, OPSET)
    except Exception as error:
        names = listed(sorted(_unknown(proto)))
        raise LoadError(
            f"{path} holds operators of opset {opset} that cannot be converted ({names}): {AGAIN}"
        ) from error
    return lowered, (f"operators of opset {opset} written as those of {OPSET}",)


def _unknown(proto: Any) -> set[str]:
    """Return the operators of a graph that the converter does not know."""
    registry = optional("onnx2torch.node_converters.registry", "an ONNX graph")
    optional("onnx2torch.node_converters", "an ONNX graph")
    opset, unknown = _opset(proto), set()
    for node in proto.graph.node:
        try:
            registry.get_converter(node.op_type, opset)
        except NotImplementedError:
            unknown.add(node.op_type)
    return unknown


def _check_known(proto: Any, path: Path) -> None:
    """Raise for operators that the converter does not know."""
    if unknown := _unknown(proto):
        raise LoadError(
            f"{path} holds {'an operator' if len(unknown) == 1 else 'operators'} that cannot be "
            f"converted to PyTorch: {listed(sorted(unknown))}; give the checkpoint that it was "
            "exported from with --arch"
        )


def _input_shape(graph: Any) -> tuple[int | None, ...]:
    """Return what the first input accepts, None for an axis of any length."""
    weights = {tensor.name for tensor in graph.initializer}
    first = next((value for value in graph.input if value.name not in weights), None)
    if first is None:
        return ()
    sides = first.type.tensor_type.shape.dim
    return tuple(side.dim_value if side.dim_value > 0 else None for side in sides)


class _Runtime:
    """The graph as onnxruntime runs it, on the CPU; started when it is first asked."""

    def __init__(self, proto: Any, path: Path) -> None:
        self._bytes, self._path = proto.SerializeToString(), path
        self._session: Any = None

    def __call__(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return what the graph makes of its inputs, in order."""
        session = self._started()
        named = zip(session.get_inputs(), inputs, strict=False)
        given = {one.name: value.detach().cpu().numpy() for one, value in named}
        return [torch.from_numpy(value.copy()) for value in session.run(None, given)]

    def _started(self) -> Any:
        if self._session is None:
            runtime = optional("onnxruntime", str(self._path))
            options = runtime.SessionOptions()
            options.intra_op_num_threads = torch.get_num_threads()
            options.log_severity_level = 4
            # As written: a fused kernel rounds otherwise.
            options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
            self._session = runtime.InferenceSession(
                self._bytes, options, providers=["CPUExecutionProvider"]
            )
        return self._session
