"""What the sentences of a comparison speak of."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

from spectra._names import db_text
from spectra._words import counted, input_noun, listed
from spectra.compared._lost import unscored_period

if TYPE_CHECKING:
    from spectra.compared._row import Row
    from spectra.explain import Summary
    from spectra.score import LockedChange

Outcome = Literal["better", "worse", "no difference", "not known"]
WORDS = ("none", "faint", "visible", "strong")
UNMEASURED = 0.05  # dB: a change that is printed as zero needs no more inputs
MOST_NEEDED = 100_000
ROUNDING = 1e-6  # dB


@dataclass(frozen=True)
class Facts:
    """Two summaries, their rows, and what of them stands alone."""

    old: Summary
    new: Summary
    rows: tuple[Row, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    unpaired: str | None
    incomparable: str | None

    @property
    def output(self) -> Row:
        return next(row for row in self.rows if row.where == "output")

    @property
    def change(self) -> LockedChange:
        return self.output.change

    @property
    def paired(self) -> bool:
        return self.change.paired

    @property
    def reason(self) -> str | None:
        return self.change.reason

    @property
    def has_inputs(self) -> bool:
        return self.old.inputs.used > 0 and self.new.inputs.used > 0

    @property
    def empty(self) -> str | None:
        """Which of the two had no inputs, if any."""
        used = [summary.inputs.used > 0 for summary in (self.old, self.new)]
        return {0: "both results", 1: f"the result {'after' if used[0] else 'before'}"}.get(
            sum(used)
        )

    @property
    def compared(self) -> bool:
        """Whether anything is known of the output's change."""
        known = self.change.db is not None or self.bound is not None
        return known and not self.incomparable

    @property
    def unscored(self) -> str | None:
        """Why the output of one of the two was not tested, if so."""
        for when, row in (("before", self.output.before), ("after", self.output.after)):
            if row.verdict == "insufficient":
                return f"the output {when} was not scored: {row.reason or 'not measured'}"
        return None

    @property
    def lost(self) -> str | None:
        """Which period had a grid on the louder side and no number on the other, and why, if any.

        What is not looked at has not become weaker.
        """
        if self.change.fell:
            return unscored_period(self.old, self.new, "after", "before")
        if self.change.rose:
            return unscored_period(self.new, self.old, "before", "after")
        return None

    @property
    def clean(self) -> bool:
        """Whether the test finds a grid on neither side."""
        return self.output.before.verdict == self.output.after.verdict == "none"

    @property
    def identical(self) -> bool:
        ends = self.change.ci95_db
        return self.paired and ends is not None and max(map(abs, ends)) < ROUNDING

    @property
    def measured(self) -> str | None:
        """The change with its sign and interval."""
        db, ends = self.change.db, self.change.ci95_db
        if db is None or ends is None:
            return None
        low, high = (db_text(end, "+.1f") for end in ends)
        return f"{db_text(db, '+.1f')} dB ({low} to {high})"

    @property
    def amount(self) -> str | None:
        """How much weaker or stronger the grid became, without a sign, with its interval."""
        db, ends = self.change.db, self.change.ci95_db
        if db is None or ends is None:
            return None
        least, most = sorted(abs(end) for end in ends)
        return f"{_sized(abs(db))} dB ({_sized(least)} to {_sized(most)})"

    @property
    def least(self) -> str | None:
        """The least by which the grid became weaker or stronger."""
        end = self.change.upper_db if self.change.fell else self.change.lower_db
        return None if end is None else f"{_sized(abs(end))} dB"

    @property
    def bound(self) -> str | None:
        """The end of the interval that is known, where one is."""
        if self.change.ci95_db is not None:
            return None
        if self.change.upper_db is not None:
            return f"at most {db_text(self.change.upper_db, '+.1f')} dB"
        if self.change.lower_db is not None:
            return f"at least {db_text(self.change.lower_db, '+.1f')} dB"
        return None

    @property
    def smallest(self) -> float | None:
        """About the smallest change that these inputs show, in dB."""
        return self.change.half_width_db or None

    @property
    def needed(self) -> int | None:
        """About how many inputs would show the measured change, where these do not.

        An interval's half width falls with the square root of the number of inputs.
        """
        db, smallest = self.change.db, self.smallest
        if outcome(self) != "no difference" or self.clean or db is None or smallest is None:
            return None
        if abs(db) < UNMEASURED or abs(db) > smallest:
            return None
        wanted = self.used * (smallest / abs(db)) ** 2
        return None if wanted > MOST_NEEDED else _two_digits(wanted)

    @property
    def used(self) -> int:
        return min(self.old.inputs.used, self.new.inputs.used)

    @property
    def inputs(self) -> str:
        """How many inputs, and what they are called."""
        return counted(self.used, self._noun)

    @property
    def more(self) -> str | None:
        """About how many inputs are needed, in words."""
        return None if self.needed is None else counted(self.needed, self._noun)

    @property
    def _noun(self) -> str:
        return input_noun(self.old.inputs.kind)

    @property
    def words(self) -> tuple[str | None, str | None]:
        """The severities before and after; None where one is not known."""
        graded = [summary.severity for summary in (self.old, self.new)]
        words = [g.word if g and g.word in WORDS else None for g in graded]
        return words[0], words[1]

    @property
    def severities(self) -> str:
        """Both severities, or that one is not known."""
        before, after = (word or "not known" for word in self.words)
        return (
            f"{before} before and after" if before == after else f"{before} before, {after} after"
        )

    @property
    def word_before(self) -> str | None:
        return self.words[0]

    @property
    def word_after(self) -> str | None:
        return self.words[1]

    @property
    def steeper(self) -> int:
        """By how many words the grid became more severe; 0 where a word is missing."""
        before, after = self.words
        return 0 if before is None or after is None else WORDS.index(after) - WORDS.index(before)

    @property
    def verdict_before(self) -> str:
        return self.output.before.verdict

    @property
    def verdict_after(self) -> str:
        return self.output.after.verdict

    @property
    def moved(self) -> Row | None:
        """The step whose grid at the output changed most, in the direction of the whole output."""
        rows = [row for row in self.rows if row.where == "at output" and row.change.db is not None]
        whole = outcome(self)
        fell, rose = whole == "better", whole == "worse"
        moved = [r for r in rows if (fell and r.change.fell) or (rose and r.change.rose)]
        return max(moved, key=lambda row: abs(row.change.db or 0.0), default=None)

    @property
    def step(self) -> str | None:
        return self.moved.labels[0] if self.moved else None

    @property
    def step_change(self) -> float | None:
        return self.moved.change.db if self.moved else None

    @property
    def flat(self) -> Row | None:
        """The step whose lines under a constant input changed most."""
        rows = [r for r in self.rows if r.where == "flat field" and r.change.db is not None]
        return max(rows, key=lambda row: abs(row.change.db or 0.0), default=None)

    @property
    def flat_step(self) -> str | None:
        return self.flat.labels[0] if self.flat else None

    @property
    def flat_change(self) -> float | None:
        return self.flat.change.db if self.flat else None

    @property
    def swapped(self) -> str | None:
        """Steps of one name whose kind changed."""
        own = [row for row in self.rows if row.where == "own maps"]
        other = [row for row in own if row.kinds[0] != row.kinds[1]]
        changed = [f"{row.labels[0]}: {' -> '.join(row.kinds)}" for row in other]
        return listed(changed) if changed else None

    @property
    def alone_before(self) -> str | None:
        return listed(self.only_before) if self.only_before else None

    @property
    def alone_after(self) -> str | None:
        return listed(self.only_after) if self.only_after else None

    @property
    def apart(self) -> str | None:
        """Why the output's difference is that of two runs."""
        return self.unpaired or self.output.unpaired


def outcome(facts: Facts) -> Outcome:
    """Return what became of the output's grid: the one rule.

    Its interval has to lie wholly on one side of no change. Where the test finds a grid on neither
    side there is none that could have changed; where it had one at a period that has no number on
    the other side, nobody knows.
    """
    change = facts.change
    if facts.incomparable or not facts.has_inputs or facts.unscored or facts.lost:
        return "not known"
    if facts.clean:
        return "no difference"
    if change.fell or change.rose:
        return "better" if change.fell else "worse"
    return "no difference" if facts.compared else "not known"


def _sized(db: float) -> str:
    """Return a size in dB to one decimal, to more where that is nothing."""
    return db_text(db) if db >= UNMEASURED or db == 0 else f"{db:.1g}"


def _two_digits(number: float) -> int:
    """Return a number rounded up to two digits, as far as "about" says anything."""
    step = int(10 ** max(len(str(ceil(number))) - 2, 0))
    return ceil(number / step) * step
