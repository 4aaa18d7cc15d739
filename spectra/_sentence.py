"""A sentence is a condition and words; an answer is the first whose condition holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from spectra._names import db_text

F_contra = TypeVar("F_contra", contravariant=True)


@dataclass(frozen=True)
class Sentence(Generic[F_contra]):
    """One sentence that the product may say.

    Attributes
    ----------
    id : str
        ``family.case``, or ``family`` where there is one case.
    when : str
        The condition in words; ``docs/sentences.md`` shows it.
    holds : callable
        The condition as code.
    words : str
        What is said, with the ``{names}`` of facts.
    """

    id: str
    when: str
    holds: Callable[[F_contra], bool]
    words: str

    def of(self, facts: F_contra) -> str:
        """Return the sentence about these facts."""
        return _Words(facts).format(self.words)


class _Words(Formatter):
    """Looks the names in a sentence up among the facts; a fact that is not known is a mistake."""

    def __init__(self, facts: object) -> None:
        self._facts = facts

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Return one fact."""
        value = getattr(self._facts, str(key))
        assert value is not None, f"a sentence speaks of {key}, which is not known"
        return value

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a fact as it is printed: of dB, what rounds to zero has no sign."""
        if isinstance(value, float) and format_spec.endswith("f"):
            return db_text(value, format_spec)
        return str(super().format_field(value, format_spec))


Shown = Literal["always", "explained", "brief"]


class Part(NamedTuple):
    """One part of an answer: the first of its sentences that stands is said.

    Attributes
    ----------
    sentences : sequence of Sentence
        In the order in which they are asked for.
    shown : {"always", "explained", "brief"}
        Whether it is said always, only in the whole answer, or only in the brief one.
    """

    sentences: Sequence[Sentence[Any]]
    shown: Shown


def part(*sentences: Sentence[Any], shown: Shown = "always") -> Part:
    """Return some sentences as one part of an answer."""
    return Part(sentences, shown)


def first(sentences: Iterable[Sentence[F_contra]], facts: F_contra) -> Sentence[F_contra] | None:
    """Return the first sentence that stands, if any does."""
    return next((sentence for sentence in sentences if sentence.holds(facts)), None)


def said(parts: Iterable[Part], facts: object, *, brief: bool) -> str:
    """Return the first sentence of each part that stands, joined: the whole answer, or in brief."""
    left_out = "explained" if brief else "brief"
    standing = (first(part.sentences, facts) for part in parts if part.shown != left_out)
    return "; ".join(sentence.of(facts) for sentence in standing if sentence is not None)
