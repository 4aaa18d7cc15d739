"""H1 and H2 of the paper as numbers: what is compared, and what a verdict needs.

Written down, with `docs/results/h1-h2-plan.md`, before the networks of the main comparison ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from spectra.study._cell import Cell
from spectra.study._matched import MATCHED_ATTACK, Matched
from spectra.study._paired import Difference, holm, paired_difference

SIGNIFICANT = 0.05
Verdict = Literal["supported", "supported in part", "mixed", "not shown", "contradicted"]
Told = Literal["better", "worse", "not told"]


@dataclass(frozen=True)
class Contrast:
    """Two variants that are compared, seed by seed."""

    first: str
    second: str


H1 = (
    Contrast("lctc7", "shuffle1"),
    Contrast("lctc11", "shuffle1"),
    Contrast("lctc7", "tc3"),
    Contrast("lctc11", "tc3"),
)
BLOCK = Contrast("block11", "tc3")
KERNEL_OVER_BLOCK = Contrast("lctc11", "block11")
CONFIRMATORY = (*H1, BLOCK, KERNEL_OVER_BLOCK)

# outcome: what it is called, and whether more of it is better
OUTCOMES: Mapping[str, tuple[str, int]] = {
    "alias": ("grid of the output, clean (dBc)", -1),
    "alias_attacked": ("grid of the output, PGD-10 (dBc)", -1),
    "attacked": ("PSNR under PGD-20 (dB)", 1),
    "attacked_matched": ("PSNR under PGD-20 at matched clean quality (dB)", 1),
}


@dataclass(frozen=True)
class Seed:
    """All variants of one seed: their numbers, and those at matched clean quality."""

    cells: Mapping[str, Cell]
    matched: Mapping[str, Matched]

    def value(self, variant: str, outcome: str) -> float | None:
        """Return an outcome of a variant; None where it is missing, or the network is dead."""
        cell = self.cells.get(variant)
        if cell is None or cell.dead:
            return None
        if outcome == "alias":
            return cell.alias["output"]
        if outcome == "alias_attacked":
            return cell.alias["output_attacked"]
        if outcome == "attacked":
            return cell.attacked[MATCHED_ATTACK]["quality"]["psnr"]
        found = self.matched.get(variant)
        return None if found is None else found.attacked


@dataclass(frozen=True)
class Finding:
    """One contrast in one outcome.

    Attributes
    ----------
    contrast : Contrast
    outcome : str
    difference : Difference or None
        First less second; None for fewer than two pairs.
    corrected : float or None
        Holm's p over all contrasts and outcomes.
    """

    contrast: Contrast
    outcome: str
    difference: Difference | None
    corrected: float | None

    @property
    def told(self) -> Told:
        """Whether the first is better or worse than the second, if that can be told."""
        if self.difference is None or self.corrected is None or self.corrected >= SIGNIFICANT:
            return "not told"
        better = OUTCOMES[self.outcome][1] * self.difference.mean > 0
        return "better" if better else "worse"


def findings(seeds: Sequence[Seed]) -> tuple[Finding, ...]:
    """Return every contrast in every outcome, corrected over all of them."""
    places = [(contrast, outcome) for outcome in OUTCOMES for contrast in CONFIRMATORY]
    made = [
        paired_difference(
            [seed.value(contrast.first, outcome) for seed in seeds],
            [seed.value(contrast.second, outcome) for seed in seeds],
        )
        for contrast, outcome in places
    ]
    corrected = iter(holm([one.p for one in made if one is not None]))
    return tuple(
        Finding(contrast, outcome, one, None if one is None else next(corrected))
        for (contrast, outcome), one in zip(places, made, strict=True)
    )


def h1(found: Iterable[Finding], outcome: str) -> Verdict:
    """Return what is said of H1: that larger upsampling kernels are better in an outcome.

    Supported where both sizes are better than both small upsamplers; in part where some are and
    none is worse; contradicted where some are worse and none is better.
    """
    told = [f.told for f in found if f.outcome == outcome and f.contrast in H1]
    better, worse = told.count("better"), told.count("worse")
    if better == len(H1):
        return "supported"
    if better and worse:
        return "mixed"
    if better:
        return "supported in part"
    return "contradicted" if worse else "not shown"


def h2(found: Iterable[Finding], outcome: str) -> Verdict:
    """Return what is said of H2: that large kernels elsewhere in the decoder do not help.

    Contradicted where large kernels in the blocks are better than small ones. Supported where
    that cannot be told and large kernels in the upsampling are better than in the blocks.
    """
    told = {f.contrast: f.told for f in found if f.outcome == outcome}
    if told[BLOCK] == "better":
        return "contradicted"
    return "supported" if told[KERNEL_OVER_BLOCK] == "better" else "not shown"


def all_told(seeds: Sequence[Seed]) -> dict[str, tuple[Verdict, Verdict]]:
    """Return the verdicts on H1 and H2 for each outcome."""
    found = findings(seeds)
    return {outcome: (h1(found, outcome), h2(found, outcome)) for outcome in OUTCOMES}
