"""What an output should be: the model's own, without its grid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import log10
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from spectra.errors import ConversionError, ModelError, ParameterError
from spectra.repair._calm import calmed_by_mean
from spectra.repair._fidelity import psnr_db
from spectra.repair._fine import fine_power, shared_part, smoothed
from spectra.severity import grid_places

if TYPE_CHECKING:
    from spectra.probe import LockedPart
    from spectra.repair._fault import Fault
    from spectra.severity import Places

Calm = Literal["none", "smooth", "spun", "mean"]
Spin = Callable[[Tensor], Tensor]
FindFault = Callable[[Tensor], "Fault | None"]
Period = tuple[int, ...]
WAYS: tuple[Calm, ...] = ("smooth", "spun")
ENOUGH = "the output without what is as fine leaves no place"
NOTHING = (
    "no grid was found that could be taken out: the outputs share none, and it stands in no place "
    "of them"
)
CLEAN = 4 / 255  # of the range: no more than clean pictures show, for which no spinning is paid
EQUAL = 2 / 255  # of the range, by which the worst places of two aims are alike


@dataclass(frozen=True)
class Tried:
    """One way to take the grid out of the outputs that a repair learns from.

    Attributes
    ----------
    average : bool
        Whether the locked part that all outputs share is taken out.
    calm : {"none", "smooth", "spun", "mean"}
        What stands in the places of a local grid: the output itself, the output without all that is
        as fine as the grid, its mean over shifts of the input, or over one period of the grid.
    worst : float
        Amplitude of the worst place, over the range; of the outputs themselves with neither.
    psnr_db : float or None
        To the outputs themselves; None for no difference.
    sharpness_db : float
        Power above the base band over that of the outputs, outside the places.
    reason : str or None
        Why it could not be tried.
    """

    average: bool
    calm: Calm
    worst: float = 0.0
    psnr_db: float | None = None
    sharpness_db: float = 0.0
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Goal:
    """What some outputs should be.

    Attributes
    ----------
    outputs : Tensor, shape (B, C, *spatial)
    places : Tensor, shape (B, *spatial)
        1 where a local grid is to go, 0 elsewhere.
    """

    outputs: Tensor
    places: Tensor


@dataclass(frozen=True, eq=False)
class Aim:
    """How outputs of a model come without their grid, by what was learned from some of them.

    Attributes
    ----------
    periods : tuple of tuple of int
        Periods of the grids in the output, in pixels.
    span : tuple of float
        Black and white, or the range of what is no picture.
    average : LockedPart or None
        The locked part that all outputs share; None where that has no grid.
    calm : {"none", "smooth", "spun", "mean"}
        What stands in the places of a local grid.
    tried : tuple of Tried
        All ways that were compared; the first is the output itself.
    spin : callable or None
        Gives the mean output over shifts of an input.
    fault : Fault or None
        The step that makes the grid in places, which tells them best.
    """

    periods: tuple[Period, ...]
    span: tuple[float, float]
    average: LockedPart | None
    calm: Calm
    tried: tuple[Tried, ...]
    spin: Spin | None = field(default=None, repr=False)
    fault: Fault | None = None

    def of(self, old: Tensor, x: Tensor, *, learned: bool = False) -> Goal:
        """Return what outputs should be.

        Parameters
        ----------
        old : Tensor, shape (B, C, *spatial)
            Outputs of the model, all that are judged together.
        x : Tensor, shape (B, C, *spatial)
            Their inputs.
        learned : bool
            Whether they are those that the aim was found on: then the average that is taken out of
            each is that of all others.
        """
        index = range(len(old)) if learned else None
        rest = old if self.average is None else self.average.without(old, index)
        if self.calm == "none":
            return Goal(rest, torch.zeros(len(old), *old.shape[2:]))
        if self.calm == "mean":
            return Goal(*calmed_by_mean(rest, self.periods, span=self.span))
        places = self.places(old, x)
        period = _longest(self.periods)
        return Goal(calmed(rest, x, places, calm=self.calm, period=period, spin=self.spin), places)

    def places(self, old: Tensor, x: Tensor) -> Tensor:
        """Return where a grid stands in outputs, (B, *spatial): 1 there, 0 elsewhere."""
        if self.fault is not None:
            return self.fault.places(old, x)
        return grid_places(old, self.periods, span=self.span).weight

    @property
    def why(self) -> str:
        """Say in words what is taken out, and why so."""
        parts = []
        if self.average is not None:
            parts.append("the grid that all outputs share is taken out of each")
        if self.calm == "spun":
            parts.append("where a grid stands in places, the mean over shifts of the input is put")
        if self.calm == "smooth":
            parts.append("where a grid stands in places, all that is as fine goes")
        if self.calm == "mean":
            parts.append("where a grid stands in places, the mean over one period of it is put")
        return "; ".join(parts)


def find_aim(
    old: Tensor,
    x: Tensor,
    periods: Sequence[Period],
    *,
    span: tuple[float, float],
    spin: Spin | str,
    find_fault: FindFault | None = None,
    turned: Tensor | None = None,
    seed: int = 0,
) -> Aim:
    """Find out how to take the grid out of a model's outputs, from some of them.

    Two kinds of grid go two ways. What all outputs share is the gated locked part, fitted for each
    on all others. What stands in places of few outputs is in no such average: there the mean over
    shifts of the input, or the output without what is as fine, takes its place. Of the ways that
    leave about as little in the worst place the one nearest to the old output is taken. Locked
    energy does not choose: it ranks them opposite to the eye.

    Parameters
    ----------
    old, x : Tensor, shape (B, C, *spatial)
        Outputs and inputs that the repair learns from.
    periods : sequence of tuple of int
        Periods of the grids.
    span : tuple of float
        Black and white.
    spin : callable or str
        Gives the mean output over shifts of an input, or says why there is none.
    find_fault : callable, optional
        Given places where a grid was seen, returns the step that makes it, or None.
    turned : Tensor, shape (B, turn, C, *spatial), optional
        Outputs for the same inputs turned and mirrored, see `shared_part`.
    seed : int
        Seed of the test of each lattice point.

    Raises
    ------
    ConversionError
        If there is neither kind of grid in these outputs.
    """
    average, places = kinds_of_grid(old, periods, span=span, turned=turned, seed=seed)
    fault = find_fault(places.weight) if find_fault is not None and places.outputs else None
    weight = places.weight if fault is None else fault.places(old, x)
    seen = Seen(old, places, weight, periods=tuple(periods), span=span)
    rests: dict[bool, Tensor] = (
        {} if average is None else {True: average.without(old, range(len(old)))}
    )
    tried = [seen.tried(old, False, "none")]
    tried += [seen.tried(rest, True, "none") for rest in rests.values()]
    if places.outputs:
        rests[False] = old
        spin = spin if isinstance(spin, str) else _once(spin)
        for calm in WAYS:
            calmer = [each for each in tried if each.calm != "none"]
            dear = bool(calmer) and min(each.worst for each in calmer) <= CLEAN
            by = ENOUGH if dear else spin
            tried += [
                seen.try_calm(rest, x, shared, calm=calm, spin=by) for shared, rest in rests.items()
            ]
    chosen = _best([each for each in tried[1:] if each.reason is None])
    return Aim(
        tuple(periods),
        span,
        average=average if chosen.average else None,
        calm=chosen.calm,
        tried=tuple(tried),
        spin=None if isinstance(spin, str) else spin,
        fault=fault if chosen.calm != "none" else None,
    )


def kinds_of_grid(
    old: Tensor,
    periods: Sequence[Period],
    *,
    span: tuple[float, float],
    turned: Tensor | None,
    seed: int,
) -> tuple[LockedPart | None, Places]:
    """Return the part that all outputs share, None without one, and where a grid stands in few.

    Raises
    ------
    ConversionError
        If there is neither kind of grid in these outputs.
    """
    average = shared_part(old, periods, turned=turned, seed=seed)
    places = grid_places(old, periods, span=span)
    if average is None and not places.outputs:
        raise ConversionError(NOTHING)
    return average, places


def calmed(
    maps: Tensor, x: Tensor, places: Tensor, *, calm: Calm, period: Period, spin: Spin | None
) -> Tensor:
    """Return outputs in whose places something else stands.

    Parameters
    ----------
    maps, x : Tensor, shape (B, C, *spatial)
        Outputs, and their inputs.
    places : Tensor, shape (B, *spatial)
        1 where that is to stand.
    calm : {"smooth", "spun"}
        What.
    period : tuple of int
        The longest of the grids.
    spin : callable or None
        Gives the mean output over shifts of an input.
    """
    instead = smoothed(maps, period) if calm == "smooth" else maps.clone()
    if calm == "spun":
        assert spin is not None
        some = places.flatten(1).amax(1) > 0
        for index in some.nonzero().flatten().tolist():  # the model runs often for each
            instead[index] = spin(x[index : index + 1])[0].to(maps)
    return maps + places[:, None].to(maps) * (instead - maps)


@dataclass(frozen=True, eq=False)
class Seen:
    """Outputs as they are, beside which others are compared."""

    old: Tensor
    places: Places
    weight: Tensor
    periods: tuple[Period, ...]
    span: tuple[float, float]

    def tried(self, outputs: Tensor, average: bool, calm: Calm) -> Tried:
        """Return what some outputs without their grid leave of it, beside the old ones."""
        same = outputs is self.old
        places = self.places if same else grid_places(outputs, self.periods, span=self.span)
        inside, period = 1 - self.weight, _longest(self.periods)
        before = fine_power(self.old, period, inside)
        after = before if same else fine_power(outputs, period, inside)
        fidelity = psnr_db(outputs, self.old)
        return Tried(
            average,
            calm,
            worst=places.worst,
            psnr_db=None if outputs.equal(self.old) else fidelity,
            sharpness_db=_ratio_db(after, before),
        )

    def try_calm(
        self, rest: Tensor, x: Tensor, average: bool, *, calm: Calm, spin: Spin | str
    ) -> Tried:
        """Return what one way to calm places leaves, or why it cannot be tried."""
        if calm == "spun" and isinstance(spin, str):
            return Tried(average, calm, reason=spin)
        able, period = None if isinstance(spin, str) else spin, _longest(self.periods)
        try:
            outputs = calmed(rest, x, self.weight, calm=calm, period=period, spin=able)
        except (ModelError, ParameterError) as error:
            return Tried(average, calm, reason=str(error))
        return self.tried(outputs, average, calm)


def _once(spin: Spin) -> Spin:
    """Return what spins each input but once: the model runs often for it."""
    known: dict[bytes, Tensor] = {}

    def spinning(x: Tensor) -> Tensor:
        key = x.numpy(force=True).tobytes()
        if key not in known:
            known[key] = spin(x)
        return known[key]

    return spinning


def _best(tried: Iterable[Tried]) -> Tried:
    """Return the nearest to the old outputs of those that leave about as little as any."""
    ways = list(tried)
    least = min(each.worst for each in ways)
    good = [each for each in ways if each.worst <= least + EQUAL]
    return max(good, key=lambda each: float("inf") if each.psnr_db is None else each.psnr_db)


def _longest(periods: Sequence[Period]) -> Period:
    return tuple(max(axis) for axis in zip(*periods, strict=True))


def _ratio_db(after: float, before: float) -> float:
    return 10 * log10(after / before) if after > 0 and before > 0 else 0.0
