"""How a network is trained: everything that decides its weights beside its start and its data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from spectra._checks import check_positive
from spectra.attack import AttackSpec
from spectra.errors import ParameterError
from spectra.study._stages import Stage, placed, share_of_rate, stretched

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Training:
    """How a network is trained: AdamW, its rate held, then falling as half a cosine.

    Attributes
    ----------
    steps, batch : int
        Updates, and samples in each; where there are stages, these say it.
    learning_rate, weight_decay : float
        Of AdamW.
    clip : float, optional
        Largest norm of all gradients together; the paper's restoration networks: 0.01.
    adversarial : str or AttackSpec, optional
        Attack on the first half of every batch, such as the paper's ``fgsm:eps=8/255``; a text
        that names no loss means the task's own. A batch of one is attacked, which only stages
        can have, as in the published code of Restormer's adversarial training.
    seed : int
        Of the start, where the model is built here, and of everything random.
    evaluate_every : int, optional
        Steps between two evaluations; by default only before the first step and after the last.
    checkpoint_every : int
        Steps between two checkpoints, from which an interrupted training goes on.
    keep_evaluated : bool
        Whether the weights of each evaluation are kept as well, as ``weights-000100.safetensors``.
    workers : int
        Processes that read samples; 0: this one. Their number changes no weight.
    betas : (float, float)
        Of AdamW: how slowly the mean gradient and its mean square forget.
    hold : int
        Steps before the rate begins to fall.
    least_rate : float
        What the rate falls to; the learning rate itself where it is to stay.
    faster : mapping of str to float
        How many times as fast weights learn whose names begin so: ``{"decoder": 10}``.
    stages : sequence of Stage
        Parts with batches and crops of their own, in this order.
    at_once : int, optional
        Most samples that pass through the network together; the gradients of a larger batch are
        summed part by part. It changes weights by rounding alone, but for batch normalisation,
        which sees each part by itself.
    precision : {"float32", "bfloat16"}
        Of most operations while training; weights and evaluations stay in single precision.

    Raises
    ------
    ParameterError
        If a value is out of range, or half a batch is asked of one sample.
    """

    steps: int = 500
    batch: int = 8
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    clip: float | None = None
    adversarial: AttackSpec | str | None = None
    seed: int = 0
    evaluate_every: int | None = None
    checkpoint_every: int = 100
    keep_evaluated: bool = False
    workers: int = 0
    betas: tuple[float, float] = (0.9, 0.999)
    hold: int = 0
    least_rate: float = 0.0
    faster: Mapping[str, float] = field(default_factory=dict, hash=False)
    stages: tuple[Stage, ...] = ()
    at_once: int | None = None
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", tuple(self.stages))
        object.__setattr__(self, "betas", tuple(self.betas))
        if self.stages:
            object.__setattr__(self, "steps", sum(stage.steps for stage in self.stages))
            object.__setattr__(self, "batch", self.stages[0].batch)
        for name in ("steps", "batch", "checkpoint_every"):
            object.__setattr__(self, name, check_positive(name, getattr(self, name)))
        for name in ("evaluate_every", "at_once"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, check_positive(name, value))
        for name in ("seed", "workers", "hold"):
            _check_count(name, getattr(self, name))
        self._check_rates()
        if self.precision not in get_args(Precision):
            raise ParameterError(f"precision={self.precision!r}: expected 'float32' or 'bfloat16'")
        if isinstance(self.adversarial, str):
            AttackSpec.parse(self.adversarial)
        if self.adversarial is not None and self.batch < 2 and not self.stages:
            raise ParameterError(
                f"batch={self.batch} with adversarial={str(self.adversarial)!r}: half of a batch "
                "is attacked; expected a batch of at least 2"
            )

    def _check_rates(self) -> None:
        _check_number("learning_rate", self.learning_rate, above=True)
        _check_number("weight_decay", self.weight_decay, above=False)
        _check_number("least_rate", self.least_rate, above=False)
        if self.least_rate > self.learning_rate:
            raise ParameterError(
                f"least_rate={self.least_rate:g} with learning_rate={self.learning_rate:g}: "
                "expected at most the learning rate, which falls to it"
            )
        if self.clip is not None:
            _check_number("clip", self.clip, above=True)
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ParameterError(f"betas={self.betas}: expected two numbers from 0 to below 1")
        for name, factor in self.faster.items():
            _check_number(f"faster[{name!r}]", factor, above=True)

    def lasting(self, steps: int) -> Training:
        """Return the same for another number of steps: hold and stages keep their shares."""
        hold = round(self.hold * steps / self.steps)
        return replace(self, steps=steps, hold=hold, stages=stretched(self.stages, steps))

    def stages_or_one(self) -> tuple[Stage, ...]:
        """Return the stages; where there are none, the whole training as one."""
        return self.stages or (Stage(self.steps, self.batch),)

    def batch_at(self, step: int) -> int:
        """Return how many samples the batch of a step has."""
        parts = placed(self.stages_or_one())
        return next(part.stage.batch for part in parts if step < part.last)

    def share_of_rate(self, step: int) -> float:
        """Return the rate of a step over the first one."""
        least = self.least_rate / self.learning_rate
        return share_of_rate(step, hold=self.hold, steps=self.steps, least=least)


def _check_count(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ParameterError(f"{name}={value!r}: expected an integer >= 0")


def _check_number(name: str, value: object, *, above: bool) -> None:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not (number > 0 if above else number >= 0) or number == math.inf:
        raise ParameterError(f"{name}={value!r}: expected a number {'>' if above else '>='} 0")
