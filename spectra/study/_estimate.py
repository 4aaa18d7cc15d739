"""The hours that a training should take, and the memory, as lines to print."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

from spectra.attack import AttackSpec
from spectra.study._config import Config
from spectra.study._cost import (
    Footprint,
    evaluation_operations,
    footprint,
    hours,
    training_operations,
)
from spectra.study._sets import SETS
from spectra.study._training import Training


@dataclass(frozen=True)
class Estimate:
    """What a training of a whole published set should take on one GPU.

    Attributes
    ----------
    training : Training
    parameters : int
    operations : dict of str to float
        Floating-point operations of the parts, by name.
    memory, attack_memory : int
        Bytes that the largest step needs, and an attack on a picture to test on.
    """

    training: Training
    parameters: int
    operations: dict[str, float]
    memory: int
    attack_memory: int

    def lines(self, sustained: float) -> list[str]:
        """Return a table of the parts, with hours at a rate of operations."""
        parts = {**self.operations, "together": sum(self.operations.values())}
        rows = [
            f"  {name:12s}{count / 1e15:10,.0f} PFLOP{hours(count, sustained=sustained):9,.1f} h"
            for name, count in parts.items()
        ]
        return [
            f"{self.parameters:,} parameters, {self.training.steps:,} steps",
            *rows,
            f"on one GPU at {sustained / 1e12:g} TFLOP/s, estimated and not measured; see "
            "docs/training.md",
            f"memory about {_gib(self.memory)}: weights, gradients and moments, and the maps of "
            f"samples at once; {_gib(self.attack_memory)} to attack a picture to test on",
        ]


def estimated(config: Config, make: Callable[[], nn.Module], *, adversarial: str = "") -> Estimate:
    """Count what a training takes, on the meta device, for the published number of samples.

    Parameters
    ----------
    config : Config
    make : callable
        Builds the network.
    adversarial : str
        Attack on half of each batch; none by default.
    """
    known = SETS[config.set]
    learnt, tested = known.counts
    training = config.training_on(learnt)
    with torch.device("meta"):
        network = make()
    channels, *usual = known.size

    @cache
    def print_of(size: tuple[int, ...]) -> Footprint:
        return footprint(network, (channels, *size))

    crop = config.varied().crop or tuple(usual)
    attack = AttackSpec.parse(adversarial) if adversarial else None
    attacks = [AttackSpec.parse(text) for text in config.attacks]
    size = tuple(side // config.reduce for side in usual)
    forward = print_of(size).multiply_adds
    times = 1 + math.ceil(training.steps / (training.evaluate_every or training.steps))
    operations = {
        "training": training_operations(
            training, lambda own: print_of(own or crop).multiply_adds, attack
        ),
        "evaluations": evaluation_operations(tested, forward, times=times),
        "attacks": evaluation_operations(
            min(tested, config.attacked_samples or tested), forward, times=0, attacks=attacks
        ),
    }
    memory = max(
        print_of(stage.crop or crop).bytes(min(stage.batch, training.at_once or stage.batch))
        for stage in training.stages_or_one()
    )
    largest = print_of(size)
    return Estimate(
        training,
        largest.parameters,
        operations,
        memory=memory,
        attack_memory=largest.kept if attacks else 0,
    )


def _gib(count: int) -> str:
    return f"{count / 2**30:.0f} GiB"
