"""Steps of an attack, and how each is brought back into the ball around the clean input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from spectra.errors import InputError

if TYPE_CHECKING:
    from spectra.attack._spec import AttackSpec

TINY = 1e-12  # below which a gradient has no direction
SLACK = 1e-4  # of the range, by which inputs may leave it through rounding
Bounds = tuple[float | Tensor, float | Tensor] | None


@dataclass(frozen=True, eq=False)
class Ball:
    """All inputs that an attack may reach, in units of the range that inputs can have.

    Attributes
    ----------
    spec : AttackSpec
        Its radius, its norm and the length of a step.
    clean : Tensor, shape (B, C, *spatial)
        Its centre, in 0..1 where the inputs are bounded.
    low, span : float or Tensor
        A value ``v`` of the ball is the input ``low + span * v``.
    bounded : bool
        Whether values are clipped to 0..1.
    """

    spec: AttackSpec
    clean: Tensor
    low: float | Tensor
    span: float | Tensor
    bounded: bool

    @classmethod
    def around(cls, x: Tensor, spec: AttackSpec, bounds: Bounds) -> Ball:
        """Return the ball around inputs.

        Raises
        ------
        InputError
            If inputs lie outside their bounds.
        """
        if bounds is None:
            return cls(spec, x, low=0.0, span=1.0, bounded=False)
        if len(bounds) != 2:
            raise InputError(f"bounds={bounds}: expected the least and the largest value")
        low, high = (_like(bound, x) for bound in bounds)
        if not bool(torch.as_tensor(high > low).all()):
            raise InputError(f"bounds={_shown(low)}..{_shown(high)}: expected low below high")
        clean = (x - low) / (high - low)
        least, most = float(clean.min()), float(clean.max())
        if least < -SLACK or most > 1 + SLACK:
            raise InputError(
                f"inputs from {float(x.min()):.4g} to {float(x.max()):.4g} leave the range that "
                f"the attack may use, {_shown(low)}..{_shown(high)}: expected the inputs' own range"
            )
        return cls(spec, clean.clamp(0, 1), low=low, span=high - low, bounded=True)

    def input(self, values: Tensor) -> Tensor:
        """Return the model's input for values of the ball."""
        return self.low + self.span * values

    def start(self, first: int) -> Tensor:
        """Return where the attack starts: the centre, or a random point of the ball.

        Parameters
        ----------
        first : int
            Number of the first sample: each draws from a generator of its own, so that its start
            does not depend on those that run with it.
        """
        if self.spec.start == "clean":
            return self.clean
        noise = torch.stack([self._noise(sample, first + i) for i, sample in enumerate(self.clean)])
        if self.spec.norm == "l2":
            noise = self.spec.eps * noise / _norm(noise).clamp_min(TINY)
        return self._clipped(self.clean + noise)

    def step(self, values: Tensor, gradient: Tensor) -> Tensor:
        """Return values after a step along a gradient (against it where targeted)."""
        spec = self.spec
        assert spec.alpha is not None
        if spec.norm == "linf":
            direction = gradient.sign()
        else:
            direction = gradient / _norm(gradient).clamp_min(TINY)
        length = -spec.alpha if spec.targeted else spec.alpha
        return self._clipped(self.clean + self._projected(values + length * direction - self.clean))

    def _projected(self, change: Tensor) -> Tensor:
        eps = self.spec.eps
        if self.spec.norm == "linf":
            return change.clamp(-eps, eps)
        return change / (_norm(change).clamp_min(TINY) / eps).clamp_min(1)

    def _clipped(self, values: Tensor) -> Tensor:
        return values.clamp(0, 1) if self.bounded else values

    def _noise(self, sample: Tensor, number: int) -> Tensor:
        """Return what a sample's start adds, even over the cube of side ``2 eps``."""
        generator = torch.Generator().manual_seed((self.spec.seed + number) % 2**63)
        noise = torch.rand(sample.shape, generator=generator, dtype=sample.dtype)
        return (self.spec.eps * (2 * noise - 1)).to(sample.device)


def _norm(values: Tensor) -> Tensor:
    """Return the Euclidean norm of each sample, with axes kept."""
    axes = tuple(range(1, values.ndim))
    norm: Tensor = torch.linalg.vector_norm(values, dim=axes, keepdim=True)
    return norm


def _like(bound: float | Tensor, x: Tensor) -> float | Tensor:
    """Return a bound as a number, or one for each channel of ``x``."""
    if not isinstance(bound, Tensor):
        return float(bound)
    if bound.numel() not in (1, x.shape[1]):
        raise InputError(
            f"bounds of {bound.numel()} channels for inputs of {x.shape[1]}: expected one for each"
        )
    return bound.to(x).reshape(-1, *[1] * (x.ndim - 2))


def _shown(bound: float | Tensor) -> str:
    """Return a bound in an error's words."""
    values = bound.flatten().tolist() if isinstance(bound, Tensor) else [bound]
    return "/".join(f"{value:.4g}" for value in values)
