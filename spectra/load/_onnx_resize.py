"""Resizes of ONNX that the converter does not carry over as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

_WHERE = "coordinate_transformation_mode"
_MODES = {"linear": {1: "linear", 2: "bilinear", 3: "trilinear"}, "cubic": {2: "bicubic"}}


@dataclass(frozen=True)
class Wish:
    """What a node asks for that the converter would drop.

    Attributes
    ----------
    mode : str
        ``"linear"`` or ``"cubic"``.
    asymmetric : bool
        Whether output pixel i lies at i / s of the input.
    antialias : bool
        Whether it low-passes where it reduces.
    """

    mode: str
    asymmetric: bool
    antialias: bool


def wishes(graph: Any) -> dict[str, Wish]:
    """Return what resizes ask for that the converter would drop, by node; take it out of them.

    Parameters
    ----------
    graph : onnx.GraphProto
        Later versions of the operator say of each whether it is antialiased.
    """
    found = {}
    for node in graph.node:
        if node.op_type != "Resize":
            continue
        given = {attribute.name: attribute for attribute in node.attribute}
        where = given[_WHERE].s if _WHERE in given else b"half_pixel"
        mode = given["mode"].s.decode() if "mode" in given else "nearest"
        smooth = bool(given["antialias"].i) if "antialias" in given else False
        if mode in _MODES and (smooth or where == b"asymmetric"):
            found[node.name] = Wish(mode, where == b"asymmetric", smooth)
        if "antialias" in given:
            node.attribute.remove(given["antialias"])
    return found


class Resize(nn.Module):
    """A resize as ONNX defines it, by ``torch.nn.functional.interpolate``."""

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self.wish = wish

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
        mode = _MODES[self.wish.mode].get(axes)
        if mode is None:
            raise NotImplementedError(f"Resize of mode {self.wish.mode} along {axes} axes")
        if sizes is not None and sizes.numel():
            size = [int(side) for side in sizes.tolist()[2:]]
        else:
            assert scales is not None
            size = [int(n * s) for n, s in zip(x.shape[2:], scales.tolist()[2:], strict=True)]
        if not self.wish.asymmetric:
            return functional.interpolate(x, size=size, mode=mode, antialias=self.wish.antialias)
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
    return grown[(..., *(slice(0, side) for side in size))]


def replace_resizes(model: nn.Module, wanted: dict[str, Wish]) -> None:
    """Put resizes as ONNX defines them in the place of those of a converted graph.

    Parameters
    ----------
    model : Module
        A converted graph, whose modules have the names of its nodes.
    wanted : dict
        What each of some nodes asks for.
    """
    for name, wish in wanted.items():
        model._modules[name.replace(".", "/").lstrip("/")] = Resize(wish)
