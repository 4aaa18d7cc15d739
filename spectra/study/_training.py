"""How a network is trained: everything that decides its weights beside its start and its data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spectra._checks import check_positive
from spectra.attack import AttackSpec
from spectra.errors import ParameterError


@dataclass(frozen=True)
class Training:
    """How a network is trained: AdamW, its rate falling as half a cosine to 0.

    Attributes
    ----------
    steps, batch : int
        Updates, and samples in each.
    learning_rate, weight_decay : float
        Of AdamW.
    clip : float, optional
        Largest norm of all gradients together; the paper's restoration networks: 0.01.
    adversarial : str or AttackSpec, optional
        Attack on the first half of every batch, such as the paper's ``fgsm:eps=8/255``; a text
        that names no loss means the task's own.
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

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "checkpoint_every"):
            object.__setattr__(self, name, check_positive(name, getattr(self, name)))
        if self.evaluate_every is not None:
            every = check_positive("evaluate_every", self.evaluate_every)
            object.__setattr__(self, "evaluate_every", every)
        _check_number("learning_rate", self.learning_rate, above=True)
        _check_number("weight_decay", self.weight_decay, above=False)
        if self.clip is not None:
            _check_number("clip", self.clip, above=True)
        for name in ("seed", "workers"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
                raise ParameterError(f"{name}={value!r}: expected an integer >= 0")
        if isinstance(self.adversarial, str):
            AttackSpec.parse(self.adversarial)
        if self.adversarial is not None and self.batch < 2:
            raise ParameterError(
                f"batch={self.batch} with adversarial={str(self.adversarial)!r}: half of a batch "
                "is attacked; expected a batch of at least 2"
            )


def _check_number(name: str, value: object, *, above: bool) -> None:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not (number > 0 if above else number >= 0) or number == math.inf:
        raise ParameterError(f"{name}={value!r}: expected a number {'>' if above else '>='} 0")
