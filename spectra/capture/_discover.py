"""Find the upsampling steps of a model by running it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2, prod
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
        total_stride=_total_stride(tuple(example.shape[1:]), steps),
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


def _total_stride(input_shape: tuple[int, ...], steps: Sequence[Step]) -> tuple[int, ...]:
    """Return input size over the size of the smallest map that enters a step, per axis."""
    size = input_shape[1:]
    entering = [s.input_shape[1:] for s in steps if len(s.input_shape) == len(input_shape)]
    smallest = min(entering, key=prod, default=size)
    return tuple(_whole_stride(n, m) for n, m in zip(size, smallest, strict=True))


def _whole_stride(size: int, reduced: int) -> int:
    """Return the stride that takes ``size`` to ``reduced``, a power of two where unsure.

    Rounding up or down at odd sizes leaves few candidates; valid convolutions may leave
    none, and then the power of two nearest the ratio is taken.
    """
    if reduced >= size:
        return 1
    if size % reduced == 0:
        return size // reduced
    near = range(size // (reduced + 1), ceil(size / max(reduced - 1, 1)) + 1)
    fitting = [t for t in near if t > 1 and reduced in (size // t, ceil(size / t))]
    power = 2 ** max(0, round(log2(size / reduced)))
    return (
        fitting[0] if len(fitting) == 1 else next((t for t in fitting if t & (t - 1) == 0), power)
    )
