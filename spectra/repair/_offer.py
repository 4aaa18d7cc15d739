"""What can be done to each step of a model, so that nobody is sent to what the tool refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra.remedy import larger_kernels
from spectra.repair._balance import balance_refusals

if TYPE_CHECKING:
    from torch import Tensor, nn

    from spectra.capture import Discovery


@dataclass(frozen=True)
class Offer:
    """What can be done to one step.

    Attributes
    ----------
    larger : str or None
        Remedy by which ``spectra swap`` makes a larger kernel of it, see `larger_kernels`.
    no_swap, no_balance : str or None
        Why ``spectra swap`` and `balance` refuse it.
    frozen : str or None
        What froze the model's code, if that is why: ``"torch.export.export"``.
    """

    larger: str | None = None
    no_swap: str | None = None
    no_balance: str | None = None
    frozen: str | None = None

    @classmethod
    def of_steps(cls, model: nn.Module, found: Discovery, example: Tensor) -> tuple[Offer, ...]:
        """Return what can be done to each step.

        Parameters
        ----------
        model : Module
            Left as it came; it runs once.
        found : Discovery
            Its steps.
        example : Tensor, shape (1, C, *spatial)
            One input.
        """
        swaps = larger_kernels(model, found, example)
        balances = balance_refusals(model, found)
        return tuple(
            cls(larger=s.remedy, no_swap=s.reason, no_balance=reason, frozen=s.frozen)
            for s, reason in zip(swaps, balances, strict=True)
        )
