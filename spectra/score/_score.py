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
from spectra.score._prominence import prominence_db
from spectra.score._randomisation import GridTest, offset_randomisation
from spectra.score._types import Score, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

REFERENCE = 1e-4  # -40 dBc, where A = 3 dB
SUSPECT, PRESENT = 0.05, 0.001
IMAGES_ENOUGH = 16  # independent blocks that the test needs
LEAST_GROUPS = 2
CARRIES = 0.01  # of the strongest point's locked energy: such points make the period


@dataclass(frozen=True)
class Measured:
    """What is known of one place before a subset of its lattice points is judged."""

    data: xr.Dataset
    lattice: Lattice
    test: GridTest
    prominence: NDArray[np.float64]

    @property
    def audible(self) -> NDArray[np.bool_]:
        """Which lines (row 0) and replica bands (row 1) hold enough power to be judged."""
        return np.array(self.lattice.audible)


def measure(data: xr.Dataset, *, seed: int = 0) -> Measured | None:
    """Return what the lattice points of one place show, or None where there is no lattice.

    Parameters
    ----------
    data : Dataset
        Of one place, see `spectra.spectrum.to_dataset`.
    seed : int
        Of the randomisation test.
    """
    if data.attrs["views"] == 0 or obstacle(data):
        return None
    lattice = locked_lattice(data)
    return Measured(
        data,
        lattice,
        offset_randomisation(data, seed=seed),
        prominence_db(data["mean_log_spectrum"], lattice.frequency),
    )


def obstacle(data: xr.Dataset) -> str | None:
    """Return why the maps of one place cannot be scored, if so."""
    if reason := str(data.attrs["reason"]):
        return reason
    dropped = [
        f"{data.attrs[key]} {word}"
        for key, word in (("dropped_constant", "constant"), ("dropped_non_finite", "non-finite"))
        if data.attrs[key]
    ]
    blocks = replicates(data)
    groups = int((data["blocks_0"].sum("channel") > 0).sum())
    if blocks >= IMAGES_ENOUGH and groups >= LEAST_GROUPS:
        return None
    cause = f" ({', '.join(dropped)} maps left out)" if dropped else ""
    return f"too few: {blocks} independent blocks, {IMAGES_ENOUGH} needed{cause}"


def replicates(data: xr.Dataset) -> int:
    """Return the blocks that were used, in the channel that has most."""
    views = range(data.attrs["views"])
    return min((int(data[f"blocks_{i}"].sum("group").max()) for i in views), default=0)


def score(
    measured: Measured | None,
    data: xr.Dataset,
    *,
    chosen: NDArray[np.bool_] | None = None,
    levels: float | None = None,
) -> Score:
    """Return the score of one place.

    Parameters
    ----------
    measured : Measured or None
        Of `measure`; None gives a score without numbers.
    data : Dataset
        Of the same place.
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
    upper = ratio_dbc(energy.interval[1])
    judged = measured.audible & points
    height = _largest(measured.prominence[points])
    lock = _lock_index(lattice, points)
    if not judged.any():
        return Score(
            a_db=0.0, asr_upper_dbc=upper, p=1.0, verdict="none", prominence_db=height,
            lock_index=lock, replicates=used, maps=maps, reason="nothing above the floor",
        )  # fmt: skip
    z, p = measured.test.result(judged)
    asr = ratio_dbc(energy.share)
    lower = ratio_dbc(energy.interval[0])
    return Score(
        a_db=_headline(energy.share) if p < SUSPECT else 0.0,
        asr_dbc=asr,
        asr_ci95_dbc=None if lower is None or upper is None else (lower, upper),
        asr_upper_dbc=upper,
        line_dbc=ratio_dbc(_of_rest(energy.line, energy.share)),
        replica_dbc=ratio_dbc(_of_rest(energy.replica, energy.share)),
        z=z,
        p=p,
        verdict=judge(p),
        prominence_db=height,
        lock_index=lock,
        period=_period(measured, points) if p < SUSPECT else None,
        grey_levels=_grey_levels(data, energy, levels) if p < SUSPECT else None,
        replicates=used,
        maps=maps,
        reason=None if asr is not None else "no locked energy above zero",
    )


def judge(p: float) -> Verdict:
    """Return the verdict: the one rule. p says whether, never how much."""
    if p <= PRESENT:
        return "present"
    return "suspect" if p < SUSPECT else "none"


def point_significance(measured: Measured) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return z and p of each lattice point on its own; 0 and 1 where it is below the floor."""
    audible = measured.audible
    z, p = np.zeros(audible.shape[1]), np.ones(audible.shape[1])
    for index in np.flatnonzero(audible.any(axis=0)):
        own = np.zeros_like(audible)
        own[:, index] = audible[:, index]
        z[index], p[index] = measured.test.result(own)
    return z, p


def lattice_table(measured: Measured) -> dict[str, NDArray[np.float64]]:
    """Return one row per lattice point: frequency, locked parts in dBc, prominence, z, p."""
    lattice = measured.lattice
    line, replica = (jackknife(part) for part in (lattice.line, lattice.replica))
    z, p = point_significance(measured)
    return {
        "frequency": lattice.frequency,
        "period": lattice.period.astype(float),
        "locked_dbc": _table_dbc(line + replica),
        "line_dbc": _table_dbc(line),
        "replica_dbc": _table_dbc(replica),
        "prominence_db": measured.prominence,
        "z": z,
        "p": p,
    }


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
    return power_ratio_db(float(power.sum()) - inside, inside)


def power_ratio_db(part: float, whole: float) -> float | None:
    """Return a power ratio in dB; None where it has no finite value."""
    return float(10 * np.log10(part / whole)) if part > 0 and whole > 0 else None


def _headline(share: float) -> float:
    rest = max(1 - share, 1e-6)
    return float(10 * np.log10(1 + max(share, 0.0) / rest / REFERENCE))


def _of_rest(part: float, share: float) -> float:
    """Return the share that gives, over its own rest, what ``part`` is over the common rest."""
    ratio = part / max(1 - share, 1e-6)
    return ratio / (1 + ratio)


def _table_dbc(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([np.nan if (v := ratio_dbc(float(s))) is None else v for s in share])


def _largest(values: NDArray[np.float64]) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else None


def _lock_index(lattice: Lattice, points: NDArray[np.bool_]) -> float | None:
    """Return the locked share of the power at the lattice points, within 0 and 1."""
    power = lattice.line_power[points].sum()
    if power <= 0:
        return None
    return float(np.clip(lattice.line[0, points].sum() / power, 0.0, 1.0))


def _period(measured: Measured, points: NDArray[np.bool_]) -> tuple[int, ...] | None:
    """Return the least common period of the significant points that carry the locked energy."""
    lattice = measured.lattice
    _, p = point_significance(measured)
    locked = jackknife(lattice.line) + jackknife(lattice.replica)
    locked = np.where(points & (p < SUSPECT / points.sum()), locked, 0.0)
    if locked.max(initial=0.0) <= 0:
        return None
    strong = lattice.frequency[locked >= CARRIES * locked.max()]
    return tuple(
        lcm(*(Fraction(float(f)).limit_denominator(64).denominator for f in axis))
        for axis in strong.T
    )


def _grey_levels(data: xr.Dataset, energy: Energy, levels: float | None) -> float | None:
    """Return the RMS amplitude of the locked part in levels of 255."""
    if levels is None or energy.share <= 0:
        return None
    totals = [
        data[f"total_{i}"].sum("group") / data[f"blocks_{i}"].sum("group")
        for i in range(data.attrs["views"])
    ]
    power = float(np.nanmean([float(total.mean()) for total in totals]))
    return float(np.sqrt(energy.share * power) * levels)
