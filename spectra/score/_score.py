"""The score of one place of a model."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

from spectra.score._energy import (
    Energy,
    Lattice,
    jackknife,
    locked_energy,
    locked_lattice,
    ratio_dbc,
)
from spectra.score._obstacle import obstacle, replicates
from spectra.score._prominence import prominence_db
from spectra.score._randomisation import GridTest, offset_randomisation
from spectra.score._types import REFERENCE, Score, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

SUSPECT, PRESENT = 0.05, 0.001
FIXED_PART = 1 / 4  # of the replicas, from which on fixed content may be what they are
FIXED_FLOOR = 1e-4  # of the total power, -40 dBc
FIXED_CONTENT = (
    "the maps share fixed content: its own replicas cannot be told from those of a grid; see the "
    "flat field"
)
CARRIES = 0.01  # of the strongest point's locked energy: such points make the period


@dataclass(frozen=True)
class LatticeReading:
    """What is known of one place before a subset of its lattice points is judged."""

    data: xr.Dataset
    lattice: Lattice
    test: GridTest
    prominence: NDArray[np.float64]

    @property
    def audible(self) -> NDArray[np.bool_]:
        """Which lines (row 0) and replica bands (row 1) hold enough power to be judged."""
        return np.array(self.lattice.audible)

    def owned_by(self, period: Sequence[int]) -> NDArray[np.bool_]:
        """Return which lattice points belong to steps of one period."""
        owned: NDArray[np.bool_] = (self.lattice.period == np.array(period)).all(axis=1)
        return owned


def read_lattice(data: xr.Dataset, *, seed: int = 0) -> LatticeReading | None:
    """Return what the lattice points of one place show, or None where there is no lattice.

    Parameters
    ----------
    data : Dataset
        Sums of one place, see `spectra.spectrum.MapStatistics.to_dataset`.
    seed : int
        Seed of the randomisation test.
    """
    if data.attrs["views"] == 0 or obstacle(data):
        return None
    lattice = locked_lattice(data)
    return LatticeReading(
        data,
        lattice,
        offset_randomisation(data, seed=seed),
        prominence_db(data["mean_log_spectrum"], lattice.frequency),
    )


def score(
    measured: LatticeReading | None,
    data: xr.Dataset,
    *,
    chosen: NDArray[np.bool_] | None = None,
    levels: float | None = None,
) -> Score:
    """Return the score of one place.

    Parameters
    ----------
    measured : LatticeReading or None
        What `read_lattice` returned; None gives a score without numbers.
    data : Dataset
        Sums of the same place.
    chosen : ndarray of bool, shape (point,), optional
        Lattice points to judge; all by default.
    levels : float, optional
        Levels of 255 for one unit of the maps, where their range is known.
    """
    maps, used = int(data.attrs["maps"]), replicates(data)
    if measured is None:
        return Score(replicates=used, maps=maps, reason=obstacle(data) or "no lattice")
    lattice = measured.lattice
    points = np.ones(len(lattice.frequency), bool) if chosen is None else chosen
    if not points.any():
        reason = "every peak is inherited from the inputs"
        return Score(0.0, verdict="none", replicates=used, maps=maps, reason=reason)

    energy = locked_energy(lattice, points)
    judged = measured.audible & points
    height = _largest(measured.prominence[points])
    lock = _lock_index(lattice, points)
    if not judged.any():
        return Score(
            a_db=0.0,
            asr_upper_dbc=ratio_dbc(energy.interval[1]),
            p=1.0,
            verdict="none",
            prominence_db=height,
            lock_index=lock,
            replicates=used,
            maps=maps,
            reason="nothing above the floor",
        )
    z, p = measured.test.result(judged)
    told = ratio_dbc(energy.told)
    lower, upper = ratio_dbc(energy.least), ratio_dbc(energy.interval[1])
    upper = None if energy.bounded else upper
    return Score(
        a_db=_headline(energy.told) if p < SUSPECT else 0.0,
        asr_dbc=None if energy.bounded else told,
        asr_ci95_dbc=None if lower is None or upper is None else (lower, upper),
        asr_lower_dbc=lower,
        asr_upper_dbc=upper,
        line_dbc=part_dbc(energy.line, energy),
        replica_dbc=part_dbc(energy.replica, energy),
        z=z,
        p=p,
        verdict=verdict_of(p),
        prominence_db=height,
        lock_index=lock,
        period=_period(measured, points) if p < SUSPECT else None,
        grey_levels=_grey_levels(lattice, points, levels) if p < SUSPECT else None,
        replicates=used,
        maps=maps,
        reason=_without_number(energy),
        notice=_notice(lattice, points, energy) if p < SUSPECT else None,
    )


def verdict_of(p: float) -> Verdict:
    """Return the verdict: the one rule. p says whether, never how much."""
    if p <= PRESENT:
        return "present"
    return "suspect" if p < SUSPECT else "none"


def point_significance(measured: LatticeReading) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return z and p of each lattice point on its own; 0 and 1 where it is below the floor."""
    audible = measured.audible
    z, p = np.zeros(audible.shape[1]), np.ones(audible.shape[1])
    for index in np.flatnonzero(audible.any(axis=0)):
        own = np.zeros_like(audible)
        own[:, index] = audible[:, index]
        z[index], p[index] = measured.test.result(own)
    return z, p


def out_of_band_dbc(data: xr.Dataset, factor: Sequence[int]) -> float | None:
    """Return the power above the base band of a step's input over the power within it.

    For a linear step this is its error against moving with the scene by less than one stride:
    artifact and restored detail together, an upper bound.
    """
    power = np.fft.ifftshift(data["mean_power"].to_numpy())
    if not np.isfinite(power).all():
        return None
    weight = np.ones(())
    for side, s in zip(power.shape, factor, strict=True):
        frequency = np.abs(np.fft.fftfreq(side))
        edge = np.isclose(frequency, 0.5 / s) if s > 1 else np.zeros(side, bool)
        weight = weight[..., None] * np.where(edge, 0.5, frequency < 0.5 / s if s > 1 else True)
    inside = float((power * weight).sum())
    beyond = float(power.sum()) - inside
    return float(10 * np.log10(beyond / inside)) if beyond > 0 and inside > 0 else None


def _headline(share: float) -> float:
    dbc = ratio_dbc(share)
    return 0.0 if dbc is None else float(10 * np.log10(1 + 10 ** (dbc / 10) / REFERENCE))


def part_dbc(part: float, energy: Energy) -> float | None:
    """Return lines or replicas over the remaining energy in dB, both parts of what is told.

    By chance one of them may be negative; the other is no more than the whole all the same.
    """
    told, part = energy.told, min(part, energy.share)
    part *= told / energy.share if energy.bounded else 1
    return float(10 * np.log10(part / (1 - told))) if part > 0 and told < 1 else None


def _without_number(energy: Energy) -> str | None:
    """Say why there is no estimate of the energy, if so."""
    if energy.bounded:
        least = "only a lower bound" if energy.least > 0 else "nothing"
        return f"all the power may be locked: {least} is known"
    return None if energy.share > 0 else "no locked energy above zero"


def _notice(lattice: Lattice, points: NDArray[np.bool_], energy: Energy) -> str | None:
    """Say if what all maps share may be what is taken for replicas."""
    fixed = float(lattice.fixed[points].sum())
    return FIXED_CONTENT if fixed > max(FIXED_PART * energy.replica, FIXED_FLOOR) else None


def _largest(values: NDArray[np.float64]) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else None


def _lock_index(lattice: Lattice, points: NDArray[np.bool_]) -> float | None:
    """Return the locked share of the power at the lattice points, within 0 and 1."""
    power = lattice.line_power[points].sum()
    if power <= 0:
        return None
    return float(np.clip(lattice.line[0, points].sum() / power, 0.0, 1.0))


def _period(measured: LatticeReading, points: NDArray[np.bool_]) -> tuple[int, ...] | None:
    """Return the least common period of the significant points that carry the locked energy."""
    lattice = measured.lattice
    _, p = point_significance(measured)
    locked = jackknife(lattice.line) + jackknife(lattice.replica)
    locked = np.where(points & (p < SUSPECT / points.sum()), locked, 0.0)
    if locked.max(initial=0.0) <= 0:
        return None
    strong = lattice.frequency[locked >= CARRIES * locked.max()]
    return tuple(
        lcm(*[Fraction(float(f)).limit_denominator(64).denominator for f in axis])
        for axis in strong.T
    )


def _grey_levels(lattice: Lattice, points: NDArray[np.bool_], levels: float | None) -> float | None:
    """Return the RMS amplitude of the locked part in levels of 255."""
    if levels is None:
        return None
    share, _ = lattice.locked
    power = float((share * lattice.total)[points].sum())
    return float(np.sqrt(power) * levels) if power > 0 else None
