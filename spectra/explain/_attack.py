"""What an attack on the inputs does to the output and to its grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra.score import LockedChange, Score
from spectra.severity import Graded

if TYPE_CHECKING:
    from spectra.attack import AttackSpec, Effect
    from spectra.capture import Discovery
    from spectra.inputs import Inputs, Targets
    from spectra.score import Scores


@dataclass(frozen=True)
class AttackedStep:
    """One step's own maps under attack; ``score`` is as that of `StepRow`."""

    name: str
    call: int
    score: Score


@dataclass(frozen=True)
class AttackRow:
    """The output of attacked inputs beside that of clean ones.

    Attributes
    ----------
    spec : str
        The attack, as `spectra.attack.AttackSpec` prints it.
    targeted : bool
        Whether the output was drawn towards the targets, rather than driven away.
    targets : str or None
        Where targets came from; None: the model's own clean output is the target.
    bounded : bool
        Whether the range of the inputs is known: the budget is a part of it, and nothing leaves it.
    weight_is_one : bool
        Whether CosPGD's weight is 1 at each pixel, so that it was PGD.
    input_rms, input_largest : float
        Change of the inputs, in parts of their range, or their own unit where that is unknown.
    input : Score
        The attacked inputs, scored as the clean ones: an attack can put a grid into them.
    output : Score
        The attacked output, scored as the clean one.
    inherited : tuple of tuple of float
        Frequencies of the attacked output whose peak the *clean* inputs already had, in
        cycles/pixel: ``output`` is without them. Peaks that the attack put into the inputs
        count, as it took them from the model.
    severity : Graded
        How severe its grid is.
    steps : tuple of AttackedStep
        Each step's own maps under attack.
    locked_change : LockedChange or None
        Locked energy of the attacked output against the clean one, over the same inputs; None
        where one of them was not scored.
    change : Score
        The change of the output, attacked minus clean, scored as an output: what of it is locked
        to the grid.
    change_dbc : float or None
        Power of that change over the power of the clean output about the mean of each map; None
        where nothing changed.
    psnr_to_clean_db : float or None
        PSNR of attacked against clean outputs, mean over inputs; None where the range of outputs
        is unknown.
    psnr_clean_db, psnr_attacked_db : float or None
        PSNR of both against the targets.
    same_class : float or None
        Share of pixels that keep their likeliest class; None unless the loss is of classes.
    right_clean, right_attacked : float or None
        Share of labelled pixels whose likeliest class is the target's.
    moved : str or None
        What of several things that the model takes was attacked; None where it takes one.
    kept : tuple of str
        The others, which stayed as they were.
    """

    spec: str
    targeted: bool
    targets: str | None
    bounded: bool
    weight_is_one: bool
    input_rms: float
    input_largest: float
    input: Score
    output: Score
    inherited: tuple[tuple[float, ...], ...]
    severity: Graded
    steps: tuple[AttackedStep, ...]
    locked_change: LockedChange | None
    change: Score
    change_dbc: float | None
    psnr_to_clean_db: float | None = None
    psnr_clean_db: float | None = None
    psnr_attacked_db: float | None = None
    same_class: float | None = None
    right_clean: float | None = None
    right_attacked: float | None = None
    moved: str | None = None
    kept: tuple[str, ...] = ()


def attack_row(
    spec: AttackSpec,
    found: Discovery,
    inputs: Inputs,
    targets: Targets | None,
    *,
    before: Scores,
    after: Scores,
    change: Score,
    severity: Graded,
    effect: Effect,
    weight_is_one: bool,
) -> AttackRow:
    """Return what an attack did.

    Parameters
    ----------
    spec : AttackSpec
    found : Discovery
        The model's steps.
    inputs : Inputs
        The clean inputs.
    targets : Targets or None
    before, after : Scores
        Of clean and attacked inputs.
    change : Score
        Of the change of the output.
    severity : Graded
        Of the attacked output.
    effect : Effect
        How far the output moved.
    weight_is_one : bool
        Whether CosPGD was PGD.
    """
    steps = zip(found.steps, after.steps, strict=True)
    return AttackRow(
        spec=str(spec),
        targeted=spec.targeted,
        targets=None if targets is None else targets.source,
        bounded=inputs.bounds is not None,
        weight_is_one=weight_is_one,
        input_rms=effect.input_rms,
        input_largest=effect.input_largest,
        input=after.input,
        output=after.output,
        inherited=after.inherited,
        severity=severity,
        steps=tuple(AttackedStep(s.name, s.call, scored.own) for s, scored in steps),
        locked_change=_locked_change(before, after),
        change=change,
        change_dbc=effect.change_dbc,
        psnr_to_clean_db=effect.psnr_to_clean_db,
        psnr_clean_db=effect.psnr_clean_db,
        psnr_attacked_db=effect.psnr_attacked_db,
        same_class=effect.same_class,
        right_clean=effect.right_clean,
        right_attacked=effect.right_attacked,
        moved=inputs.parts[0].name if inputs.parts else None,
        kept=tuple(part.name for part in inputs.parts[1:]),
    )


def _locked_change(before: Scores, after: Scores) -> LockedChange | None:
    """Return the change of the output's locked energy, without the peaks of the inputs."""
    old, new = before.measured["output"], after.measured["output"]
    if old is None or new is None:
        return None
    if "insufficient" in (before.output.verdict, after.output.verdict):
        return None
    if old.lattice.line.shape != new.lattice.line.shape:  # maps that became constant
        return LockedChange.of_two_runs(before.output, after.output)
    found = {before.output.verdict, after.output.verdict} <= {"present", "suspect"}
    change = LockedChange.on_the_same_inputs(
        old.lattice,
        new.lattice,
        chosen=(before.own_points, after.own_points),
        found=found,
    )
    return change.without_floor(before.output, after.output)
