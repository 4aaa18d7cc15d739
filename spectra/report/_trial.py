"""What a trial swap changes: the record behind ``swap.json``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spectra._printable import encodable

if TYPE_CHECKING:
    from spectra.remedy import Cost, Plan
    from spectra.repair import Judgement
    from spectra.score import Score

SAME = 1e-4  # of the output's range: differences below are rounding


@dataclass(frozen=True)
class TrialStep:
    """One replaced step: what it was, what it is, and its alias before and after."""

    label: str
    old: str
    new: str
    before: Score | None
    after: Score | None


@dataclass(frozen=True)
class Trial:
    """What a swap changes.

    Attributes
    ----------
    source, inputs : str
        The model, and the inputs it was tried on.
    used : int
        How many inputs; 0: a random one, without alias.
    compared : int
        On how many of them both outputs are compared.
    plan : Plan
    before, after : Cost
        The new layers with their parallel kernels merged.
    steps : tuple of TrialStep
    output_before, output_after : Score or None
    psnr_db : float or None
        Of the new output against the old, peak the old one's range; None for no difference.
    max_difference : float
        Largest difference between both outputs, over the old one's range.
    repair : Judgement or None
        How the repair does, where one was asked for; everything above is then measured on
        the inputs that were not used for it.
    model : torch.nn.Module
        The new model.
    """

    source: str
    inputs: str
    used: int
    compared: int
    plan: Plan
    before: Cost
    after: Cost
    steps: tuple[TrialStep, ...]
    output_before: Score | None
    output_after: Score | None
    psnr_db: float | None
    max_difference: float
    repair: Judgement | None
    model: Any = field(repr=False, compare=False)

    @property
    def changes(self) -> bool:
        """Whether the output changes by more than rounding."""
        return self.max_difference > SAME

    def weights(self) -> bytes:
        """Return the new model's weights as a safetensors file, whose names are Unicode."""
        from safetensors.torch import save

        state = self.model.state_dict()
        return save({encodable(k): value.detach().cpu().clone() for k, value in state.items()})
