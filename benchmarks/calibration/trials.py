"""One trial: maps become a score, by the same path that an analysis takes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spectra import spectrum
from spectra.score import Score
from spectra.score._score import out_of_band_dbc, read_lattice, score


@dataclass(frozen=True)
class Outcome:
    """What is kept of one trial.

    Attributes
    ----------
    p, z : float or None
    verdict : str
    dbc, low, upper : float or None
        Locked energy and the ends of its interval, in dBc; None is an open end.
    out_of_band_dbc : float or None
    truth_dbc : float or None
        Population value, where it is known.
    """

    p: float | None
    z: float | None
    verdict: str
    dbc: float | None
    low: float | None
    upper: float | None
    out_of_band_dbc: float | None = None
    truth_dbc: float | None = None

    def record(self) -> dict[str, Any]:
        """Return the outcome as plain values."""
        return asdict(self)


def measured(maps: NDArray[np.floating], factor: tuple[int, ...], seed: int) -> Score:
    """Return the score of maps (n, channel, *spatial) at one period."""
    return _score(maps, (factor,), seed, 0)[0]


def trial(
    maps: NDArray[np.floating],
    periods: tuple[tuple[int, ...], ...],
    seed: int,
    truth: float | None = None,
    reach: int = 0,
) -> Outcome:
    """Score maps and keep what the tables need.

    ``truth`` is a locked share of all power, ``reach`` is how far padding reaches in.
    """
    found, out_of_band = _score(maps, periods, seed, reach)
    return Outcome(
        p=found.p,
        z=found.z,
        verdict=found.verdict,
        dbc=found.told_dbc,
        low=found.asr_lower_dbc,
        upper=found.asr_upper_dbc,
        out_of_band_dbc=out_of_band,
        truth_dbc=None if truth is None else share_dbc(truth),
    )


def share_dbc(share: float) -> float:
    """Return locked over all other power in dB."""
    return float(10 * np.log10(share / (1 - share)))


def planned(
    shape: tuple[int, ...], periods: tuple[tuple[int, ...], ...], count: int, reach: int = 0
) -> spectrum.MapPlan:
    """Return how such maps are cut; ``reach`` is how far padding reaches in."""
    disturbed = (reach,) * (len(shape) - 1)
    return spectrum.plan_maps(shape, *periods, count=count, reach=lambda _: disturbed)


def _score(
    maps: NDArray[np.floating], periods: tuple[tuple[int, ...], ...], seed: int, reach: int
) -> tuple[Score, float | None]:
    statistics = spectrum.MapStatistics(planned(maps.shape[1:], periods, len(maps), reach))
    statistics.update(torch.from_numpy(np.ascontiguousarray(maps, np.float32)), first=0)
    data = statistics.to_dataset()
    found = score(read_lattice(data, seed=seed), data)
    known = found.verdict != "insufficient"
    return found, out_of_band_dbc(data, max(periods)) if known else None
