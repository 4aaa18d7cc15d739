"""What is said of the output without the grids of steps, and of which step is to blame."""

from __future__ import annotations

from collections.abc import Iterable

from spectra._names import db_text, label
from spectra._sentence import Sentence
from spectra._words import listed
from spectra.explain._facts import LEAST_DB, Facts, is_measured, may_fall
from spectra.explain._summary import StepName, StepRow
from spectra.explain._verdict import FOUND
from spectra.explain._words import describe_step


class Without(Facts):
    """The steps in question, and what the output loses or gains without the grid of each."""

    @property
    def standing(self) -> str:
        return self.summary.blame.standing

    @property
    def step(self) -> str | None:
        return f"{self.worst.label} ({describe_step(self.worst)})" if self.worst else None

    @property
    def questioned(self) -> str:
        """The steps that come into question where it is not one."""
        return _names(self.summary.blame.steps)

    @property
    def single(self) -> bool:
        return len(self.summary.blame.steps) == 1

    @property
    def own_reason(self) -> str:
        """What the maps of the step to blame show by themselves."""
        own = None if self.worst is None else self.worst.score
        if own is None or own.verdict == "none":
            return "show no grid by themselves"
        return f"were not scored: {own.reason}"

    @property
    def wide(self) -> str:
        """The steps without which the output may have less, or more."""
        return " or ".join([row.label for row in self.steps if may_fall(row)])

    @property
    def its(self) -> str:
        return "its" if sum(map(may_fall, self.steps)) == 1 else "either"

    @property
    def untaken(self) -> str:
        """The steps whose grid was not taken away, so that nobody knows what they do."""
        return listed([row.label for row in self.steps if not is_measured(row)])

    @property
    def chosen(self) -> bool:
        """Whether the user asked for some of the model's steps only."""
        return bool(self.summary.run.options.get("steps"))

    @property
    def others(self) -> str:
        return f"; not taken away: {self.untaken}" if self.untaken else ""

    @property
    def asked(self) -> bool:
        """Whether the user asked for grids to be taken away."""
        return bool(self.summary.run.options.get("blame", True))

    @property
    def why_untaken(self) -> str | None:
        return self.at.without_reason

    # What the output loses without the step to blame.

    @property
    def less(self) -> float | None:
        return None if self.at.without_db is None else -self.at.without_db

    @property
    def less_range(self) -> str:
        if self.at.without_ci95_db is not None:
            low, high = self.at.without_ci95_db
            return f" ({db_text(-high)} to {db_text(-low)})"
        return "" if self.at_least is None else f" (at least {db_text(self.at_least)})"

    @property
    def at_least(self) -> float | None:
        return None if self.at.without_upper_db is None else -self.at.without_upper_db

    @property
    def manner(self) -> str:
        return ", with renormalisation" if self.summary.blame.renormalised else ""

    # What steps do to each other.

    @property
    def related(self) -> str:
        return _names(self.summary.blame.related)

    @property
    def louder(self) -> str | None:
        louder = self.summary.blame.louder
        return None if louder is None else label(louder)

    # Steps without whose grid the output has more.

    @property
    def undone(self) -> str:
        return listed([row.label for row in self._rising])

    @property
    def rising(self) -> int:
        return len(self._rising)

    @property
    def more(self) -> float | None:
        return max((row.at_output.without_db or 0.0 for row in self._rising), default=None)

    @property
    def _rising(self) -> list[StepRow]:
        """Steps without which the output surely has more, and not for what they do together."""
        related = {(s.name, s.call) for s in self.summary.blame.related}
        return [
            row
            for row in self.steps
            if (row.name, row.call) not in related
            and (row.at_output.without_db or 0.0) >= LEAST_DB
            and row.at_output.without_ci95_db is not None
            and row.at_output.without_ci95_db[0] > 0
        ]


def _names(steps: Iterable[StepName]) -> str:
    return listed([label(step) for step in steps])


Said = Sentence[Without]
NAMED: tuple[Said, ...] = (
    Said(
        "where.by_removal",
        "taken away, the step's grid lowers the output's; its own maps show none, or were not "
        "scored",
        lambda f: f.named and f.worst is not None and f.worst.score.verdict not in FOUND,
        "born at {step}, as the output without it tells; its own maps {own_reason}",
    ),
    Said(
        "where.elsewhere",
        "taken away, the step's grid lowers the output's; at the step's own frequencies the output "
        "shows none, or was not scored",
        lambda f: f.named and f.at.verdict not in FOUND,
        "born at {step}, and in the output at frequencies of other steps",
    ),
    Said(
        "where.several",
        "the output's grid falls without each of some steps, or only without some at once",
        lambda f: f.standing == "several",
        "several steps: {questioned}",
    ),
    Said(
        "where.not_told_apart",
        "the output has less grid without each of some steps, which may be chance, or may be as "
        "much of another step",
        lambda f: f.standing == "not told apart" and not f.single,
        "not told apart: {questioned}",
    ),
    Said(
        "where.perhaps",
        "the output has less grid without one step, which may be chance",
        lambda f: f.standing == "not told apart",
        "not known: what the output has less without the grid of {questioned} may be chance",
    ),
)
UNNAMED: tuple[Said, ...] = (
    Said(
        "where.unsettled",
        "the output's grid fell without none of the steps, and the intervals of some reach below "
        "a fall of 1 dB",
        lambda f: f.standing == "none" and bool(f.wide),
        "not proven; it may be {wide}: by how much the output changes without {its} grid, these "
        "inputs cannot tell",
    ),
    Said(
        "where.no_single",
        "the grid of every step was taken away, and the output's fell without none of them",
        lambda f: f.standing == "none" and not f.untaken and not f.chosen,
        "no single step: without any of them the output keeps its grid",
    ),
    Said(
        "where.no_single_taken",
        "the grids of some steps were taken away, and the output's fell without none of them",
        lambda f: f.standing == "none",
        "no single step of those that were taken away: the output keeps its grid{others}",
    ),
    Said(
        "where.faint",
        "the output's grid is fainter than the one that a clean network may have",
        lambda f: f.standing == "faint",
        "too faint to name a step",
    ),
)
LOSS: tuple[Said, ...] = (
    Said(
        "where.less",
        "the step to blame is known, and so is what the output has less without its grid",
        lambda f: f.named and f.less is not None,
        "without its grid the output has {less:.1f} dB less{less_range}{manner}",
    ),
    Said(
        "where.nothing_left",
        "without the grid of the step to blame the output has none above zero; at most known",
        lambda f: f.named and f.at_least is not None,
        "without its grid the output has none left (at least {at_least:.1f} dB less){manner}",
    ),
    Said(
        "where.all_gone",
        "without the grid of the step to blame the output has none above zero",
        lambda f: f.named,
        "without its grid the output has none left{manner}",
    ),
)
NOT_TAKEN: tuple[Said, ...] = (
    Said(
        "where.not_taken",
        "a step is named by what the output holds, as its grid was to be taken away and was not",
        lambda f: f.asked and f.standing == "not measured" and f.found and bool(f.why_untaken),
        "what the output has without its grid was not measured: {why_untaken}",
    ),
)
RELATION: tuple[Said, ...] = (
    Said(
        "where.adding",
        "of steps of one period the output has less without each, and far less without all",
        lambda f: f.summary.blame.relation == "adding",
        "the grids of {related} add up",
    ),
    Said(
        "where.cancelling",
        "of steps of one period the output has more without each, and not without all",
        lambda f: f.summary.blame.relation == "cancelling",
        "the grids of {related} cancel: without one of them the output has more at their "
        "frequencies",
    ),
    Said(
        "where.louder",
        "of steps of one period that cancel in part, a quarter less of one lowers the output",
        lambda f: f.louder is not None,
        "the grids of {related} cancel in part, and that of {louder} is the louder",
    ),
)
RISE: tuple[Said, ...] = (
    Said(
        "where.undone",
        "without the grid of one step, which does not cancel that of another, the output has 1 dB "
        "more or over, its interval above zero",
        lambda f: f.rising == 1,
        "taking the grid of {undone} away gives the output {more:.1f} dB more",
    ),
    Said(
        "where.undone_each",
        "the same holds of several steps",
        lambda f: f.rising > 1,
        "taking the grid of one of {undone} away gives the output up to {more:.1f} dB more",
    ),
)
