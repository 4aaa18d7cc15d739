"""Grid-locked energy: how much of a map is tied to the sampling grid."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from spectra.score._channel import Channel
from spectra.score._content import shared_power
from spectra.score._lines import line_power
from spectra.score._obstacle import obstacle
from spectra.score._replicas import predicted_power
from spectra.score._view_sums import ViewSums, charged_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from spectra.score._types import Score

CONFIDENCE = 0.95
REPLICA_FLOOR = 10**-4.5  # of the total power, below which a component cannot matter
LINE_FLOOR = 10**-7.0
ROUNDING = 1e-6  # of the total power: no share is known better from maps in float32


@dataclass(frozen=True)
class Lattice:
    """All lattice points of one place, and their share of the power.

    Attributes
    ----------
    frequency : ndarray, shape (point, axis)
        Cycles/pixel.
    period : ndarray, shape (point, axis)
        Period of the lattice that owns each point.
    line, replica : ndarray, shape (fold, point)
        Locked share of the total power, averaged over channels, of the point and its mirror
        image: fold 0 from all blocks, fold g without the g-th group of blocks.
    draw : ndarray, shape (point,)
        Variance that rough fixed content under a line adds to its share: it is one draw, the same
        in all maps, so that no jackknife sees it.
    fixed : ndarray, shape (point,)
        Share that the fixed content's own replicas would give, grid or not.
    line_power, replica_power : ndarray, shape (point,)
        Share of the total power at the point and in its replica band, locked or not.
    total : ndarray, shape (point,)
        Mean power of the tested channels in the unit of the maps squared, as seen at this period.
    """

    frequency: NDArray[np.float64]
    period: NDArray[np.int64]
    line: NDArray[np.float64]
    replica: NDArray[np.float64]
    draw: NDArray[np.float64]
    fixed: NDArray[np.float64]
    line_power: NDArray[np.float64]
    replica_power: NDArray[np.float64]
    total: NDArray[np.float64]

    @classmethod
    def of(cls, data: xr.Dataset) -> Lattice | str:
        """Return the lattice points of one place to compare, or why it has none.

        Parameters
        ----------
        data : Dataset
            Sums of the place, see `spectra.spectrum.MapStatistics.to_dataset`.
        """
        reason = obstacle(data) or ("no lattice" if data.attrs["views"] == 0 else None)
        return reason or locked_lattice(data)

    @property
    def locked(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Locked share of each point, lines and replicas together, and its standard error."""
        folds = self.line + self.replica
        return jackknife(folds), np.hypot(jackknife_error(folds), np.sqrt(self.draw))

    def locked_dbc(
        self, period: Sequence[int], chosen: NDArray[np.bool_] | None = None
    ) -> float | None:
        """Return the locked energy at one period's own points, over the remaining energy, in dBc.

        Of all of them, or of those that are chosen. None where the estimate is not above zero.
        """
        points = (self.period == np.array(period)).all(axis=1)
        return ratio_dbc(locked_energy(self, points if chosen is None else points & chosen).share)

    def told(self, chosen: NDArray[np.bool_], score: Score) -> Score:
        """Return a score with the locked energy of some of the points in place of its own."""
        energy = locked_energy(self, chosen)
        lower = ratio_dbc(energy.least)
        upper = None if energy.bounded else ratio_dbc(energy.interval[1])
        return replace(
            score,
            asr_dbc=None if energy.bounded else ratio_dbc(energy.share),
            asr_ci95_dbc=None if lower is None or upper is None else (lower, upper),
            asr_lower_dbc=lower,
            asr_upper_dbc=upper,
        )

    @property
    def audible(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which lines and which replica bands hold enough power to matter."""
        return self.line_power >= LINE_FLOOR, self.replica_power >= REPLICA_FLOOR


@dataclass(frozen=True)
class Energy:
    """Locked over remaining energy, with its jackknife interval.

    Attributes
    ----------
    share : float
        Locked share of the total power, corrected for bias; may be negative by chance.
    interval : tuple of float
        Its 95 % interval.
    line, replica : float
        Its two parts.
    """

    share: float
    interval: tuple[float, float]
    line: float
    replica: float

    @property
    def told(self) -> float:
        """The share that can be told: the estimate, or the least where all may be locked."""
        return self.least if self.bounded else self.share

    @property
    def bounded(self) -> bool:
        """Whether the interval reaches all the power, so that only a lower bound is known."""
        return self.interval[1] >= 1 - ROUNDING

    @property
    def least(self) -> float:
        """The lower end of the interval, as far as rounding lets it be known."""
        return min(self.interval[0], 1 - ROUNDING)


def locked_lattice(data: xr.Dataset) -> Lattice:
    """Return the locked share of the power at every lattice point.

    Locked is the part of a map that its own base band and a constant predict. A **replica** is
    ``|cov(Y(e), Y(e + k/s))|^2 / var Y(e)``, summed over the single bins ``e`` of the base band; a
    **line** is the power at ``k/s`` that a constant and the mean of each tile predict, less what
    the mean map holds beside it. Both are free of bias, see `predicted_power` and `line_power`,
    and both parts together cannot hold more than there is above the base band. Where periods
    nest, each frequency is charged once, to the shortest.

    The total is the power of the tiles and of their means about the mean of each map.

    Parameters
    ----------
    data : Dataset
        Sums of one place, see `spectra.spectrum.MapStatistics.to_dataset`, with at least one view.
    """
    views = [ViewSums(data, number) for number in range(data.attrs["views"])]
    parts = [
        _view_lattice(view, counts) for view, counts in zip(views, charged_once(views), strict=True)
    ]
    of_point = {"frequency", "period", "draw", "fixed", "line_power", "replica_power", "total"}
    joined = {
        field.name: np.concatenate(
            [getattr(part, field.name) for part in parts], axis=0 if field.name in of_point else 1
        )
        for field in fields(Lattice)
    }
    return Lattice(**joined)


def _view_lattice(view: ViewSums, counts: NDArray[np.bool_]) -> Lattice:
    """Return the lattice points of one period; only pairs that count are charged."""
    points, axes = view.frequency.shape
    folds = int(view.used.sum()) + 1
    line, replica = np.zeros((folds, points)), np.zeros((folds, points))
    draw, fixed, spot, band = (np.zeros(points) for _ in range(4))
    channels = max(len(view.channels), 1)
    power = 0.0
    for index in view.channels:
        channel = Channel.centred(view, index)
        predicted = predicted_power(channel, view) * counts
        lines, background = line_power(channel, axes)
        whole = channel.total[0, 0]
        replica += view.of_point(predicted) / channel.total / channels
        line += lines / channel.total / channels
        # Independent channels add their variances; each counts for 1 / channels of the mean.
        draw += (background[0] / whole / channels) ** 2
        shared = shared_power(channel, view, index, predicted[0]) * counts
        fixed += view.of_point(shared) / whole / channels
        each = 1 / (channel.n.sum() * whole * channels)
        spot += view.get("line_power")[index] * each * 1.5**axes
        band += view.of_point(view.get("replica_power")[index]) * each
        power += float(whole) / channels
    mirrored = view.get("multiplicity")
    return Lattice(
        frequency=view.frequency,
        period=np.broadcast_to(view.get("period").astype(int), (points, axes)),
        line=line * mirrored,
        replica=replica * mirrored,
        # Of m b with b exponential, m = 2, the variance is 4 b^2; at a point that is its own mirror
        # a map is real, and of b with one degree of freedom it is 2 b^2.
        draw=2 * mirrored * draw,
        fixed=fixed * mirrored,
        line_power=spot * mirrored,
        replica_power=band * mirrored,
        total=np.full(points, power),
    )


def locked_energy(lattice: Lattice, chosen: NDArray[np.bool_]) -> Energy:
    """Return the locked share of the chosen points with a delete-one-group jackknife.

    The jackknife removes the 1/n bias of the ratio, ``G r - (G - 1) mean r_g`` over ``G``
    groups of blocks, and gives the interval (Student's t with G - 1 degrees of freedom).
    """
    line = float(jackknife(lattice.line[:, chosen].sum(axis=1)))
    replica = float(jackknife(lattice.replica[:, chosen].sum(axis=1)))
    folds = (lattice.line + lattice.replica)[:, chosen].sum(axis=1)
    share = float(jackknife(folds))
    error = np.hypot(jackknife_error(folds), np.sqrt(lattice.draw[chosen].sum()))
    reach = float(student(folds.size - 2) * error)
    return Energy(share, (share - reach, share + reach), line, replica)


def student(freedom: float) -> float:
    """Return how many standard errors a 95 % interval reaches to either side."""
    return float(scipy.special.stdtrit(freedom, (1 + CONFIDENCE) / 2))


def jackknife(folds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``G r - (G - 1) mean r_g``, without the 1/n bias; folds come first."""
    groups = len(folds) - 1
    corrected: NDArray[np.float64] = groups * folds[0] - (groups - 1) * folds[1:].mean(axis=0)
    return corrected


def jackknife_error(folds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard error of a statistic from its values without each group."""
    groups = len(folds) - 1
    spread = ((folds[1:] - folds[1:].mean(axis=0)) ** 2).sum(axis=0)
    error: NDArray[np.float64] = np.sqrt((groups - 1) / groups * spread)
    return error


def ratio_dbc(share: float) -> float | None:
    """Return locked over remaining energy in dB; None where that is no positive number."""
    return float(10 * np.log10(share / (1 - share))) if 0 < share < 1 else None
