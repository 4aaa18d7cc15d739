"""Operators of ONNX that the converter does not carry over as they are."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

_WHERE = "coordinate_transformation_mode"
_STRING = 3  # onnx.AttributeProto.STRING
_MODES = {"linear": {1: "linear", 2: "bilinear", 3: "trilinear"}, "cubic": {2: "bicubic"}}


def take_out(graph: Any) -> dict[str, nn.Module]:
    """Return modules for the nodes that the converter would misread, by their names.

    What it would stumble over is taken out of these nodes.

    Parameters
    ----------
    graph : onnx.GraphProto
        Of any version; each node has a name of its own.
    """
    found: dict[str, nn.Module] = {}
    for node in graph.node:
        given = {attribute.name: attribute for attribute in node.attribute}
        if node.op_type == "Resize":
            where = given[_WHERE].s if _WHERE in given else b"half_pixel"
            mode = given["mode"].s.decode(errors="replace") if "mode" in given else "nearest"
            smooth = "antialias" in given and bool(given["antialias"].i)
            if mode in _MODES and (smooth or where == b"asymmetric"):
                found[node.name] = Resize(mode, asymmetric=where == b"asymmetric", antialias=smooth)
            if "antialias" in given:
                node.attribute.remove(given["antialias"])
        elif node.op_type == "DepthToSpace" and ("mode" not in given or given["mode"].s == b"DCR"):
            found[node.name] = DepthColumnRow(given["blocksize"].i)
            if "mode" in given:
                given["mode"].s = b"CRD"
            else:
                node.attribute.add(name="mode", s=b"CRD", type=_STRING)
    return found


def put_in(model: nn.Module, modules: dict[str, nn.Module]) -> None:
    """Put modules in the place of those of a converted graph, which have the names of its nodes."""
    for name, module in modules.items():
        model._modules[name.replace(".", "/").lstrip("/")] = module


class DepthColumnRow(nn.Module):
    """Depth to space in ONNX's first order: the place in a block changes slower than the channel.

    Parameters
    ----------
    block : int
        Side of a block.
    """

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, block H, block W) of (B, block block C, H, W)."""
        apart = x.reshape(len(x), self.block**2, -1, *x.shape[2:])
        return functional.pixel_shuffle(apart.transpose(1, 2).flatten(1, 2), self.block)


class Resize(nn.Module):
    """A resize as ONNX defines it, by ``torch.nn.functional.interpolate``.

    Parameters
    ----------
    mode : str
        ``"linear"`` or ``"cubic"``.
    asymmetric : bool
        Whether output pixel i lies at i / s of the input.
    antialias : bool
        Whether it low-passes where it reduces.
    """

    def __init__(self, mode: str, *, asymmetric: bool, antialias: bool) -> None:
        super().__init__()
        self.mode, self.asymmetric, self.antialias = mode, asymmetric, antialias

    def forward(
        self,
        x: Tensor,
        roi: Tensor | None = None,
        scales: Tensor | None = None,
        sizes: Tensor | None = None,
    ) -> Tensor:
        """Return ``x`` resized to the sizes, or by the scales, that are given.

        Parameters
        ----------
        x : Tensor, shape (B, C, *spatial)
            The map.
        roi : Tensor
            Is not looked at: only another coordinate mode uses it.
        scales, sizes : Tensor, shape (2 + axes,)
            Of each axis, those of samples and channels included. Either may be empty.
        """
        axes = x.ndim - 2
        mode = _MODES[self.mode].get(axes)
        if mode is None:
            raise NotImplementedError(f"Resize of mode {self.mode} along {axes} axes")
        if sizes is not None and sizes.numel():
            size = [int(side) for side in sizes.tolist()[2:]]
        else:
            assert scales is not None
            size = [int(n * s) for n, s in zip(x.shape[2:], scales.tolist()[2:], strict=True)]
        if not self.asymmetric:
            return functional.interpolate(x, size=size, mode=mode, antialias=self.antialias)
        return _asymmetric(x, size, mode)


def _asymmetric(x: Tensor, size: list[int], mode: str) -> Tensor:
    """Return a map whose pixel i lies at i / s of the input, for whole factors s.

    With its last pixel repeated once, n + 1 pixels become s n + 1 of which the first and the last
    lie on theirs: so all lie at i / s, and the last one is cut off.
    """
    if any(grown % n for n, grown in zip(x.shape[2:], size, strict=True)):
        raise NotImplementedError("Resize of asymmetric coordinates by no whole factor")
    padded = functional.pad(x, (0, 1) * (x.ndim - 2), mode="replicate")
    larger = [side + 1 for side in size]
    grown = functional.interpolate(padded, size=larger, mode=mode, align_corners=True)
    for axis, side in enumerate(size, start=2):
        grown = grown.narrow(axis, 0, side)
    return grown
