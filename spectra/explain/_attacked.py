"""What is said of an attack: what becomes of the grid, of the output, and how much of it locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra._names import db_text
from spectra._sentence import Sentence, part
from spectra._words import listed
from spectra.explain._facts import Facts
from spectra.explain._verdict import FOUND
from spectra.explain._words import describe_energy

if TYPE_CHECKING:
    from spectra.explain._attack import AttackRow
    from spectra.score import LockedChange


class Attacked(Facts):
    """The facts of an attack beside those of the clean run."""

    @property
    def row(self) -> AttackRow | None:
        """What the attack did, where one was asked for."""
        return self.summary.attack

    @property
    def spec(self) -> str:
        return self.row.spec if self.row else ""

    @property
    def moved(self) -> str | None:
        return self.row.moved if self.row else None

    @property
    def kept(self) -> str:
        return listed(self.row.kept) if self.row else ""

    @property
    def change(self) -> LockedChange | None:
        return self.row.locked_change if self.row else None

    @property
    def by(self) -> str | None:
        """The change of the output's locked energy, with its interval."""
        found = self.change
        if found is None or found.db is None:
            return None
        ends = found.ci95_db
        interval = "" if ends is None else f" ({_signed(ends[0])} to {_signed(ends[1])})"
        return f"{_signed(found.db)} dB{interval}"

    @property
    def settled(self) -> bool:
        """Whether the interval of the change lies on one side of no change."""
        return self.change is not None and (self.change.fell or self.change.rose)

    @property
    def before(self) -> str:
        return describe_energy(self.output).removeprefix("locked energy ")

    @property
    def after(self) -> str:
        """The attacked output's locked energy, and what it is."""
        return describe_energy(self.row.output) if self.row else ""

    @property
    def scored(self) -> bool:
        """Whether the attacked output was tested."""
        return self.row is not None and self.row.output.verdict != "insufficient"

    @property
    def shows(self) -> bool:
        """Whether the attacked output shows a grid."""
        return self.row is not None and self.row.output.verdict in FOUND

    @property
    def why_not_scored(self) -> str | None:
        return self.row.output.reason if self.row else None

    @property
    def word(self) -> str | None:
        graded = self.summary.severity
        return graded.word if graded else None

    @property
    def attacked_word(self) -> str | None:
        return self.row.severity.word if self.row else None

    @property
    def words_known(self) -> bool:
        words = self.word, self.attacked_word
        return None not in words and "insufficient" not in words

    @property
    def psnr(self) -> float | None:
        return self.row.psnr_to_clean_db if self.row else None

    @property
    def change_dbc(self) -> float | None:
        return self.row.change_dbc if self.row else None

    @property
    def psnr_clean(self) -> float | None:
        return self.row.psnr_clean_db if self.row else None

    @property
    def psnr_attacked(self) -> float | None:
        return self.row.psnr_attacked_db if self.row else None

    @property
    def same(self) -> str | None:
        """The share of pixels that keep their class."""
        return _percent(self.row.same_class if self.row else None)

    @property
    def right(self) -> str | None:
        """The share of pixels that are right before and after."""
        if self.row is None or self.row.right_clean is None or self.row.right_attacked is None:
            return None
        return f"{_percent(self.row.right_attacked)} instead of {_percent(self.row.right_clean)}"

    @property
    def share(self) -> str | None:
        """How much of the output's change is locked to the grid; None where none was found."""
        own = self.row.change if self.row else None
        if own is None or own.verdict not in FOUND or own.told_dbc is None:
            return None
        ratio = 10 ** (own.told_dbc / 10)
        return _percent(ratio / (1 + ratio))

    @property
    def no_share(self) -> bool:
        """Whether the output's change was tested, and no grid was found in it."""
        return self.row is not None and self.row.change.verdict == "none"

    @property
    def targets(self) -> str | None:
        return self.row.targets if self.row else None

    @property
    def grid_put_in(self) -> str | None:
        """The grid of the attacked inputs, where the clean ones show none."""
        own = self.row.input if self.row else None
        if own is None or own.verdict not in FOUND or self.summary.input.score.verdict in FOUND:
            return None
        return describe_energy(own)


Said = Sentence[Attacked]

ATTACK = (
    part(
        Said(
            "attack.unscored",
            "an attack was asked for; the attacked output was not scored",
            lambda f: f.row is not None and not f.scored and f.why_not_scored is not None,
            "under {spec} the output was not scored: {why_not_scored}",
        ),
        Said(
            "attack.perhaps",
            "the output's locked energy has a number with and without an attack, and the interval "
            "of its change holds none",
            lambda f: f.by is not None and not f.settled,
            "under {spec} {after} instead of {before}: {by}, which these inputs do not tell from "
            "no change",
        ),
        Said(
            "attack.changed",
            "an attack was asked for; the output's locked energy has a number with and without it",
            lambda f: f.by is not None,
            "under {spec} {after} instead of {before}: {by}",
        ),
        Said(
            "attack.appears",
            "attacked, the output shows a grid, and clean it shows none",
            lambda f: f.shows and f.output.verdict == "none",
            "under {spec} {after} in the output; clean no grid is detected",
        ),
        Said(
            "attack.disappears",
            "clean, the output shows a grid, and attacked it shows none",
            lambda f: f.scored and not f.shows and f.found,
            "under {spec} no grid is detected in the output; clean its locked energy is {before}",
        ),
        Said(
            "attack.clean",
            "the output shows no grid, attacked or not",
            lambda f: f.scored and not f.shows and f.output.verdict == "none",
            "under {spec} no grid is detected in the output either",
        ),
        Said(
            "attack.bounded",
            "attacked, the output was scored, and its change has no number",
            lambda f: f.scored,
            "under {spec} {after}, clean {before}; by how much it changes is not known",
        ),
    ),
    part(
        Said(
            "attack.worse",
            "the severity is known clean and attacked, and differs",
            lambda f: f.words_known and f.word != f.attacked_word,
            "severity goes from {word} to {attacked_word}",
        ),
        Said(
            "attack.alike",
            "the severity is known clean and attacked, and is the same",
            lambda f: f.words_known,
            "severity stays {word}",
        ),
    ),
    part(
        Said(
            "attack.right",
            "the loss is of classes, and targets were given",
            lambda f: f.right is not None,
            "{right} of the labelled pixels are right",
        ),
        Said(
            "attack.same",
            "the loss is of classes",
            lambda f: f.same is not None,
            "{same} of the pixels keep their class",
        ),
        Said(
            "attack.targets",
            "the range of the output is known, and targets were given",
            lambda f: f.psnr_clean is not None and f.psnr_attacked is not None,
            "PSNR against the targets {psnr_attacked:.2f} dB instead of {psnr_clean:.2f}",
        ),
        Said(
            "attack.psnr",
            "the range of the output is known",
            lambda f: f.psnr is not None,
            "PSNR of the attacked against the clean output {psnr:.2f} dB",
        ),
        Said(
            "attack.power",
            "the output changes, and its range is not known",
            lambda f: f.change_dbc is not None,
            "the output's change has {change_dbc:.1f} dB of its own power",
        ),
        Said(
            "attack.nothing",
            "an attack was asked for, and the output does not change",
            lambda f: f.row is not None,
            "the output does not change at all",
        ),
    ),
    part(
        Said(
            "attack.share",
            "the change of the output was tested, and shows a grid",
            lambda f: f.share is not None,
            "at least about {share} of that change is locked to the grid",
        ),
        Said(
            "attack.no_share",
            "the change of the output was tested, and shows no grid",
            lambda f: f.no_share,
            "no grid is detected in that change",
        ),
    ),
    part(
        Said(
            "attack.put_in",
            "attacked inputs show a grid, and clean ones show none",
            lambda f: f.grid_put_in is not None,
            "the attack puts a grid into the inputs themselves, {grid_put_in}",
        ),
        shown="explained",
    ),
    part(
        Said(
            "attack.weight",
            "CosPGD weighed each pixel by 1",
            lambda f: f.row is not None and f.row.weight_is_one,
            "with one channel psi=channels weighs each pixel by 1, so that this is PGD: "
            "psi=sigmoid or psi=rows does not",
        ),
    ),
    part(
        Said(
            "attack.unbounded",
            "the range of the inputs is not known",
            lambda f: f.row is not None and not f.row.bounded,
            "eps is in the inputs' own unit and nothing is clipped, as their range is not known "
            "(--range)",
        ),
    ),
    part(
        Said(
            "attack.first",
            "the model takes several things, and the first map of them was attacked",
            lambda f: f.moved is not None,
            "of what the model takes, only {moved} was attacked; as given: {kept}",
        ),
    ),
    part(
        Said(
            "attack.own_output",
            "no targets were given",
            lambda f: f.row is not None and f.targets is None,
            "away from the model's own clean output, as no targets were given",
        ),
        Said(
            "attack.towards",
            "targets were given, and the attack is targeted",
            lambda f: f.row is not None and f.row.targeted and f.targets is not None,
            "towards {targets}",
        ),
        Said(
            "attack.given",
            "targets were given",
            lambda f: f.targets is not None,
            "away from {targets}",
        ),
    ),
)


def _signed(value: float) -> str:
    return db_text(value, "+.1f")


def _percent(share: float | None) -> str | None:
    if share is None:
        return None
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.4g} %"
