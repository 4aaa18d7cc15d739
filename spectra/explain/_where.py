"""Where the grid is born, and what of it is known to reach the output."""

from __future__ import annotations

from spectra._names import db_text
from spectra._sentence import Sentence, part
from spectra._words import listed
from spectra.explain._removals import LOSS, NAMED, NOT_TAKEN, RELATION, RISE, UNNAMED, Without
from spectra.explain._verdict import FOUND

AS_IT_IS_DB = 1.0  # change below which a grid arrives as it was


class Where(Without):
    """The steps' own maps, and the worst step at the output."""

    @property
    def verdicts(self) -> set[str]:
        """What the steps' own maps show."""
        return {row.score.verdict for row in self.steps}

    @property
    def unscored(self) -> str:
        return listed([row.label for row in self.steps if row.score.verdict == "insufficient"])

    @property
    def inheriting(self) -> bool:
        """Whether steps' own maps hold peaks that the inputs already had."""
        return any(row.inherited for row in self.steps)

    @property
    def tested(self) -> bool:
        """Whether the output was tested at the worst step's frequencies."""
        return self.at.p is not None

    @property
    def fallen(self) -> bool:
        """Whether the output is known to have less at the step's frequencies than its own maps."""
        own = self.worst.score.told_dbc if self.worst else None
        return own is not None and self.upper is not None and self.upper < own

    @property
    def below(self) -> str:
        return "" if self.upper is None else f" (below {db_text(self.upper)} dBc)"

    @property
    def at_reason(self) -> str:
        return self.at.reason or "not measured"

    @property
    def held(self) -> str | None:
        """The energy that the output holds at the worst step's frequencies."""
        if self.at.locked_lower_dbc is not None:
            return f"at least {db_text(self.at.locked_lower_dbc)} dBc"
        return None if self.at.locked_dbc is None else f"{db_text(self.at.locked_dbc)} dBc"

    @property
    def change(self) -> float | None:
        """The change on the way, to the decimal that is printed: words and number agree."""
        return None if self.at.change_db is None else round(self.at.change_db, 1)

    @property
    def loss(self) -> float | None:
        return None if self.change is None else abs(self.change)

    @property
    def sharing(self) -> str:
        """The other steps that may have left what stands at the step's frequencies."""
        own = {row.label for row in self.steps if row.score.verdict != "none"}
        return listed([label for label in self.at.shared_with if label in own])

    @property
    def unfollowed(self) -> str:
        """The other steps with a grid of which nobody knows whether it reaches the output."""
        return listed(
            [
                row.label
                for row in self.steps
                if row is not self.worst
                and row.score.verdict in FOUND
                and row.at_output.verdict == "insufficient"
            ]
        )


Said = Sentence[Where]
_BORN: tuple[Said, ...] = (
    Said(
        "where.module",
        "a module's output is the first to show a grid that no step has",
        lambda f: f.module is not None,
        "first seen in what comes out of {module}; no step's own maps show as much",
    ),
    Said(
        "where.code",
        "such a grid is there before a module is called, and none made it",
        lambda f: f.called is not None,
        "made in the code of {within}, before it calls {called}; no step's own maps show as much",
    ),
    *NAMED,
    Said(
        "where.brought",
        "every step's own maps were scored, and none shows a grid but that of the inputs",
        lambda f: f.verdicts == {"none"} and f.inheriting,
        "no step's own maps show a grid but peaks that the inputs already had",
    ),
    Said(
        "where.nowhere",
        "every step's own maps were scored, and none shows a grid",
        lambda f: f.verdicts == {"none"},
        "no step's own maps show a grid",
    ),
    Said(
        "where.nowhere_scored",
        "some steps' own maps were scored, and none of these shows a grid",
        lambda f: f.verdicts == {"none", "insufficient"},
        "no step that was scored shows a grid in its own maps; not scored: {unscored}",
    ),
    Said(
        "where.unknown",
        "the output shows a grid, and no step's own maps were scored",
        lambda f: f.found and f.verdicts == {"insufficient"},
        "where it is born is not known: no step's own maps were scored",
    ),
    *UNNAMED,
    Said(
        "where.inherited",
        "of the step's grid the output shows only peaks that the inputs already had",
        lambda f: f.brought_along,
        "{step} shows a grid, of which the output holds only peaks that the inputs already had",
    ),
    Said(
        "where.removed",
        "tested at the step's frequencies and as a whole, the output shows none and has less",
        lambda f: f.gone and f.tested and f.output.verdict == "none" and f.fallen,
        "born at {step}, removed by later layers: not detected in the output{below}",
    ),
    Said(
        "where.absent",
        "tested at the step's frequencies, the output shows none",
        lambda f: f.gone and f.tested,
        "born at {step}; at its frequencies the output shows no grid{below}",
    ),
    Said(
        "where.not_its_own",
        "nothing of the output is left to be charged to the step",
        lambda f: f.gone,
        "born at {step}; the output shows none of it: {at_reason}",
    ),
    Said(
        "where.not_known",
        "the output was not scored at the step's frequencies",
        lambda f: f.worst is not None and f.at.verdict == "insufficient",
        "born at {step}; what of it reaches the output is not known: {at_reason}",
    ),
    Said(
        "where.too_weak",
        "the output shows a grid at the step's frequencies, without a number",
        lambda f: f.worst is not None and f.held is None,
        "born at {step}; the output shows its grid, without a number: {at_reason}",
    ),
    Said(
        "where.alone",
        "the output shows a grid at the step's frequencies, and none as a whole",
        lambda f: f.worst is not None and f.output.verdict == "none",
        "born at {step}; the output holds {held} at its frequencies alone, and shows "
        "no grid at all of them together",
    ),
    Said(
        "where.shared",
        "other steps that may have a grid have the same frequencies in the output",
        lambda f: f.named and bool(f.sharing),
        "born at {step}; the output holds {held} at its frequencies, which are also those of "
        "{sharing}",
    ),
    Said(
        "where.either",
        "so have they, and what the output has without the grid of each is not known",
        lambda f: f.worst is not None and bool(f.sharing),
        "born at {step} or at {sharing}: the output holds {held} at frequencies that they share",
    ),
    Said(
        "where.held",
        "the output shows a grid at the step's frequencies; either is no more than a bound",
        lambda f: f.worst is not None and f.change is None,
        "born at {step}; the output holds {held} at its frequencies",
    ),
    Said(
        "where.as_it_is",
        "the energy over the rest changes by less than 1 dB",
        lambda f: f.loss is not None and f.loss < AS_IT_IS_DB,
        "born at {step}, reaches the output as it is",
    ),
    Said(
        "where.weakened",
        "the energy over the rest falls on the way to the output",
        lambda f: f.change is not None and f.change < 0,
        "born at {step}, weakened by {loss:.1f} dB on its way to the output",
    ),
    Said(
        "where.amplified",
        "the energy over the rest grows on the way to the output",
        lambda f: f.change is not None,
        "born at {step}, amplified by {loss:.1f} dB on its way to the output",
    ),
)
_OTHERS: tuple[Said, ...] = (
    Said(
        "where.others_not_known",
        "what of the worst step reaches the output is known; of other steps with a grid it is not",
        lambda f: f.worst is not None and f.at.verdict != "insufficient" and bool(f.unfollowed),
        "what of {unfollowed} reaches the output is not known",
    ),
)
WHERE = (
    part(*_BORN),
    part(*LOSS),
    part(*NOT_TAKEN, shown="explained"),
    part(*RELATION),
    part(*RISE, shown="explained"),
    part(*_OTHERS, shown="explained"),
)
