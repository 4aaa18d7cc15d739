"""Many pictures: what stands out in them together, with one origin or each with its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from scipy import special

from spectra.images._cause import Cause, Evidence, causes
from spectra.images._grid import Finding, Grid, findings, grid_of
from spectra.images._picture import Verdict, verdict_of
from spectra.images._residuals import RESIDUALS
from spectra.images._spectrum import SIDE
from spectra.images._test import ALARMS, LEAST_P, alarms, is_astray, point_p

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from numpy.typing import NDArray

    from spectra.images._picture import PictureGrid
    from spectra.images._waves import Waves

AGREEMENT = 0.25  # of the way from random phases to equal ones
Thing = TypeVar("Thing")
Combined = Literal["one picture", "one origin", "own origins"]


@dataclass(frozen=True)
class Together:
    """What many pictures show together.

    Attributes
    ----------
    verdict, grid, causes, findings
        As of one picture.
    combined : {"one picture", "one origin", "own origins"}
        How: with one origin the phases of all pictures agree, as of generated ones; pictures that
        were cropped or rotated have each its own, and only their p-values are combined.
    alarms : float
        Expected false alarms of what is least likely by chance.
    seams : int or None
        Pixels from one seam to the next, where most pictures that show something have any.
    """

    verdict: Verdict
    grid: Grid | None
    causes: tuple[Cause, ...]
    findings: tuple[Finding, ...]
    combined: Combined
    alarms: float
    seams: int | None


class Album:
    """Running sums over pictures: as large for a million as for one.

    Attributes
    ----------
    count : int
        Pictures added.
    spectrum : ndarray, shape (128, 65)
        Summed power of their tiles.
    tiles : int
        Number of tiles.
    """

    def __init__(self) -> None:
        self.count = 0
        self.spectrum = np.zeros((SIDE, SIDE // 2 + 1))
        self.tiles = 0
        self._channels: tuple[str, ...] = ()
        self._waves: Waves | None = None
        self._log_p: NDArray[np.float64] = np.zeros(())
        self._evidence: list[tuple[Evidence, bool]] = []

    def add(self, seen: PictureGrid, spectrum: NDArray[np.float64], tiles: int) -> None:
        """Add a picture; grey ones among coloured count as three equal channels."""
        self.count += 1
        self.spectrum += spectrum
        self.tiles += tiles
        channels, waves, p = seen.channels, seen.waves, seen.p
        if self._waves is not None and len(channels) != len(self._channels):
            grown = channels if len(channels) > len(self._channels) else self._channels
            if 1 in (len(channels), len(self._channels)):
                waves, p = _repeated(waves, len(grown)), _repeat(p, len(grown))
                self._waves = _repeated(self._waves, len(grown))
                self._log_p = _repeat(self._log_p, len(grown))
                channels = grown
            else:
                return
        self._channels = channels
        log_p = np.log(np.maximum(p, LEAST_P))
        self._waves = waves if self._waves is None else self._waves + waves
        self._log_p = log_p if self.count == 1 else self._log_p + log_p
        self._evidence.append((seen.evidence, seen.verdict != "none"))

    def together(self) -> Together:
        """Return what the pictures show together.

        Both ways to combine them are a test of their own, so that the expected false alarms of
        many pictures are doubled.
        """
        assert self._waves is not None
        sums = self._waves
        own = point_p(sums)
        astray = is_astray(sums)
        ways: dict[Combined, NDArray[np.float64]] = {"one origin": alarms(own, astray)}
        if self.count > 1:
            alike = pictures_alike(sums)
            each = fisher_p(self._log_p / alike, self.count / alike)
            ways = {
                "one origin": 2 * ways["one origin"],
                "own origins": 2 * alarms(each, np.zeros_like(astray)),
            }
        expected = np.minimum.reduce(list(ways.values()))
        found = findings(expected, self._channels)
        one = self.count == 1 or phases_agree(sums, expected < ALARMS, self.count)
        combined: Combined = "one origin" if one else "own origins"
        grid = grid_of(found)
        evidence = self._common()
        return Together(
            verdict=verdict_of(grid, evidence),
            grid=grid,
            causes=causes(grid, found, evidence),
            findings=found,
            combined="one picture" if self.count == 1 else combined,
            alarms=min([float(expected.min()), *_other_alarms(evidence)]),
            seams=None if evidence.seams is None else evidence.seams.side,
        )

    def _common(self) -> Evidence:
        """Return what is known beside the points: what most of those pictures say that show any."""
        showing = [each for each, shows in self._evidence if shows] or [
            each for each, _ in self._evidence
        ]
        compressed = [each for each in showing if each.compressed]
        blocks = _most((each.blocks for each in compressed), key=lambda b: b.origin)
        origins = [each.blocks.origin for each in compressed if each.blocks]
        files = {each.file for each in compressed}
        seams = _most((each.seams for each in showing if each.seams), key=lambda s: s.side)
        twice = [each.earlier for each in compressed if each.earlier]
        half = len(showing) / 2
        return Evidence(
            blocks=blocks if len(compressed) >= half else None,
            file=next(iter(files)) if len(files) == 1 else None,
            earlier=_most(twice, key=lambda e: e.quality) if 2 * len(twice) >= half else None,
            seams=seams if sum(each.seams is not None for each in showing) >= half else None,
            levels=max(each.levels for each in showing),
            pattern=float(np.median([each.pattern for each in showing])),
            colour=any(each.colour for each in showing),
            webp=all(each.webp for each in showing),
            apart=2 * origins.count(blocks.origin if blocks else (0, 0)) < len(origins),
        )


def pictures_alike(sums: Waves) -> float:
    """Return how many pictures share a scene, at least 1: frames of a film are no new evidence.

    Sums beside the lattice grow with the number of pictures where their scenes differ, and with
    its square where they are one.
    """
    together = (np.abs(sums.beside) ** 2).sum()
    return float(max(together / max(sums.scatter.sum(), 1e-12), 1.0))


def fisher_p(log_p: NDArray[np.float64], count: float) -> NDArray[np.float64]:
    """Return the p-value of the product of p-values, by Fisher's method.

    Examples
    --------
    >>> fisher_p(np.log([0.2]), 1), fisher_p(2 * np.log([0.1]), 2).round(4)
    (array([0.2]), array([0.0561]))
    """
    tail: NDArray[np.float64] = special.chdtrc(2 * count, -2 * log_p)
    return np.maximum(tail, LEAST_P)


def phases_agree(sums: Waves, found: NDArray[np.bool_], count: int) -> bool:
    """Tell whether what stands out has the same phase in the pictures, as of one origin.

    The power of a sum over n pictures is n times the sum of their powers where phases agree, and
    once that sum where they do not.

    Parameters
    ----------
    sums : Waves
        Over all pictures.
    found : ndarray of bool, shape (reading, point)
        What stands out; where nothing does, nothing agrees.
    count : int
        How many pictures.
    """
    together = float((np.abs(sums.own) ** 2)[found].sum())
    apart = float(sums.own_scatter[found].sum())
    least = 1 + AGREEMENT * (count - 1) + 0.5 / np.sqrt(count)  # few random phases agree by chance
    return bool(together > least * apart > 0)


def _other_alarms(evidence: Evidence) -> list[float]:
    found = [evidence.blocks.alarms] if evidence.compressed and evidence.blocks else []
    return found + ([evidence.seams.alarms] if evidence.seams else [])


def _most(values: Iterable[Thing | None], key: Callable[[Thing], Hashable]) -> Thing | None:
    """Return the first of those values whose key is the commonest; None of none."""
    held = [value for value in values if value is not None]
    common = Counter(map(key, held)).most_common(1)
    return next((value for value in held if key(value) == common[0][0]), None)


def _repeat(values: NDArray[np.float64], channels: int) -> NDArray[np.float64]:
    """Return the readings of one channel for each of several; those of several as they are."""
    return values if len(values) > len(RESIDUALS) else np.tile(values, (channels, 1))


def _repeated(waves: Waves, channels: int) -> Waves:
    if len(waves.own) > len(RESIDUALS):
        return waves
    names = ("own", "own_scatter", "places", "beside", "scatter", "astray", "swing", "power")
    tiled = {
        name: np.tile(value, (channels, *[1] * (value.ndim - 1)))
        for name in names
        if (value := getattr(waves, name)) is not None
    }
    return replace(waves, **tiled)  # type: ignore[arg-type]
