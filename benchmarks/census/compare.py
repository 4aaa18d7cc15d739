"""Hold what ``spectra.capture`` finds against what was counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Self

from census.catalogue import Decoder
from census.count import Count, Site, count
from spectra.capture import Discovery, discover


@dataclass(frozen=True)
class Comparison:
    """One decoder's steps, as found and as expected.

    A step counts as found where module and kind are the same. ``renamed`` are right by module
    but of another kind; they are neither ``missed`` nor ``false``.
    """

    name: str
    encoder: bool
    expected: int
    found: int
    renamed: Counter[tuple[str, str, str]]
    missed: Counter[Site]
    false: Counter[Site]
    constant: int
    spread: int
    unexplained: tuple[str, ...]
    error: str | None = None

    @classmethod
    def failed(cls, decoder: Decoder, expected: int, error: Exception) -> Self:
        """Return the row of a decoder on which the search for steps itself failed."""
        words = f"{type(error).__name__}: {error}"
        return cls(
            decoder.name,
            decoder.encoder,
            expected,
            found=0,
            renamed=Counter(),
            missed=Counter(),
            false=Counter(),
            constant=0,
            spread=0,
            unexplained=(),
            error=words,
        )


def compare(decoder: Decoder) -> Comparison:
    """Build a decoder, count its growing calls and search for its steps."""
    module = decoder.module()
    example = decoder.example(seed=1)
    counted = count(module, example, decoder.example(seed=2))
    expected = decoder.expected(counted)
    try:
        found = discover(module, example)
    except Exception as error:
        return Comparison.failed(decoder, expected.total(), error)
    if found.untraced:
        return Comparison.failed(decoder, expected.total(), RuntimeError(found.untraced))
    return _compared(decoder, counted, expected, found)


def _compared(
    decoder: Decoder, counted: Count, expected: Counter[Site], discovery: Discovery
) -> Comparison:
    found: Counter[Site] = Counter()
    for step in discovery.steps:  # calls side by side are one step: the refinements of a flow
        found[Site(step.name, step.kind)] += step.calls
    missed, false = expected - found, found - expected
    renamed: Counter[tuple[str, str, str]] = Counter()
    for was in list(missed.elements()):
        named = next((site for site in false if site.module == was.module and false[site]), None)
        if named is not None:
            renamed[was.module, was.kind, named.kind] += 1
            missed -= Counter([was])
            false -= Counter([named])
    return Comparison(
        decoder.name,
        decoder.encoder,
        expected.total(),
        found=(expected & found).total(),
        renamed=renamed,
        missed=missed,
        false=false,
        constant=counted.constant.total(),
        spread=counted.spread.total(),
        unexplained=tuple(growth.name for growth in discovery.growth),
    )
