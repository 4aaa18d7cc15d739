"""A sentence is a condition and words; an answer is the first whose condition holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

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
        return self.words.format_map(_Known(facts))


class _Known:
    """Looks the names in a sentence up among the facts; a fact that is not known is a mistake."""

    def __init__(self, facts: object) -> None:
        self._facts = facts

    def __getitem__(self, name: str) -> object:
        value = getattr(self._facts, name)
        assert value is not None, f"a sentence speaks of {name}, which is not known"
        return value


def first(sentences: Iterable[Sentence[F_contra]], facts: F_contra) -> Sentence[F_contra] | None:
    """Return the first sentence that stands, if any does."""
    return next((sentence for sentence in sentences if sentence.holds(facts)), None)


def said(parts: Iterable[Iterable[Sentence[F_contra]]], facts: F_contra) -> str:
    """Return the first sentence of each part that stands, joined."""
    standing = (first(sentences, facts) for sentences in parts)
    return "; ".join(sentence.of(facts) for sentence in standing if sentence is not None)
