"""What a trial swap changes: the record behind ``swap.json``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra._printable import encodable, encode_json
from spectra.report._folder import writing

if TYPE_CHECKING:
    from spectra.remedy import Cost, Plan
    from spectra.repair import Judgement
    from spectra.score import Score

TOLD = ("verdict", "asr_dbc", "asr_ci95_dbc", "asr_upper_dbc", "asr_lower_dbc", "reason")
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
        What was replaced, and what could not be.
    before, after : Cost
        Cost of the model and of the new one, its parallel kernels merged.
    steps : tuple of TrialStep
        The replaced steps.
    output_before, output_after : Score or None
        Scores of both outputs; None without inputs.
    psnr_db : float or None
        PSNR of the new output against the old, its peak the old one's range; None where they do
        not differ.
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

    def text(self, *, wrote: str | PathLike[str] | None = None) -> str:
        """Return the trial as text; ``wrote`` says where it was written, if it was."""
        from spectra.report._trial_text import render_trial  # loads rich

        return render_trial(self, wrote=wrote)

    def json(self) -> bytes:
        """Return the trial as JSON (schema ``spectra.swap/1``), without the model."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "model"}
        values["steps"] = [
            {**vars(step), "before": _told(step.before), "after": _told(step.after)}
            for step in self.steps
        ]
        for name in ("output_before", "output_after"):
            values[name] = _told(values[name])
        return encode_json({"schema": "spectra.swap/1", **values, "changes": self.changes})

    def save(
        self, directory: str | PathLike[str], *, force: bool = False, checked: bool = False
    ) -> Path:
        """Write a folder, or nothing: the new weights, the plan, what changes, and its report.

        These are ``model.safetensors``, ``plan.json``, ``swap.json`` and ``report.html``.

        Parameters
        ----------
        directory : path
            Folder to make.
        force : bool
            Replace an old result.
        checked : bool
            `check_target` found nothing wrong before a long run: what is found now loses no
            result, which is then kept under a name beside ``directory``.

        Raises
        ------
        ParameterError
            If the folder exists and ``force`` is not given, or it cannot be created.
        """
        from spectra.report._other_pages import trial_page  # loads jinja2

        with writing(directory, force=force, checked=checked) as folder:
            (folder / "model.safetensors").write_bytes(self._weights())
            (folder / "plan.json").write_text(self.plan.to_json(), encoding="utf-8")
            (folder / "swap.json").write_bytes(self.json())
            (folder / "report.html").write_bytes(trial_page(self))
        return Path(directory)

    def _weights(self) -> bytes:
        """Return the new model's weights as a safetensors file, whose names are Unicode."""
        from safetensors.torch import save

        state = self.model.state_dict()
        return save({encodable(k): value.detach().cpu().clone() for k, value in state.items()})


def _told(score: Score | None) -> dict[str, object] | None:
    """Return what ``swap.json`` holds of a score."""
    return None if score is None else {name: getattr(score, name) for name in TOLD}
