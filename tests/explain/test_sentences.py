"""Every sentence is held twice: where it is right, and where it must not be said."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

from spectra._sentence import Part, Sentence, first, part
from spectra.explain import StepRow, Summary
from spectra.explain._advice import ADVICE, _Case
from spectra.explain._answer import answer
from spectra.explain._attack import AttackRow
from spectra.explain._cause import CAUSES, _Step
from spectra.explain._constant_rows import ConstantRow, StageRow
from spectra.explain._facts import Facts
from spectra.explain._sentences import QUESTIONS
from spectra.explain._summary import (
    BlameRow,
    Finding,
    InputRow,
    OriginRow,
    OutputRow,
    StepName,
    VariableRow,
)
from spectra.explain._verdict import overall_verdict, worst_step
from spectra.explain._words import ENERGY
from spectra.images import Trace
from spectra.inputs import Spacing
from spectra.kernel import interpolator, measure, transposed_conv
from spectra.kinds import FIXED_TAPS
from spectra.probe import FlatLines
from spectra.repair import Offer
from spectra.score import AtOutput, LockedChange, Score
from spectra.severity import Graded
from spectra.severity._grades import Yardsticks
from spectra.severity._spot import Spot
from support.summaries import (
    AT_LEAST,
    FAINT,
    GONE,
    INHERITED,
    NOTHING,
    OUTPUT,
    PRESENT,
    UNKNOWN,
    UNSCORED,
    reaching,
    step,
    summary,
)

LINES = FlatLines(-15.1, 512, True, None)
CLEAN = FlatLines(None, 512, True, "no line above rounding", line_upper_dbc=-120.4)
UNSETTLED = FlatLines(-15.1, 64, False, "the model does not run at 128 pixels")
REFUSED = FlatLines(None, None, False, "the map holds fewer than two periods")
NO_DATA = Score(reason="no inputs")
SUSPECTED = replace(PRESENT, verdict="suspect", p=0.0375)
ALL_INHERITED = Score(0.0, verdict="none", reason="every peak is inherited from the inputs")
WEAK = replace(
    PRESENT, asr_dbc=None, asr_ci95_dbc=None, asr_upper_dbc=-50.0, replica_dbc=None, period=None
)
CELLS = Spacing(("lat", "lon"), (27.8, 19.7), "km")
QUIET, LOUD = VariableRow("u", 0, NOTHING), VariableRow("t", 1, PRESENT)
LOUDER = VariableRow("q", 2, replace(PRESENT, asr_dbc=None, asr_lower_dbc=-14.5))
CHECKERBOARD, STRIPES = (0.5, 0.5), (0.0, 0.25)


class Case(NamedTuple):
    """Where a sentence is right, what it says there, and where it must not be said."""

    right: Any
    says: str
    wrong: Any


def up(
    at: AtOutput | None = None, score: Score = PRESENT, name: str = "up", **changes: Any
) -> StepRow:
    row = step(name, score)
    return replace(row, **({} if at is None else {"at_output": at}), **changes)


def run(
    *steps: StepRow,
    output: Score = OUTPUT,
    inherited: Iterable[tuple[float, ...]] = (),
    dependence: float | None = None,
    note: str | None = "no inputs",
    flat: FlatLines | None = None,
    inputs: Score = NOTHING,
    control: str | None = None,
    used: int = 24,
    warnings: Any = None,
    severity: Graded | None = None,
    blame: BlameRow | None = None,
    origin: OriginRow | None = None,
    attack: AttackRow | None = None,
    confounder: Trace | None = None,
    probe: ConstantRow | None = None,
    rate: float | None = None,
) -> Summary:
    """Return a run, its verdict and worst step as the rows and what is to blame give them."""
    base, rows, blame = summary(), steps or (up(),), blame or BlameRow()
    worst = worst_step(rows, blame)
    given = replace(
        base.inputs, kind="images", count=used, used=used, shape=(3, 192, 192), dropped=()
    )
    return replace(
        base,
        inputs=given,
        steps=rows,
        input=InputRow(inputs, control),
        output=OutputRow(output, tuple(inherited), dependence, note, flat, confounder),
        worst=worst and StepName(worst.name, worst.call),
        verdict=overall_verdict(output, rows),
        warnings=base.warnings if warnings is None else warnings,
        severity=severity,
        blame=blame,
        origin=origin,
        attack=attack,
        probe=probe,
        run=replace(base.run, sample_rate=rate),
    )


def bare(
    *flats: FlatLines, output: FlatLines | None = None, probe: ConstantRow | None = None
) -> Summary:
    """Return a run without inputs, whose steps show this under a constant input."""
    rows = [up(UNKNOWN, NO_DATA, f"up.{n}", flat_field=flat) for n, flat in enumerate(flats)]
    return run(*rows, output=NO_DATA, inputs=NO_DATA, flat=output, used=0, probe=probe)


def stage(line: float | None = -24.6, converged: bool = True, **changes: Any) -> StageRow:
    row = StageRow("up", 0, line, -3.1, line, 0.1875, 4134.4, converged=converged)
    return replace(row, **changes)


def hum(*stages: StageRow, **changes: Any) -> ConstantRow:
    row = ConstantRow("constant", -11.5, 32, 128, -20.0, -90.0, -143.4, None, stages)
    return replace(row, **changes)


def signal(period: int, rate: float | None = 22050.0, other: int = 32) -> Summary:
    """Return a run of a signal of some period, the grid of whose only step has another."""
    row = up(period_in_output=(other,))
    return run(row, output=replace(OUTPUT, period=(period,)), rate=rate)


def clean(name: str = "up", at: AtOutput = GONE) -> StepRow:
    return up(at, NOTHING, name)


def unscored(name: str = "up") -> StepRow:
    return up(UNKNOWN, UNSCORED, name)


def changed(**values: Any) -> Summary:
    return run(output=replace(OUTPUT, **values))


YARDSTICK = Yardsticks(
    (4, 4), own_dbc=-22.0, nearest_dbc=-16.4, linear_dbc=-28.8, cubic_dbc=-29.1, base_share=0.98
)
VISIBLE = Graded(
    "visible", "visibility", (0.6, 1.3, 1.8), pictures=8, holding=3, yardsticks=(YARDSTICK,)
)
SPOT = Spot(5, (31, 200), amplitude=0.075, share=0.075, levels=19.1)
UNSEEN = Graded("none", "visibility", (0.1, 0.2, 0.4), pictures=8, holding=8)
BESIDE = Graded("visible", "yardstick", yardsticks=(YARDSTICK,))
NO_GRID = Graded("none", "yardstick")
NOT_KNOWN = Graded("insufficient", "yardstick", reason="no yardstick stands beside it")


def taken(db: float | None, low: float | None = None, upper: float | None = None, **of: Any) -> Any:
    """Return a step's change of the output without it, beside what reaches the output."""
    interval = None if low is None or upper is None else (low, upper)
    there = of.get("at", reaching(-22.0, -8.8))
    reason = of.get("reason")
    return replace(
        there,
        without_db=db,
        without_ci95_db=interval,
        without_upper_db=upper,
        without_reason=reason,
    )


def blamed(standing: Any, *names: str, **more: Any) -> BlameRow:
    """Return what is to blame: one step, or those in question."""
    steps = tuple(StepName(name, 0) for name in names)
    one = steps[0] if standing in ("step", "only") else None
    return BlameRow(standing, one, () if one else steps, **more)


def related(word: Any, louder: str | None = None) -> BlameRow:
    pair = (StepName("up", 0), StepName("up.1", 0))
    return BlameRow(
        "none", relation=word, related=pair, louder=StepName(louder, 0) if louder else None
    )


UP = blamed("step", "up")
MASK = OriginRow("head.1", "Mask", entered=False, within="head")
CODE = OriginRow("head.2", "Conv2d", entered=True, within="head")
LESS = up(taken(-13.04, -15.1, -10.7))
MORE = up(taken(6.04, 5.0, 7.0))
SLIGHT = up(taken(0.94, 0.8, 1.1))
STILL = up(taken(0.0, 0.0, 0.0))
FEW = up(taken(None, reason="too few: 8 inputs, 11 needed"))
SHARING = up(replace(reaching(-22.0, -8.8), shared_with=("up.1",)))
ATTACK = AttackRow(
    spec="pgd:eps=8/255,alpha=0.01,steps=5,loss=l1",
    targeted=False,
    targets=None,
    bounded=True,
    weight_is_one=False,
    input_rms=0.02,
    input_largest=8 / 255,
    input=NOTHING,
    output=replace(OUTPUT, asr_dbc=-14.0, asr_ci95_dbc=(-14.9, -13.2)),
    inherited=(),
    severity=replace(VISIBLE, word="strong"),
    steps=(),
    locked_change=LockedChange(8.0, (6.5, 9.1), 9.1, 6.5),
    change=replace(PRESENT, asr_dbc=-6.0),
    change_dbc=-21.0,
    psnr_to_clean_db=24.21,
)


def attacked(row: AttackRow = ATTACK, **changes: Any) -> Summary:
    """Return a run whose inputs were attacked as well."""
    return run(severity=VISIBLE, attack=replace(row, **changes))


CLASSES = replace(ATTACK, psnr_to_clean_db=None, same_class=0.314)
GIVEN = replace(ATTACK, targets="sharp", psnr_clean_db=31.26)
NO_NUMBER = LockedChange(None, None, None, reason="no grid on either side")
ANSWER = {
    "attack.unscored": Case(
        attacked(output=UNSCORED),
        "loss=l1 the output was not scored: too small",
        attacked(),
    ),
    "attack.changed": Case(
        attacked(),
        "under pgd:eps=8/255,alpha=0.01,steps=5,loss=l1 locked energy -14.0 dBc (-14.9 to -13.2) "
        "instead of -22.0 dBc (-22.9 to -21.2): +8.0 dB (+6.5 to +9.1)",
        attacked(locked_change=NO_NUMBER),
    ),
    "attack.perhaps": Case(
        attacked(locked_change=LockedChange(2.2, (-0.6, 4.0), 4.0, -0.6)),
        ": +2.2 dB (-0.6 to +4.0), which these inputs do not tell from no change",
        attacked(),
    ),
    "attack.appears": Case(
        run(clean(), output=NOTHING, attack=replace(ATTACK, locked_change=NO_NUMBER)),
        "locked energy -14.0 dBc (-14.9 to -13.2) in the output; clean no grid is detected",
        attacked(),
    ),
    "attack.disappears": Case(
        attacked(output=NOTHING, locked_change=NO_NUMBER),
        "no grid is detected in the output; clean its locked energy is -22.0 dBc",
        attacked(),
    ),
    "attack.clean": Case(
        run(
            clean(),
            output=NOTHING,
            attack=replace(ATTACK, output=NOTHING, locked_change=NO_NUMBER),
        ),
        "no grid is detected in the output either",
        attacked(),
    ),
    "attack.bounded": Case(
        attacked(locked_change=NO_NUMBER),
        "clean -22.0 dBc (-22.9 to -21.2); by how much it changes is not known",
        attacked(),
    ),
    "attack.worse": Case(
        attacked(),
        "severity goes from visible to strong",
        attacked(severity=VISIBLE),
    ),
    "attack.alike": Case(
        attacked(severity=VISIBLE),
        "severity stays visible",
        attacked(severity=NOT_KNOWN),
    ),
    "attack.right": Case(
        attacked(CLASSES, right_clean=0.9123, right_attacked=0.2),
        "20 % instead of 91 % of the labelled pixels are right",
        attacked(CLASSES),
    ),
    "attack.same": Case(
        attacked(CLASSES),
        "31 % of the pixels keep their class",
        attacked(),
    ),
    "attack.targets": Case(
        attacked(GIVEN, psnr_attacked_db=12.5),
        "PSNR against the targets 12.50 dB instead of 31.26",
        attacked(),
    ),
    "attack.psnr": Case(
        attacked(),
        "PSNR of the attacked against the clean output 24.21 dB",
        attacked(CLASSES),
    ),
    "attack.power": Case(
        attacked(psnr_to_clean_db=None),
        "the output's change has -21.0 dB of its own power",
        attacked(),
    ),
    "attack.nothing": Case(
        attacked(psnr_to_clean_db=None, change_dbc=None),
        "the output does not change at all",
        attacked(),
    ),
    "attack.share": Case(
        attacked(),
        "at least about 20 % of that change is locked to the grid",
        attacked(change=NOTHING),
    ),
    "attack.no_share": Case(
        attacked(change=NOTHING), "no grid is detected in that change", attacked(change=UNSCORED)
    ),
    "attack.put_in": Case(
        attacked(input=replace(PRESENT, asr_dbc=-17.0, asr_ci95_dbc=(-17.9, -16.2))),
        "the attack puts a grid into the inputs themselves, locked energy -17.0 dBc",
        attacked(),
    ),
    "attack.weight": Case(
        attacked(weight_is_one=True), "so that this is PGD: psi=sigmoid or psi=rows", attacked()
    ),
    "attack.unbounded": Case(
        attacked(bounded=False), "eps is in the inputs' own unit and nothing is clipped", attacked()
    ),
    "attack.first": Case(
        attacked(moved="left", kept=("right", "t")),
        "of what the model takes, only left was attacked; as given: right, t",
        attacked(),
    ),
    "attack.own_output": Case(
        attacked(),
        "; away from the model's own clean output, as no targets were given",
        attacked(GIVEN),
    ),
    "attack.towards": Case(attacked(GIVEN, targeted=True), "; towards sharp", attacked(GIVEN)),
    "attack.given": Case(attacked(GIVEN), "; away from sharp", attacked()),
    "severity.seen": Case(
        run(severity=VISIBLE),
        "visible: a model of the eye sees the grid at 200 % zoom in 3 of 8 pictures judged",
        run(severity=UNSEEN),
    ),
    "severity.unseen": Case(
        run(severity=UNSEEN),
        "none: a model of the eye sees no grid that disturbs at up to 400 % zoom in 8 pictures",
        run(severity=NO_GRID),
    ),
    "severity.coloured": Case(
        run(severity=replace(BESIDE, pictures=8, chromatic=2)),
        "visible by energy: 2 of 8 pictures have a grid of colour, and how visible those are is "
        "not tested; -22.0 dBc at period 4 px",
        run(severity=replace(UNSEEN, chromatic=2)),
    ),
    "severity.beside": Case(
        run(severity=BESIDE),
        "visible by energy, as no picture was judged: -22.0 dBc at period 4 px, where enlarging "
        "the same outputs by cubic gives -29.1, by nearest -16.4",
        run(severity=VISIBLE),
    ),
    "severity.nothing": Case(
        run(clean(), output=NOTHING, severity=NO_GRID), "none: the test finds no grid", run()
    ),
    "severity.unknown": Case(
        run(severity=NOT_KNOWN),
        "insufficient: how severe a grid is is not known: no yardstick stands beside it",
        bare(LINES),
    ),
    "severity.yardsticks": Case(
        run(severity=VISIBLE),
        "judged; -22.0 dBc at period 4 px, where enlarging the same outputs by cubic gives -29.1",
        run(severity=UNSEEN),
    ),
    "severity.chromatic": Case(
        run(severity=replace(UNSEEN, chromatic=2)),
        "grids of colour, which are not judged by sight, in 2 of 8 pictures judged",
        run(severity=UNSEEN),
    ),
    "severity.most": Case(
        run(severity=replace(VISIBLE, where=SPOT)),
        "most at row 31, column 200 of output 5 (counted from 0): 19 grey levels RMS",
        run(severity=replace(UNSEEN, where=SPOT)),
    ),
    "severity.detectable": Case(
        run(severity=replace(VISIBLE, detectable_zoom=1)),
        "3 of 8 pictures judged; at 100 % a grid is just detectable in smooth places",
        run(severity=replace(VISIBLE, detectable_zoom=2)),
    ),
    "verdict.flat_probed": Case(
        bare(LINES, probe=hum(stage())),
        "no inputs, so no verdict: only a constant was shown",
        bare(LINES, probe=hum(reason="no period is known")),
    ),
    "verdict.flat_lines": Case(
        bare(LINES, REFUSED),
        "a constant input leaves lines of -15.1 dB over the mean level at up.0",
        bare(UNSETTLED),
    ),
    "verdict.flat_clean": Case(bare(CLEAN), "leaves no line at any step", bare(CLEAN, REFUSED)),
    "verdict.flat_partly": Case(bare(CLEAN, REFUSED), "which it was not at up.1", bare(CLEAN)),
    "verdict.flat_unknown": Case(
        bare(REFUSED), "no lines were measured with a constant input (the map holds", bare(CLEAN)
    ),
    "verdict.of_steps": Case(
        run(up(), up(UNKNOWN, FAINT, "up.1"), output=UNSCORED),
        "PRESENT in the maps of up; the output was not scored: too small: 12x12 px",
        run(),
    ),
    "verdict.clean_steps": Case(
        run(clean(), output=UNSCORED),
        "NO grid-locked artifact detected in any step's own maps; the output was not scored",
        run(clean(), unscored("up.1"), output=UNSCORED),
    ),
    "verdict.insufficient": Case(
        run(clean(), unscored("up.1"), output=UNSCORED),
        "INSUFFICIENT data for a verdict: the output was not scored: too small",
        run(clean(), output=UNSCORED),
    ),
    "verdict.none_below": Case(
        run(clean(), output=NOTHING),
        "NO grid-locked artifact detected in the output, locked energy below -47.2 dBc "
        "(nothing above the floor)",
        run(clean(), output=ALL_INHERITED),
    ),
    "verdict.none": Case(
        run(clean(), output=ALL_INHERITED),
        "NO grid-locked artifact detected in the output (every peak is inherited",
        run(clean(), output=UNSCORED),
    ),
    "verdict.found": Case(
        run(),
        "PRESENT in the output: locked energy -22.0 dBc (-22.9 to -21.2), p = 0.0001",
        run(output=UNSCORED),
    ),
    "verdict.confounder": Case(
        run(confounder=Trace("jpeg", 8, 5, 8)),
        "the inputs carry a grid of that period by themselves: blocks of JPEG, 8 px",
        run(output=NOTHING, confounder=Trace("jpeg", 8, 5, 8)),
    ),
    "verdict.headline": Case(
        run(), "p = 0.0001; A = 18.1 dB; p is against randomly shifted grids", run(output=WEAK)
    ),
    "verdict.output_lines": Case(
        bare(LINES, output=FlatLines(-40.2, 512, True, None)),
        "at up.0; the output holds lines of -40.2 dB",
        bare(LINES, output=UNSETTLED),
    ),
    "verdict.output_clean": Case(
        bare(LINES, output=CLEAN), "the output holds none", bare(LINES, output=REFUSED)
    ),
    "where.nowhere": Case(
        run(clean()), "no step's own maps show a grid", run(clean(), unscored("up.1"))
    ),
    "where.nowhere_scored": Case(
        run(clean(), unscored("up.1")), "not scored: up.1", run(unscored(), unscored("up.1"))
    ),
    "where.unknown": Case(
        run(unscored()),
        "where it is born is not known: no step's own maps were scored",
        run(unscored(), output=NOTHING),
    ),
    "where.inherited": Case(
        run(up(GONE), output=NOTHING, inherited=(CHECKERBOARD,)),
        "up (transposed conv 3x3, x2) shows a grid, of which the output holds only peaks that the "
        "inputs already had",
        run(up(GONE), output=NOTHING, inherited=(STRIPES,)),
    ),
    "where.removed": Case(
        run(up(GONE), output=NOTHING),
        "born at up (transposed conv 3x3, x2), removed by later layers: not detected in the "
        "output (below -47.2 dBc)",
        run(up(UNKNOWN), output=NOTHING),
    ),
    "where.absent": Case(
        run(up(GONE)), "; at its frequencies the output shows no grid", run(up(UNKNOWN))
    ),
    "where.not_its_own": Case(
        run(up(INHERITED), output=NOTHING),
        "the output shows none of it: every peak at its frequencies is inherited",
        run(up(GONE), output=NOTHING),
    ),
    "where.not_known": Case(
        run(up(UNKNOWN)),
        "what of it reaches the output is not known: its period in the output is not known",
        run(up(GONE)),
    ),
    "where.too_weak": Case(
        run(up(replace(GONE, p=0.01, verdict="suspect", reason="no locked energy above zero"))),
        "the output shows its grid, without a number: no locked energy above zero",
        run(up(GONE)),
    ),
    "where.alone": Case(
        run(up(reaching(-40.0, -26.8)), output=NOTHING),
        "the output holds -40.0 dBc at its frequencies alone",
        run(up(GONE), output=NOTHING),
    ),
    "where.shared": Case(
        run(SHARING, up(GONE, FAINT, "up.1"), blame=UP),
        "the output holds -22.0 dBc at its frequencies, which are also those of up.1",
        run(SHARING, up(GONE, FAINT, "up.1")),
    ),
    "where.either": Case(
        run(SHARING, up(GONE, FAINT, "up.1")),
        "or at up.1: the output holds -22.0 dBc at frequencies that they share",
        run(SHARING, up(GONE, FAINT, "up.1"), blame=UP),
    ),
    "where.held": Case(
        run(up(reaching(-22.0))),
        "the output holds -22.0 dBc at its frequencies",
        run(up(reaching(-22.0, -8.8))),
    ),
    "where.as_it_is": Case(
        run(up(reaching(-12.3, 0.94))),
        "reaches the output as it is",
        run(up(reaching(-12.2, 0.96))),
    ),
    "where.weakened": Case(run(), "weakened by 8.8 dB on its way", run(up(UNKNOWN))),
    "where.amplified": Case(
        run(up(reaching(-12.2, 1.04))), "amplified by 1.0 dB", run(up(reaching(-14.2, -1.04)))
    ),
    "where.by_removal": Case(
        run(up(taken(-13.0, -15.1, -10.7), NOTHING), blame=UP),
        "born at up (transposed conv 3x3, x2), as the output without it tells; its own maps show "
        "no grid by themselves; without its grid the output has 13.0 dB less (10.7 to 15.1)",
        run(LESS, blame=UP),
    ),
    "where.elsewhere": Case(
        run(up(taken(-13.0, -15.1, -10.7, at=GONE)), blame=UP),
        "born at up (transposed conv 3x3, x2), and in the output at frequencies of other steps",
        run(LESS, blame=UP),
    ),
    "where.module": Case(
        run(clean(), origin=MASK),
        "first seen in what comes out of head.1 (Mask); no step's own maps show as much",
        run(clean(), origin=CODE),
    ),
    "where.code": Case(
        run(clean(), origin=CODE),
        "made in the code of head, before it calls head.2 (Conv2d); no step's own maps show as "
        "much",
        run(clean(), origin=MASK),
    ),
    "where.several": Case(
        run(LESS, blame=blamed("several", "up", "up.1")), "several steps: up, up.1", run(LESS)
    ),
    "where.not_told_apart": Case(
        run(LESS, blame=blamed("not told apart", "up", "up.1")),
        "not told apart: up, up.1",
        run(LESS, blame=blamed("not told apart", "up")),
    ),
    "where.perhaps": Case(
        run(LESS, blame=blamed("not told apart", "up")),
        "not known: what the output has less without the grid of up may be chance",
        run(LESS, blame=blamed("several", "up", "up.1")),
    ),
    "where.brought": Case(
        run(replace(clean(), inherited=(CHECKERBOARD,)), output=NOTHING),
        "no step's own maps show a grid but peaks that the inputs already had",
        run(clean(), output=NOTHING),
    ),
    "where.unsettled": Case(
        run(up(taken(2.2, -10.4, 5.1)), blame=blamed("none")),
        "not proven; it may be up: by how much the output changes without its grid, these inputs "
        "cannot tell",
        run(STILL, blame=blamed("none")),
    ),
    "where.no_single": Case(
        run(STILL, blame=blamed("none")),
        "no single step: without any of them the output keeps its grid",
        run(STILL, FEW, blame=blamed("none")),
    ),
    "where.no_single_taken": Case(
        run(STILL, replace(FEW, name="up.1"), blame=blamed("none")),
        "no single step of those that were taken away: the output keeps its grid; not taken away: "
        "up.1",
        run(STILL, blame=blamed("none")),
    ),
    "where.faint": Case(
        run(LESS, blame=blamed("faint")), "too faint to name a step", run(LESS, blame=UP)
    ),
    "where.less": Case(
        run(LESS, blame=replace(UP, renormalised=True)),
        "8.8 dB on its way to the output; without its grid the output has 13.0 dB less "
        "(10.7 to 15.1), with renormalisation",
        run(LESS, blame=blamed("several", "up", "up.1")),
    ),
    "where.nothing_left": Case(
        run(up(taken(None, upper=-15.0, reason="no locked energy above zero is left")), blame=UP),
        "without its grid the output has none left (at least 15.0 dB less)",
        run(LESS, blame=UP),
    ),
    "where.all_gone": Case(
        run(up(taken(None, reason="no locked energy above zero is left")), blame=UP),
        "on its way to the output; without its grid the output has none left",
        run(LESS, blame=UP),
    ),
    "where.not_taken": Case(
        run(FEW),
        "what the output has without its grid was not measured: too few: 8 inputs, 11 needed",
        run(FEW, output=NOTHING),
    ),
    "where.adding": Case(
        run(STILL, blame=related("adding")), "the grids of up, up.1 add up", run(STILL, blame=UP)
    ),
    "where.cancelling": Case(
        run(MORE, replace(MORE, name="up.1"), blame=related("cancelling")),
        "without any of them the output keeps its grid; the grids of up, up.1 cancel: without one "
        "of them the output has more at their frequencies",
        run(MORE, blame=blamed("none")),
    ),
    "where.louder": Case(
        run(MORE, replace(MORE, name="up.1"), blame=related("louder", "up")),
        "the grids of up, up.1 cancel in part, and that of up is the louder",
        run(MORE, blame=related("cancelling")),
    ),
    "where.undone": Case(
        run(MORE, blame=blamed("none")),
        "taking the grid of up away gives the output 6.0 dB more",
        run(SLIGHT, MORE, blame=related("cancelling")),
    ),
    "where.undone_each": Case(
        run(MORE, up(taken(2.0, 1.0, 3.0), name="up.1"), blame=blamed("none")),
        "taking the grid of one of up, up.1 away gives the output up to 6.0 dB more",
        run(MORE, up(taken(2.0, -1.0, 5.0), name="up.1"), blame=blamed("none")),
    ),
    "where.others_not_known": Case(
        run(up(), up(UNKNOWN, FAINT, "up.1")),
        "on its way to the output; what of up.1 reaches the output is not known",
        run(up(), up(GONE, FAINT, "up.1")),
    ),
    "looks.hertz": Case(
        signal(32),
        "period 32 samples of 22.05 kHz: lines at 0.689, 1.38, 2.07 kHz and so on, step up",
        signal(32, rate=None),
    ),
    "looks.hertz_alone": Case(
        signal(4), "period 4 samples of 22.05 kHz: lines at 5.51, 11 kHz", signal(4, rate=None)
    ),
    "looks.period": Case(run(), "period 2 px (both directions)", changed(period=None)),
    "looks.wavelength": Case(
        replace(run(), output=replace(run().output, spacing=CELLS)),
        "period 2 px (both directions), a wavelength of 56 km along lat, 39 km along lon",
        run(),
    ),
    "looks.variables": Case(
        replace(run(), output=replace(run().output, variables=(QUIET, LOUD, LOUDER))),
        "most in t (-13.2 dBc), q (at least -14.5 dBc)",
        replace(run(), output=replace(run().output, variables=(QUIET,))),
    ),
    "looks.strongest": Case(
        changed(period=(8, 8)),
        "period 8 px (both directions); strongest at 2 px",
        run(up(), up(UNKNOWN, name="up.1"), output=replace(OUTPUT, period=(8, 8))),
    ),
    "looks.lines": Case(
        changed(line_dbc=-20.0, replica_dbc=-23.1), "mostly lines", run(output=WEAK)
    ),
    "looks.replicas": Case(
        changed(line_dbc=None, replica_dbc=-22.0),
        "mostly replicas: it follows the picture's detail",
        changed(line_dbc=-24.9, replica_dbc=-22.0),
    ),
    "looks.grey": Case(run(), "0.91 of 255 grey levels RMS", changed(grey_levels=None)),
    "looks.prominence": Case(
        run(), "peak 17.5 dB above the spectrum beside it", changed(prominence_db=None)
    ),
    "looks.flat": Case(
        run(flat=FlatLines(-31.7, 512, True, None)),
        "a constant input leaves lines of -31.7 dBc in the output",
        run(flat=UNSETTLED),
    ),
    "why.module": Case(
        run(clean(), origin=MASK),
        "head.1 (Mask) treats the phases of the grid differently",
        run(up(reaching(-7.2, 6.0)), origin=MASK),
    ),
    "why.amplifier": Case(
        run(up(reaching(-7.2, 6.0)), origin=MASK),
        "head.1 (Mask) amplifies what steps have left, or makes a grid of its own: not told apart",
        run(clean(), origin=MASK),
    ),
    "why.code": Case(
        run(clean(), origin=replace(CODE, within="")),
        "the code of the model itself treats the phases of the grid differently before it calls "
        "head.2 (Conv2d)",
        run(clean(), origin=MASK),
    ),
    "why.several": Case(
        run(LESS, replace(LESS, name="up.1"), blame=blamed("several", "up", "up.1")),
        "up: kernel 3 is no multiple of stride 2; up.1 likewise",
        run(LESS, replace(LESS, name="up.1"), blame=blamed("faint"), output=NOTHING),
    ),
    "why.perhaps": Case(
        run(LESS, replace(LESS, name="up.1"), blame=blamed("none")),
        "if it is up: kernel 3 is no multiple of stride 2; up.1 likewise",
        run(LESS, replace(LESS, name="up.1"), blame=blamed("several", "up", "up.1")),
    ),
    "why.later": Case(
        run(up(reaching(-7.2, 6.0))),
        "not up in the main: the layers behind it amplify its grid by 6.0 dB",
        run(up(reaching(-7.3, 5.9))),
    ),
    "why": Case(
        run(),
        "kernel 3 is no multiple of stride 2",
        run(up(GONE), output=NOTHING, inherited=(CHECKERBOARD,)),
    ),
    "not.inherited_apart": Case(
        run(inherited=(CHECKERBOARD, STRIPES)),
        "counted: the peaks at (1/2, 1/2), (0, 1/4) cycles/pixel are in the inputs too where each "
        "is tested alone; tested together they show none",
        run(inherited=(CHECKERBOARD,), inputs=PRESENT),
    ),
    "not.inherited": Case(
        run(inherited=(CHECKERBOARD,), inputs=PRESENT),
        "the model's: the peak at (1/2, 1/2) cycles/pixel is the inputs' own",
        run(inherited=(CHECKERBOARD,), inputs=UNSCORED),
    ),
    "not.inputs": Case(
        run(),
        "the inputs' own grid: they show none (p = 0.41)",
        run(control="inputs of 24x24 are too small to score a grid of period 8 px"),
    ),
    "but.inputs": Case(
        run(inputs=PRESENT),
        "the inputs carry a grid of their own: period 2 px, locked energy -13.2 dBc",
        run(inputs=UNSCORED),
    ),
    "but.inputs_weak": Case(
        run(inputs=WEAK), "a grid of their own: locked energy at most -50.0 dBc", run()
    ),
    "try.nothing": Case(
        run(severity=UNSEEN), "nothing to do: the grid is not visible", run(severity=VISIBLE)
    ),
    "try.amplifier": Case(
        run(up(reaching(-7.2, 6.0)), origin=MASK),
        "add --layers '*', look in figures/ for what becomes of the grid on its way to head.1 "
        "(Mask), and change that",
        run(clean(), origin=MASK),
    ),
    "try.module": Case(
        run(clean(), origin=MASK), "no step to change: change head.1 (Mask)", run(clean())
    ),
    "try.code": Case(
        run(clean(), origin=CODE),
        "no step to change: change what the code of head does before it calls head.2 (Conv2d)",
        run(clean(), origin=MASK),
    ),
    "try.several": Case(
        run(LESS, replace(LESS, name="up.1"), blame=blamed("none")),
        "first up: use kernel 4 at stride 2",
        run(LESS, blame=blamed("only", "up")),
    ),
    "try.modules": Case(
        run(clean(), clean("up.1")),
        "no step to change: add --layers '*', look in figures/ for the first module that shows the "
        "grid, and change that",
        run(clean(), unscored("up.1")),
    ),
    "try.later": Case(
        run(up(reaching(-7.2, 6.0))),
        "add --layers '*', look in figures/ for the first module behind up that shows the grid so "
        "strong, and change that",
        run(up(taken(-13.0, -15.1, -10.7, at=reaching(-7.2, 6.0))), blame=UP),
    ),
    "try.more": Case(
        run(output=SUSPECTED, severity=NOT_KNOWN, used=8),
        "more inputs first, 16 or more: a grid is suspected",
        run(output=SUSPECTED, severity=NOT_KNOWN, used=16),
    ),
    "try": Case(run(), "use kernel 4 at stride 2", run(up(GONE))),
    "trust.counts": Case(run(used=1), "1 picture of 192x192", bare(LINES)),
    "trust.no_inputs": Case(bare(LINES), "no inputs; cpu, seed 0", run()),
    "trust.replicates": Case(
        run(used=1), "1 picture of 192x192; 64 replicates", run(output=UNSCORED)
    ),
    "trust.tiles": Case(
        run(used=4),
        "true of these pictures only: fewer than 16, so parts of them were compared",
        run(up(UNKNOWN), output=replace(UNSCORED, replicates=4), used=4),
    ),
    "trust.dependence": Case(
        run(dependence=-8.4), "moved against the grid, the output changes by -8.4 dBc", run()
    ),
    "trust.nothing_stays": Case(
        run(note="nothing of the output stays as it was"),
        "moved against the grid, nothing of the output stays as it was",
        run(note="the output is constant"),
    ),
    "trust.nothing_changes": Case(
        run(note="nothing changes with the offset"),
        "moved against the grid, nothing of the output changes",
        run(note="no offset falls on whole pixels of the output"),
    ),
    "trust.run": Case(run(), "cpu, seed 0, spectra 0.1.0", None),
    "trust.notes": Case(run(), "2 notes below", run(warnings=())),
    "trust.more": Case(run(), "more with --explain (1 note)", None),
}

ANSWER |= {
    "probe.unknown": Case(
        run(probe=hum(reason="no period is known")),
        "what a constant of -11.5 leaves in the output is not known: no period is known",
        run(probe=hum(stage())),
    ),
    "probe.lines": Case(
        run(probe=hum(stage())),
        "a constant of -11.5 leaves lines in the output: up -24.6 dBFS (-3.1 dBc of outputs), most "
        "at 4.13 kHz",
        run(probe=hum(stage(converged=False))),
    ),
    "probe.unsettled": Case(
        run(probe=hum(stage(converged=False))),
        "the lines that a constant of -11.5 leaves have not settled",
        run(probe=hum(stage(None))),
    ),
    "probe.clean": Case(
        run(probe=hum(stage(None), name="silence", value=0.0)),
        "silence leaves no line above -143.4 dBFS",
        run(probe=hum(stage())),
    ),
    "probe.zero": Case(
        run(probe=hum(stage(None), line_upper_dbfs=None)),
        "a constant of -11.5 leaves nothing in the output",
        run(probe=hum(stage(None))),
    ),
    "probe.open": Case(
        run(probe=hum(stage(), stage(converged=False, name="down"))),
        "the lines of down have not settled",
        run(probe=hum(stage())),
    ),
    "probe.rest": Case(
        run(probe=hum(stage(), rest_dbfs=-3.0)),
        "-3.0 dBFS of the output are no line",
        run(probe=hum(stage())),
    ),
}
SCORES = {
    "energy.at_least": Case(
        replace(OUTPUT, asr_ci95_dbc=None, asr_upper_dbc=None, asr_lower_dbc=31.2),
        "locked energy at least 31.2 dBc",
        replace(OUTPUT, asr_lower_dbc=-22.9),
    ),
    "energy.interval": Case(OUTPUT, "locked energy -22.0 dBc (-22.9 to -21.2)", WEAK),
    "energy.at_most": Case(
        replace(OUTPUT, asr_ci95_dbc=None), "locked energy -22.0 dBc (at most -21.2)", OUTPUT
    ),
    "energy.estimate": Case(
        replace(OUTPUT, asr_ci95_dbc=None, asr_upper_dbc=None), "locked energy -22.0 dBc", WEAK
    ),
    "energy.bound": Case(WEAK, "locked energy at most -50.0 dBc", OUTPUT),
    "energy.none": Case(UNSCORED, "no number for its energy", WEAK),
}


def of_step(
    kind: str = "transposed_conv",
    size: tuple[int, ...] | None = (4, 4),
    line: float | None = -14.0,
    replica: float | None = -21.0,
    flat: FlatLines = LINES,
    kernel: Any = None,
    preceded: bool = True,
) -> _Step:
    score = replace(PRESENT, line_dbc=line, replica_dbc=replica)
    return _Step(kind, (2, 2), size, score, flat, kernel, preceded)


ONES = measure(transposed_conv(np.ones((1, 1, 3, 3)), stride=2))
DRAWN = measure(transposed_conv(np.random.default_rng(0).normal(size=(8, 8, 3, 3)), stride=2))
STEPS = {
    "fixed_kernel_leaks": Case(
        of_step("bilinear", None, None, -23.0, CLEAN, measure(interpolator("bilinear", 2))),
        "bilinear interpolation lets replicas (copies of the input's spectrum) through; it weakens "
        "them by 23.4 dB (nearest 11.3) for 1/f^2 inputs",
        of_step("pixel_shuffle", None),
    ),
    "gaps.hollow": Case(
        of_step("zero_insertion", None),
        "zero insertion leaves pixels without input",
        of_step("zero_insertion", (4, 4)),
    ),
    "unclear": Case(
        of_step(line=None, replica=None), "too weak to tell lines from replicas", of_step(line=None)
    ),
    "gaps.kernel": Case(
        of_step(size=(1, 1)),
        "the 1x1 kernel is smaller than its stride, so it leaves pixels without input: a constant "
        "leaves lines of -15.1 dBc in its maps",
        of_step(size=(1, 1), line=-30.0, flat=UNSETTLED),
    ),
    "uneven_overlap": Case(
        of_step(size=(3, 3), kernel=ONES),
        "the 3x3 kernel is no multiple of its stride, and its phases differ as its taps overlap",
        of_step(size=(3, 3), kernel=DRAWN),
    ),
    "phase_imbalance": Case(
        of_step("pixel_shuffle", None),
        "the sub-pixel channels have unequal gain or offset: a constant leaves lines of -15.1 dBc",
        of_step("pixel_shuffle", None, flat=CLEAN),
    ),
    "kernel_leaks.fed": Case(
        of_step(flat=CLEAN),
        "the 4x4 kernel lets replicas (copies of its input's spectrum) through; its lines are "
        "copies of lines that it is fed: of a constant input none",
        of_step(flat=CLEAN, preceded=False),
    ),
    "kernel_leaks": Case(
        of_step(line=-50.0, flat=CLEAN),
        "the 4x4 kernel lets replicas (copies of its input's spectrum) through",
        of_step(),
    ),
}


def of_cause(
    kind: str,
    cause: str,
    *,
    last: bool = False,
    drop: float | None = None,
    drop_is_bound: bool = False,
    no_swap: str | None = None,
    **offered: Any,
) -> _Case:
    """Return a step of factor 2; `spectra swap` makes a larger kernel of it unless it refuses."""
    row = step("up", PRESENT, kind=kind)
    taps = interpolator(FIXED_TAPS[kind], 2) if kind in FIXED_TAPS else None
    offer = Offer(**{"larger": None if no_swap else "lctc7", "no_swap": no_swap} | offered)
    row = replace(
        row,
        kernel_size=(3, 3) if kind == "transposed_conv" else None,
        period_in_output=(2, 2) if last else (4, 4),
        at_output=replace(row.at_output, line_drop_db=drop, line_drop_is_bound=drop_is_bound),
        cause=Finding(cause, ""),
        kernel=taps and measure(taps),
    )
    return _Case(row, offer)


UNKNOWN_TO = "it is no call of interpolate"
LAST = {"last": True, "no_balance": None}
CAUSED = {
    "in_your_code": Case(
        of_cause("nearest", "fixed_kernel_leaks", no_swap="frozen", frozen="torch.export.export"),
        "in your Python code, before torch.export.export freezes it: put bilinear interpolation in "
        "the place of up (nearest, x2), then fine-tune what follows",
        of_cause("nearest", "fixed_kernel_leaks"),
    ),
    "balance": Case(
        of_cause("transposed_conv", "phase_imbalance", drop=26.94, **LAST),
        "balance its phases, without any training: in Python spectra.repair.balance(model, inputs, "
        "steps='up'), whose psnr_db tells what that changes beside the lines; without its mean "
        "pattern the output's lines fall by 26.9 dB",
        of_cause("transposed_conv", "phase_imbalance", drop=0.9, **LAST),
    ),
    "fit_phases": Case(
        of_cause("transposed_conv", "phase_imbalance", drop=0.9),
        "without its grid: spectra swap with the same model, inputs and reading options, and "
        "--with "
        "lctc7 --steps up --repair 30 --save",
        of_cause("transposed_conv", "kernel_leaks"),
    ),
    "fit_phases.by_hand": Case(
        of_cause("depth_to_space", "phase_imbalance", no_swap=UNKNOWN_TO),
        "then fine-tune; by hand, as `spectra swap` refuses it: it is no call of interpolate",
        of_cause("depth_to_space", "phase_imbalance"),
    ),
    "fill_gaps": Case(
        of_cause("transposed_conv", "gaps"),
        "a kernel that fills the gaps, fitted to the model's own output",
        of_cause("unpool", "gaps", no_swap=UNKNOWN_TO),
    ),
    "fill_gaps.by_hand": Case(
        of_cause("unpool", "gaps", no_swap=UNKNOWN_TO),
        "a filter that fills the gaps, or interpolation in its place; by hand",
        of_cause("transposed_conv", "gaps"),
    ),
    "smoother_interpolation": Case(
        of_cause("nearest", "fixed_kernel_leaks"),
        "bilinear in place of nearest, which rejects 11.3 dB of the replicas where bilinear "
        "rejects 23.4: mode='bilinear' at up, then fine-tune what follows",
        of_cause("bilinear", "fixed_kernel_leaks"),
    ),
    "windowed_sinc": Case(
        of_cause("bilinear", "fixed_kernel_leaks"),
        "a windowed sinc in place of bilinear, which rejects 23.4 dB of the replicas where it "
        "rejects 24.7: spectra swap with the same model, inputs and reading options, and --with "
        "lctc15 --init sinc --steps up",
        of_cause("bilinear", "fixed_kernel_leaks", no_swap="align_corners"),
    ),
    "windowed_sinc.by_hand": Case(
        of_cause("bilinear", "fixed_kernel_leaks", no_swap="align_corners"),
        "a windowed sinc in place of bilinear; by hand, as `spectra swap` refuses it: align_",
        of_cause("bilinear", "fixed_kernel_leaks"),
    ),
    "larger_kernel": Case(
        of_cause("pixel_shuffle", "kernel_leaks", larger="lctc11"),
        "a larger kernel, fitted to the model's own output without its grid: spectra swap with the "
        "same model, inputs and reading options, and --with lctc11 --steps up --repair 30 --save",
        of_cause("pixel_shuffle", "unclear"),
    ),
    "larger_kernel.by_hand": Case(
        of_cause("fold", "kernel_leaks", no_swap=UNKNOWN_TO),
        "a larger kernel: start from a windowed sinc, then fine-tune; by hand",
        of_cause("fold", "unclear", no_swap=UNKNOWN_TO),
    ),
}


def every(parts: Iterable[Part]) -> list[Sentence[Any]]:
    return [sentence for part in parts for sentence in part.sentences]


def stand(table: str, about: Any) -> dict[str, str]:
    """Return what is said of these facts, by its id."""
    asked = [(about, TABLES[table])]
    if table == "answer":
        asked = [(facts(about), parts) for facts, parts in QUESTIONS.values()]
    standing = [(first(part.sentences, facts), facts) for facts, parts in asked for part in parts]
    return {s.id: s.of(facts) for s, facts in standing if s is not None}


TABLES = {
    "answer": [part for question in QUESTIONS.values() for part in question.parts],
    "energy": [part(*ENERGY)],
    "cause": [part(*CAUSES)],
    "advice": [part(*ADVICE)],
}
CASES = {"answer": ANSWER, "energy": SCORES, "cause": STEPS, "advice": CAUSED}
EVERY = [(table, name) for table, cases in CASES.items() for name in cases]


@pytest.mark.parametrize(("table", "name"), EVERY)
def test_a_sentence_stands_where_it_is_right(table, name):
    case = CASES[table][name]
    said = stand(table, case.right)
    assert name in said
    lines = [*said.values()]
    if table == "answer":
        lines = [*answer(case.right).values(), *answer(case.right, brief=True).values()]
    assert any(case.says in line for line in lines)


@pytest.mark.parametrize(("table", "name"), EVERY)
def test_a_sentence_is_not_said_where_it_is_wrong(table, name):
    wrong = CASES[table][name].wrong
    if wrong is None:
        assert next(s for s in every(TABLES[table]) if s.id == name).when == "always"
    else:
        assert name not in stand(table, wrong)


@pytest.mark.parametrize("table", TABLES)
def test_every_sentence_has_both_cases(table):
    ids = [s.id for s in every(TABLES[table])]
    assert sorted(ids) == sorted(CASES[table])
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("period", "text"),
    [
        ((4,), "period 4 samples"),
        ((2, 8), "period 2x8 px (both directions)"),
        ((1, 4), "period 1x4 px (vertical stripes)"),
        ((4, 1), "period 4x1 px (horizontal stripes)"),
        ((2, 2, 2), "period 2 voxels"),
    ],
)
def test_a_period_is_told_in_the_places_of_its_map(period, text):
    assert answer(changed(period=period))["looks"].startswith(f"{text}; ")


def test_the_strongest_period_of_sound_is_told_in_hertz_too():
    """A rate of 22050 Hz over 4 samples is 5512.5 Hz."""
    assert Facts(signal(8)).spoken((4,)) == "4 samples (5.51 kHz)"
    assert Facts(signal(8, rate=None)).spoken((4,)) == "4 samples"
    assert Facts(changed()).spoken((4, 4)) == "4 px"


def test_what_the_output_holds_may_be_a_bound():
    said = answer(run(up(AT_LEAST)))["where"]
    assert said.endswith("the output holds at least 31.2 dBc at its frequencies")


@pytest.mark.parametrize("doubt", ["unknown", "unlisted", "shorter"])
def test_no_step_is_the_strongest_before_all_are_known(doubt):
    """One may be louder: of unknown energy there, not asked for with --steps, or not coarser."""
    other = up(UNKNOWN if doubt == "unknown" else GONE, NOTHING, "up.1")
    made = run(up(), other, output=replace(OUTPUT, period=(2, 2) if doubt == "shorter" else (8, 8)))
    if doubt == "unlisted":
        made = replace(made, run=replace(made.run, options={"steps": "up*"}))
    assert "strongest at" not in answer(made)["looks"]


@pytest.mark.parametrize("standing", ["several", "not told apart", "none"])
def test_where_no_single_step_is_to_blame_those_that_may_be_are_spoken_of(standing):
    one = replace(LESS, name="up.1", at_output=reaching(-12.0, -8.8))
    said = answer(run(LESS, one, blame=blamed(standing, "up", "up.1")))
    assert said["why"].endswith("; up likewise")
    assert said["try"].startswith("first up.1: ")
    alone = answer(run(LESS, one, blame=blamed(standing, "up")))
    assert alone["try"].startswith("first up: ")


def test_where_the_grid_is_too_faint_to_name_a_step_nothing_is_advised():
    assert not answer(run(LESS, blame=blamed("faint", "up"))).keys() & {"why", "try"}
    assert answer(run(LESS, blame=UP)).keys() >= {"why", "try"}


def test_a_step_without_which_the_output_has_less_is_not_said_to_be_gone():
    made = run(up(taken(-13.0, -15.1, -10.7, at=GONE)), blame=UP)
    assert "removed" not in answer(made)["where"]
    assert "try" in answer(made)


@pytest.mark.parametrize("no_balance", [None, "its kernel is dilated: convert it first"])
def test_balance_is_advised_where_it_knows_the_step(no_balance):
    case = of_cause("transposed_conv", "phase_imbalance", last=True, no_balance=no_balance)
    assert first(ADVICE, case).id == ("fit_phases" if no_balance else "balance")


def test_a_drop_to_rounding_is_said_to_be_a_bound():
    caused = partial(of_cause, "transposed_conv", "phase_imbalance", drop=112.0, last=True)
    assert "fall by 112" in caused().drop
    assert "fall by at least 112" in caused(drop_is_bound=True).drop


@pytest.mark.parametrize(("period", "told"), [((2, 2), ""), ((8, 8), ", of period 8 px")])
def test_a_place_says_its_period_where_another_is_named(period, told):
    assert OUTPUT.period == (2, 2)
    spot = replace(SPOT, period=period)
    said = answer(run(severity=replace(VISIBLE, where=spot)))["severity"]
    assert f"19 grey levels RMS{told};" in f"{said};"
