"""All inputs of a run, each attacked: inputs again, for whatever takes inputs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra import capture
from spectra.attack._attack import NO_GRADIENT, attack
from spectra.attack._ball import Ball
from spectra.errors import InputError, ModelError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spectra._options import Progress
    from spectra.attack._ball import Bounds
    from spectra.attack._spec import AttackSpec
    from spectra.capture import Discovery
    from spectra.inputs import Inputs, Targets


@contextmanager
def attacked_inputs(
    model: nn.Module,
    found: Discovery,
    inputs: Inputs,
    spec: AttackSpec,
    *,
    targets: Targets | None = None,
    batch: int = 1,
    progress: Progress,
) -> Iterator[Inputs]:
    """Attack all inputs; within the block they are inputs again, kept in a file of their own.

    Parameters
    ----------
    model : Module
        Left as it came.
    found : Discovery
        Which tensor is its output, and how that is read.
    inputs : Inputs
        What is attacked; its bounds are those of the attack. Without known bounds the budget is in
        the inputs' own units, and nothing is clipped.
    spec : AttackSpec
    targets : Targets, optional
        What the output is driven away from; by default what the model makes of the clean inputs,
        of classes the likeliest.
    batch : int
        Inputs that are attacked at a time.
    progress : callable
        Called with ("attack", done, total).

    Raises
    ------
    InputError
        If targets and outputs do not fit each other.
    """
    done, row = 0, inputs.shape
    parts: Iterable[Tensor | None] = targets.batches(batch) if targets else repeat(None)
    with TemporaryFile() as kept:
        for x, given in zip(inputs.batches(batch), parts, strict=targets is not None):
            changed = attack_batch(model, found, inputs, x, target=given, spec=spec, first=done)
            row = tuple(changed.shape[1:])
            kept.write(changed.to("cpu", torch.float32).contiguous().numpy().tobytes())
            done += len(x)
            progress("attack", done, len(inputs))
        yield replace(
            inputs,
            source=f"{inputs.source} under {spec}",
            used=done,
            samples=lambda first=0: _rows(kept, row, first, done),
            pick=None,
            head=0,
        )


def attack_batch(
    model: nn.Module,
    found: Discovery,
    inputs: Inputs,
    x: Tensor,
    *,
    target: Tensor | None,
    spec: AttackSpec,
    first: int = 0,
) -> Tensor:
    """Return some of the inputs attacked: of several things in one, the first map alone.

    Parameters
    ----------
    model, found, inputs, spec
        See `attacked_inputs`.
    x : Tensor, shape (B, C, *spatial)
        Some of the inputs.
    target : Tensor or None
        Their targets.
    first : int
        Number of the first of them.
    """
    clean = x.to(walk.device(model))
    first_map, others = clean[:, : inputs.channels], clean[:, inputs.channels :]
    if target is None:
        # a copy, because a model may write into what it is given
        target = _clean_target(model, found, clean.clone(), spec)

    def forward(values: Tensor) -> Tensor:
        return capture.forward(model, torch.cat([values, others], 1), found=found)

    moved = attack(
        model,
        first_map,
        target.to(clean.device),
        spec,
        bounds=_bounds(inputs),
        first=first,
        forward=forward,
    )
    return torch.cat([moved, others], 1)


def check_attackable(
    model: nn.Module,
    found: Discovery,
    inputs: Inputs,
    target: Tensor | None,
    *,
    spec: AttackSpec,
) -> None:
    """Raise unless the first step of an attack moves the first input.

    Parameters
    ----------
    model, found, inputs, spec
        See `attacked_inputs`.
    target : Tensor or None
        The first target.

    Raises
    ------
    ParameterError
        If the loss has no gradient where the attack starts, as that of the own output has not.
    ModelError
        If no gradient comes through the model.
    """
    x = next(inputs.batches(1))
    once = replace(spec, steps=1)
    moved = attack_batch(model, found, inputs, x, target=target, spec=once)
    moved = moved[:, : inputs.channels]
    ball = Ball.around(x[:, : inputs.channels].to(moved), spec, _bounds(inputs))
    if not torch.equal(moved, ball.input(ball.start(0)).to(moved)):
        return
    if target is None and spec.start == "clean":
        raise ParameterError(
            f"attack={str(spec)!r} starts at the clean input, where the output does not differ "
            "from itself and no loss has a gradient: expected start=random, or targets"
        )
    raise ModelError(NO_GRADIENT)


def _clean_target(model: nn.Module, found: Discovery, x: Tensor, spec: AttackSpec) -> Tensor:
    """Return what a model makes of clean inputs as a target: its map, or the likeliest classes."""
    with capture.quiet(model):
        output = capture.forward(model, x, found=found).detach().clone()
    return output.argmax(1) if spec.loss == "cross_entropy" else output


def _bounds(inputs: Inputs) -> Bounds:
    """Return the least and the largest value of each channel, None where unknown."""
    if inputs.bounds is None:
        return None
    lows, highs = zip(*inputs.bounds, strict=True)
    return torch.tensor(lows), torch.tensor(highs)


def _rows(file: IO[bytes], shape: tuple[int, ...], first: int, count: int) -> Iterator[Tensor]:
    """Yield the samples that were written to a file one after the other, from one on."""
    size = 4 * int(np.prod(shape))
    for number in range(first, count):
        file.seek(number * size)  # another reader may have moved on
        row: Any = np.frombuffer(bytearray(file.read(size)), np.float32)
        if row.size * 4 != size:
            raise InputError("the attacked inputs were cut off on the disk")
        yield torch.from_numpy(row.reshape(shape))
