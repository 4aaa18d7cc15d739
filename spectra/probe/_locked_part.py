"""The grid-locked part of maps, found without keeping a map: nothing of clean ones is taken."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from spectra._room import LEAST_PERIODS, usual_margin
from spectra.errors import ParameterError
from spectra.probe._base_band import phases_apart, phases_of_base_band, shifts
from spectra.probe._coefficients import GARROTE, Whitened
from spectra.probe._locked_sums import locked_sums
from spectra.probe._phase_filter import PhaseFilter, about

REACH = {1: 3, 2: 2, 3: 1}  # periods on each side, by number of axes
ENOUGH = 20  # samples of each phase for a column; fewer make the reach smaller
SUMS_BYTES = 64 << 20  # of one period; more make the reach smaller


class LockedPart:
    """Estimate what of some maps is locked to a grid, and take it out of them.

    What upsampling leaves is a filter that differs from phase to phase of the grid. At a lattice
    point ``k / period`` it takes the map's base band b, ``abs(f) < 1 / (2 * period)``, to

        e^(2 pi i k n / period) (h_k + sum_m h_k(m) b(n - m * period)),

    lines and replicas: the energy that `spectra.score` calls locked. Each lattice point is tested,
    and of clean maps nothing is taken out. What is taken out of the maps of an input was found on
    all *other* inputs.

    The maps pass once for each period, the shortest first, and each next period sees what is left,
    as a frequency belongs to the shortest period that can make it.

    Parameters
    ----------
    *periods : sequence of int
        Period of each grid in pixels along each axis.
    count : int
        Inputs that will be added; of fewer than 11 nothing is taken out.
    reach : int, optional
        Periods to each side from which replicas are explained; by default 3, 2 and 1 for one, two
        and three axes. Less where the maps hold too few samples for it.
    seed : int
        Seed of the test of each lattice point.
    garrote : float
        Variances below which a coefficient is taken for chance. With 1 what is taken out has about
        the least expected error; with 4 next to nothing of what is no grid goes along.
    left_out : sequence of sequence of float
        Lattice points that stay in the maps whatever they hold, in cycles/pixel.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> maps = torch.randn(16, 1, 96, generator=generator)
    >>> maps[..., ::2] += 8
    >>> part = LockedPart((2,), count=16)
    >>> part.add(maps)
    >>> part.fit()
    >>> [round(float(v)) for v in part.locked(maps)[0, 0, 48:52]]
    [4, -4, 4, -4]
    """

    def __init__(
        self,
        *periods: Sequence[int],
        count: int,
        reach: int | None = None,
        seed: int = 0,
        garrote: float = GARROTE,
        left_out: Sequence[Sequence[float]] = (),
    ) -> None:
        different = {tuple(p) for p in periods}
        self.periods = tuple(sorted(different, key=lambda p: (prod(p), p)))
        self._count, self._reach = count, reach
        self._seed, self._garrote, self._left_out = seed, garrote, left_out
        self._fitted: list[_Filters] = []
        self._passing: _Pass | None = None

    @property
    def started(self) -> bool:
        """Whether maps were added since the last fit."""
        return self._passing is not None

    @property
    def done(self) -> bool:
        """Whether all periods are fitted."""
        return len(self._fitted) == len(self.periods)

    @property
    def found(self) -> bool:
        """Whether any lattice point has a grid."""
        return bool(self.filters)

    @property
    def filters(self) -> tuple[PhaseFilter, ...]:
        """Those found on all inputs, each of which sees what the ones before it left."""
        return tuple(one.of_all for one in self._fitted if one.of_all is not None)

    def add(self, maps: Tensor, *, first: int = 0, inputs: int | None = None) -> None:
        """Add the maps of some inputs to the sums of the next period.

        Parameters
        ----------
        maps : Tensor, shape (B, C, *spatial)
            The maps of one input follow each other. An eighth of each side at the borders is left
            out.
        first : int
            Number of the first of these inputs.
        inputs : int, optional
            How many inputs these are; as many as maps by default.

        Raises
        ------
        ParameterError
            If the maps hold fewer than six periods inside their borders.
        """
        each = max(len(maps) // (inputs or len(maps)), 1)
        index = [first + i // each for i in range(len(maps))]
        rest = maps - self.locked(maps, index) if self._fitted else maps
        # Of the first input alone: no number may depend on how many run at a time.
        self._add(rest, index, one=maps[:each])

    def fit(self) -> None:
        """Fit the period whose maps were added."""
        assert self._passing is not None
        self._fitted.append(self._passing.filters(self._seed, self._garrote))
        self._passing = None

    def forget(self) -> None:
        """Forget the maps that were added since the last fit."""
        self._passing = None

    def fitted_to(self, maps: Tensor) -> Tensor:
        """Fit all periods to one map of each input, and return the locked part of these maps.

        It is what `add`, `fit` and `locked` in turn give, where all maps are at hand, and each
        period's part is found in them once.

        Parameters
        ----------
        maps : Tensor, shape (count, C, *spatial)
        """
        locked = torch.zeros_like(maps)
        for _ in self.periods:
            for number, (one, part) in enumerate(zip(maps, locked, strict=True)):
                self._add((one - part)[None], [number], one=maps[:1])
            self.fit()
            if self._fitted[-1].of_all is not None:
                for number, (one, part) in enumerate(zip(maps, locked, strict=True)):
                    part.add_(self._fitted[-1]((one - part)[None], [number])[0])
        return locked

    def locked(self, maps: Tensor, index: Sequence[int] | None = None) -> Tensor:
        """Return the locked part of maps, whose first pixel has phase 0.

        Parameters
        ----------
        maps : Tensor, shape (B, C, *spatial)
            Of the size of those that were added.
        index : sequence of int, optional
            Which input each map belongs to: what is found in it was fitted without that input.
            By default the maps are taken for new ones.
        """
        found = [one for one in self._fitted if one.of_all is not None]
        if not found:
            return torch.zeros_like(maps)
        locked = found[0](maps, index)
        for one in found[1:]:
            locked = locked + one(maps - locked, index)
        return locked

    def without(self, maps: Tensor, index: Sequence[int] | None = None) -> Tensor:
        """Return maps without their locked part, see `locked`."""
        return maps - self.locked(maps, index)

    def _add(self, rest: Tensor, index: Sequence[int], *, one: Tensor) -> None:
        """Add what the periods before have left of maps, and which input each belongs to."""
        if self._passing is None:
            period, taken = self.periods[len(self._fitted)], [f.period for f in self._fitted]
            owned = _owned(period, taken) & ~_points(self._left_out, period)
            self._passing = _Pass(one, period, owned, count=self._count, reach=self._reach)
        for each, number in zip(torch.split(rest, 1), index, strict=True):
            self._passing.add(each, number)


class _Pass:
    """The sums of one period, while maps pass."""

    def __init__(
        self,
        maps: Tensor,
        period: tuple[int, ...],
        owned: Tensor,
        *,
        count: int,
        reach: int | None,
    ) -> None:
        sides, axes = maps.shape[2:], len(period)
        self._period = period
        self._inner = tuple(
            slice(m := usual_margin(n, s), m + (n - 2 * m) // s * s)
            for n, s in zip(sides, period, strict=True)
        )
        spans = [i.stop - i.start for i in self._inner]
        if any(n < LEAST_PERIODS * s for n, s in zip(spans, period, strict=True) if s > 1):
            # What a map is taken to be beyond its borders would be found as a grid.
            message = (
                f"a map of {tuple(sides)} holds fewer than {LEAST_PERIODS} periods of {period}"
            )
            raise ParameterError(f"{message} inside its borders")
        samples = count * prod(n // s for n, s in zip(spans, period, strict=True))
        most = REACH[axes] if reach is None else reach
        columns = [1 + len(shifts(r, axes)) for r in range(most + 1)]
        held = [8 * count * maps.shape[1] * m**2 for m in columns]
        fits = [
            r
            for r, (m, size) in enumerate(zip(columns, held, strict=True))
            if m * ENOUGH <= samples and size <= SUMS_BYTES
        ]
        self._reach = max(fits, default=0)
        self._level = maps.double().mean((0, *range(2, maps.ndim)))
        self._owned = owned
        self._gram: dict[int, Tensor] = {}
        self._cross: dict[int, Tensor] = {}

    def add(self, one: Tensor, number: int) -> None:
        """Add the map of an input, shape (1, C, *spatial)."""
        gram, cross = self._sums(one[0])
        self._gram[number] = self._gram.get(number, 0) + gram
        self._cross[number] = self._cross.get(number, 0) + cross

    def filters(self, seed: int, garrote: float) -> _Filters:
        """Return the filters that take the locked part out of each input's maps."""
        numbers = sorted(self._gram)
        gram = torch.stack([self._gram[i] for i in numbers])
        phases = torch.stack([self._cross[i] for i in numbers])
        told = gram.isfinite().all(-1).all(-1) & phases.flatten(2).isfinite().all(-1)
        gram = torch.where(told[..., None, None], gram, 0)
        phases = torch.where(told.reshape(*told.shape, *[1] * (phases.ndim - 2)), phases, 0)
        # A transform over the phases turns each sum back by every lattice point at once.
        cross = torch.fft.fftn(phases, dim=tuple(range(3, phases.ndim))).flatten(3)
        whitened = Whitened(gram, cross)
        opened = whitened.with_a_grid(seed=seed) & self._owned.to(gram.device).flatten()
        found: dict[int | None, Tensor] = {}
        if opened.any():
            found[None] = whitened.coefficients(opened, garrote=garrote)
            for place, number in enumerate(numbers):
                found[number] = whitened.coefficients(opened, without=place, garrote=garrote)
        return _Filters(self._period, {number: self._filter(c) for number, c in found.items()})

    def _filter(self, of_points: Tensor) -> PhaseFilter:
        """Return the taps of each phase from the coefficients of lattice points."""
        grid = of_points.reshape(*of_points.shape[:2], *self._period)
        taps = torch.fft.ifftn(grid, dim=tuple(range(2, grid.ndim)), norm="forward").real
        return PhaseFilter(taps.contiguous(), self._level)

    def _sums(self, one: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gram (C, M, M) of a map's columns, and their cross with it by phase."""
        centred = about(one, self._level)
        bands = phases_of_base_band(centred, self._period, self._reach, blocks=self._blocks)
        inside = phases_apart(centred[(slice(None), *self._inner)], self._period)
        gram, cross = locked_sums(bands, inside, self._reach)
        whole = centred.sum(tuple(range(1, one.ndim)))
        gram[~whole.isfinite()] = torch.nan  # a band does not read all of a map
        return gram, cross

    @property
    def _blocks(self) -> list[slice]:
        """The whole periods inside the borders, along each axis."""
        pairs = zip(self._inner, self._period, strict=True)
        return [slice(inner.start // s, inner.stop // s) for inner, s in pairs]


class _Filters:
    """The filter of one period by the input that is left out; None leaves none out."""

    def __init__(self, period: tuple[int, ...], of: dict[int | None, PhaseFilter]) -> None:
        self.period, self._of = period, of

    @property
    def of_all(self) -> PhaseFilter | None:
        """The filter found on all inputs; None where no lattice point has a grid."""
        return self._of.get(None)

    def __call__(self, maps: Tensor, index: Sequence[int] | None) -> Tensor:
        wanted = [None] * len(maps) if index is None else index
        locked = torch.empty_like(maps)
        for one, part, number in zip(torch.split(maps, 1), locked, wanted, strict=True):
            part.copy_(self._of.get(number, self._of[None])(one)[0])
        return locked


def _owned(period: tuple[int, ...], taken: Sequence[tuple[int, ...]]) -> Tensor:
    """Return which multiples of ``1 / period`` no shorter period has, DC left out."""
    grid = torch.cartesian_prod(*(torch.arange(s) for s in period)).reshape(-1, len(period))
    owned = (grid != 0).any(1)
    for shorter in taken:
        turns = grid * torch.tensor(shorter) % torch.tensor(period)
        owned &= (turns != 0).any(1)
    return owned.reshape(period)


def _points(frequencies: Sequence[Sequence[float]], period: tuple[int, ...]) -> Tensor:
    """Return which multiples of ``1 / period`` some frequencies and their mirror images are."""
    points = torch.zeros(period, dtype=torch.bool)
    for frequency in frequencies:
        turns = [f * p for f, p in zip(frequency, period, strict=True)]
        if all(abs(t - round(t)) < 1e-6 for t in turns):
            place = [round(t) % p for t, p in zip(turns, period, strict=True)]
            mirrored = [-t % p for t, p in zip(place, period, strict=True)]
            points[tuple(place)] = points[tuple(mirrored)] = True
    return points
