"""What a training costs before it runs: operations, hours and memory, by counting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from spectra import capture
from spectra.attack import AttackSpec
from spectra.remedy._cost import _flops
from spectra.study._training import Training
from spectra.study._under_attack import families

SUSTAINED = 1.5e12
"""Operations a second that trainings here are taken to reach on one large GPU.

The LCTC authors' logs of Restormer's kin say 3 to 5 days on an A100, which by the count below is
1.1 to 1.8e12 a second; their U-Nets ended within a day, at least 1.6e12.
"""
FORWARD, BACKWARD = 1, 2  # passes' worth: gradients of maps, and of weights
INPUT_GRADIENT = 1  # gradients of maps alone
OF_A_WEIGHT = 16  # bytes: the weight, its gradient and the two moments of AdamW


def training_operations(
    training: Training,
    forward: Callable[[tuple[int, int] | None], float],
    attack: AttackSpec | None = None,
) -> float:
    """Return the floating-point operations of a training.

    A forward pass has two for each multiply-add, its gradient twice as many again; each step of
    an attack is a forward pass and a gradient of the input, as dear as one, of half a batch.

    Parameters
    ----------
    training : Training
    forward : callable
        Returns the multiply-adds of one sample of a crop; None is that of the samples themselves.
    attack : AttackSpec, optional
        On half of each batch.

    Examples
    --------
    >>> training_operations(Training(steps=3, batch=4), lambda _: 10)  # 3 * 4 * 3 * 20
    720.0
    >>> training_operations(Training(steps=3, batch=4), lambda _: 10, AttackSpec("fgsm"))
    960.0
    """
    steps = 0 if attack is None or attack.steps is None else attack.steps
    passes = 0.0
    for stage in training.stages_or_one():
        attacked = max(1, stage.batch // 2) * steps * (FORWARD + INPUT_GRADIENT)
        each = stage.batch * (FORWARD + BACKWARD) + attacked
        passes += stage.steps * each * forward(stage.crop)
    return 2 * passes


def evaluation_operations(
    samples: int, forward: float, *, times: int, attacks: Sequence[AttackSpec] = ()
) -> float:
    """Return the operations of evaluations: clean ones, and under attacks.

    An attack that passes shorter ones on its way finds them in one run, with one clean output.

    Examples
    --------
    >>> evaluation_operations(5, 10, times=2)  # 2 * 5 * 20
    200.0
    >>> evaluation_operations(5, 10, times=0, attacks=[AttackSpec("pgd", steps=3)])  # 8 passes
    800.0
    """
    passes = float(times)
    for run in families({str(attack): attack for attack in attacks}):
        steps = max(AttackSpec.parse(text).steps or 0 for text in run)
        passes += steps * (FORWARD + INPUT_GRADIENT) + FORWARD * (1 + len(run))
    return 2 * samples * passes * forward


def hours(operations: float, *, sustained: float = SUSTAINED) -> float:
    """Return how long operations take at a rate.

    Examples
    --------
    >>> hours(5.4e15)
    1.0
    """
    return operations / sustained / 3600


@dataclass(frozen=True)
class Footprint:
    """What a network needs, counted without running it.

    Attributes
    ----------
    parameters : int
    multiply_adds : float
        Of one forward pass of one sample.
    kept : int
        Bytes of maps that the gradient of one sample needs, in single precision.
    """

    parameters: int
    multiply_adds: float
    kept: int

    def bytes(self, samples: int) -> int:
        """Return the memory of a step: weights, gradients, moments, and the maps of samples."""
        return OF_A_WEIGHT * self.parameters + samples * self.kept


def footprint(model: nn.Module, shape: Sequence[int]) -> Footprint:
    """Return what a network on the meta device needs for one input (C, y, x).

    Examples
    --------
    >>> with torch.device("meta"):
    ...     net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
    >>> footprint(net, (3, 2, 5))  # kept are the input and the rectified map, (3 + 4) * 10 floats
    Footprint(parameters=16, multiply_adds=120.0, kept=280)
    """
    example = torch.empty(1, *shape, device="meta")
    return Footprint(
        parameters=sum(weight.numel() for weight in model.parameters()),
        multiply_adds=_flops(model, example, "forward") / 2,
        kept=_kept(model, example),
    )


def _kept(model: nn.Module, example: Tensor) -> int:
    """Return the bytes of all maps that are kept for a gradient, each storage once."""
    weights = {weight.untyped_storage()._cdata for weight in model.parameters()}
    found: dict[int, Any] = {}

    def note(kept: Tensor) -> Tensor:
        storage = kept.untyped_storage()
        if storage._cdata not in weights:
            found[storage._cdata] = storage  # held, so that its address is not used again
        return kept

    with saved_tensors_hooks(note, lambda kept: kept):
        capture.forward(model.train(), example.requires_grad_())
    return sum(storage.nbytes() for storage in found.values())
