"""Find the upsampling steps of a model by running it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload

from spectra.capture._forward import forward, unwrap
from spectra.capture._mode import LightMode
from spectra.capture._modules import Frame, ModuleStack, added_by_borders
from spectra.capture._quiet import quiet
from spectra.capture._recognise import RECOGNISERS, Call
from spectra.capture._script import script_paths
from spectra.capture._steps import Discovery, Mark, Step
from spectra.capture._stride import total_stride
from spectra.capture._taint import Taint


def discover(model: nn.Module, example: Tensor, *, method: str = "forward") -> Discovery:
    """Find every upsampling operation of a model that depends on its input.

    The model runs once, quietly, under a dispatch mode: so functional calls, several calls
    in one module, ScriptModules and compiled modules are seen alike. Found are transposed
    convolutions, ``pixel_shuffle`` and all modes of ``interpolate``, in one to three
    dimensions.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came: hooks, flags, weights, gradients, random generators.
    example : Tensor, shape (B, C, *spatial), or (B, C) for a model without spatial input
        One input; a single sample is enough.
    method : str
        The method of the model to call.

    Returns
    -------
    Discovery
        Steps in execution order. A model without any has ``steps == ()``.

    Raises
    ------
    ModelError
        If the model fails on the example.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.PixelShuffle(2))
    >>> discover(net, torch.zeros(1, 1, 8, 8)).steps[0].label
    '1'
    """
    root = unwrap(model)
    stack = ModuleStack(root)
    with quiet(root), stack.following(root, example):
        explorer = _Explorer(stack, example)
        with explorer:
            output = forward(root, example, method=method)
        stack.finish(output)
        steps, signature = _name(explorer.sightings, method)
    return Discovery(
        steps=steps,
        growth=stack.growth(output.ndim),
        input_shape=tuple(example.shape[1:]),
        output_shape=tuple(output.shape[1:]),
        signature=signature,
        total_stride=total_stride(tuple(example.shape[2:]), _entering(explorer.sightings)),
        method=method,
    )


@dataclass(frozen=True)
class _Sighting:
    """One call of an operation of the table, where it ran, and whether the input mattered."""

    call: Call
    frame: Frame
    depends: bool
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]


class _Explorer(LightMode):  # type: ignore[no-untyped-call]
    """Follows what depends on the example and notes each call of a recognised operation."""

    def __init__(self, stack: ModuleStack, example: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.sightings: list[_Sighting] = []
        self._stack = stack
        self._taint = Taint(example)

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        depends = self._taint.follow(func, args, kwargs, result)
        recogniser = RECOGNISERS.get(func)
        call = recogniser(func, args, kwargs, result) if recogniser else None
        if call is not None:
            self._note(call, result, depends=depends)
        elif depends and (extra := added_by_borders(func, args, result)):
            self._stack.explain([], extra)
        return result

    def _note(self, call: Call, result: Tensor, *, depends: bool) -> None:
        frame = self._stack.current
        before = tuple(call.as_map(call.source).shape[1:])
        after = tuple(call.as_map(result).shape[1:])
        self.sightings.append(_Sighting(call, frame, depends, before, after))
        if depends and call.upsamples:
            self._stack.explain(call.scale)
        elif depends and call.family == "conv":
            extra = [max(0, grown - n) for n, grown in zip(before[1:], after[1:], strict=True)]
            self._stack.explain([], extra)


def _name(sightings: Sequence[_Sighting], method: str) -> tuple[tuple[Step, ...], tuple[Mark, ...]]:
    """Return the steps, named and numbered, and the marks of all upsampling operations."""
    owners = _owners(sightings, method)
    calls: Counter[str] = Counter()
    steps: list[Step] = []
    marks: list[Mark] = []
    for sighting, owner in zip(sightings, owners, strict=True):
        call = sighting.call
        if not call.upsamples:
            continue
        index = len(steps) if sighting.depends else None
        marks.append(
            Mark(call.kind, call.factor, sighting.output_shape[0], index, not sighting.depends)
        )
        if not sighting.depends:
            continue
        steps.append(
            Step(
                name=owner,
                call=calls[owner],
                kind=call.kind,
                factor=call.factor,
                kernel_size=None if call.weight is None else tuple(call.weight.shape[2:]),
                stride=call.stride,
                groups=call.groups,
                input_shape=sighting.input_shape,
                output_shape=sighting.output_shape,
                reason=call.reason,
            )
        )
        calls[owner] += 1
    return tuple(steps), tuple(marks)


def _owners(sightings: Sequence[_Sighting], method: str) -> list[str]:
    """Return the path of the module in which each call ran, inside ScriptModules too."""
    frames = {id(s.frame): s.frame for s in sightings}
    inside: dict[int, list[str]] = {}
    for key, frame in frames.items():
        if isinstance(frame.module, torch.jit.ScriptModule):
            calls = [s.call for s in sightings if s.frame is frame]
            called = method if frame.name == "" else "forward"
            inside[key] = script_paths(frame.module, calls, called)[::-1]
    return [
        ".".join(filter(None, [s.frame.name, inside[id(s.frame)].pop()]))
        if id(s.frame) in inside
        else s.frame.name
        for s in sightings
    ]


def _entering(sightings: Sequence[_Sighting]) -> list[tuple[int, ...]]:
    """Return the sizes of the maps that enter a step, but for those pooled to a fixed size."""
    pooled = {s.output_shape[1:] for s in sightings if s.call.family == "pool"}
    entering = [s.input_shape[1:] for s in sightings if s.depends and s.call.upsamples]
    return [size for size in entering if size not in pooled]
