"""Find the first module that shows a grid of the output that no step has.

A position table, a mask, a tiled pass, a strided convolution before the steps: what makes a grid
need not upsample. All inputs run a few times more, and what goes into and comes out of modules is
measured at the output's periods: first some modules spread over the pass, then those between the
last that shows no grid and the first that does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import log10, prod
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn
from torch.jit import ScriptModule

from spectra import _walk as walk
from spectra import score, spectrum
from spectra.capture import quiet
from spectra.errors import ModelError
from spectra.follow import unseen
from spectra.gather import batch_size, through
from spectra.probe._passes import MOST_INPUTS

if TYPE_CHECKING:
    from spectra._options import Progress
    from spectra.gather import Passed
    from spectra.inputs import Inputs
    from spectra.probe._removed import Removals
    from spectra.score import Lattice, Scores

AT_A_TIME = 24  # places that one pass measures
PASSES = 3
SURE = 4.0  # standard errors above zero from which on a place shows a grid
PERHAPS = 1.0  # the same, where it has half as much as the output at least, which was tested
FOUND = ("present", "suspect")
FAR_LESS_DB = 10.0  # than the output, below which a place does not have its grid
FAR_MORE_DB = 6.0  # that the output has over any step's own maps, if no step can have made it


@dataclass(frozen=True)
class Origin:
    """The first place of a model that shows the output's grid.

    Attributes
    ----------
    name : str
        Path of the module; empty for the model itself.
    type_name : str
        Its class.
    entered : bool
        Whether what goes into the module shows the grid already, and nothing that came out of
        another before did: it is made in the code that calls the module.
    within : str
        Path of the module in whose code it is made, where it is.
    """

    name: str
    type_name: str
    entered: bool = False
    within: str = ""


@dataclass(frozen=True)
class _Place:
    """What goes into a module, or comes out of it, in one of its calls."""

    name: str
    call: int
    entered: bool


def first_module(
    model: nn.Module,
    passed: Passed,
    scores: Scores,
    inputs: Inputs | None,
    *,
    removals: Removals | None = None,
    batch: int | None = None,
    seed: int,
    progress: Progress,
) -> Origin | None:
    """Return where a grid of the output that no step has is seen first.

    None where a step has it, where the output has none or too little to be seen again, and where
    the model does not run again.

    Parameters
    ----------
    model : Module
        Left as it came.
    passed : Passed
        What the inputs left on their way through it.
    scores : Scores
        The scores of the run: what the output shows, and the steps do not.
    inputs : Inputs or None
        The inputs, of which the first 16 run.
    removals : Removals, optional
        What the output shows without the grids of steps.
    batch : int, optional
        Inputs that run at a time; as many as fit by default.
    seed : int
        Seed of the model's random numbers, the same in every pass.
    progress : callable
        Called with ("modules", done, total).
    """
    if (
        inputs is None
        or not _is_nobodys(scores, removals)
        or isinstance(walk.unwrap(model), ScriptModule)
    ):
        return None  # nothing is told of what is within a script
    some = replace(inputs, used=min(len(inputs), MOST_INPUTS))
    search = _Search(model, passed, scores, some, batch=batch, seed=seed)
    try:
        return search.run(progress)
    except ModelError:
        return None


def _is_nobodys(scores: Scores, removals: Removals | None) -> bool:
    """Tell whether the output has a grid that no step's own maps show, or far more of it.

    Half of that is enough of a grid that stays when those of steps are taken away.
    """
    output, steps = scores.output, [step.own for step in scores.steps]
    if output.verdict not in FOUND or any(own.verdict == "insufficient" for own in steps):
        return False
    if all(own.verdict == "none" for own in steps):
        return True
    energies, told = _energies(scores), output.told_dbc
    stays = removals is not None and all(one.leaves for one in removals.steps)
    if not stays and any(own.at_least for own in steps):
        return False  # they may have any more than is known
    more = FAR_MORE_DB / 2 if stays else FAR_MORE_DB
    return told is not None and bool(energies) and told >= max(energies) + more


def _energies(scores: Scores) -> list[float]:
    """Return what steps make together, each a share of all that comes to it; empty of none."""
    told = [step.own.told_dbc for step in scores.steps if step.own.verdict in FOUND]
    grown = prod(1 + 10 ** (dbc / 10) for dbc in told if dbc is not None)
    return [10 * log10(grown - 1)] if grown > 1 else []


class _Search:
    """The passes of one search."""

    def __init__(
        self,
        model: nn.Module,
        passed: Passed,
        scores: Scores,
        inputs: Inputs,
        *,
        batch: int | None,
        seed: int,
    ) -> None:
        self._model, self._found, self._inputs = model, passed.found, inputs
        self._batch, self._seed = batch_size(passed.found, batch), seed
        self._first = self._running = 0  # of the inputs that run
        self._calls: dict[str, int] = {}  # of each module so far
        self._periods = [
            view.period
            for view in passed.output.plan.views
            if scores.at_period(view.period).verdict in FOUND
        ]
        # What a clean step leaves is below all floors of the test, and surely above zero; of a grid
        # that a step has as well, only what is clearly more than the step's counts.
        floors = [dbc + FAR_MORE_DB / 2 for dbc in _energies(scores)]
        told = scores.output.told_dbc
        floors += [] if told is None else [told - FAR_LESS_DB]
        self._least = 10 ** (max(floors) / 10) if floors else 0.0

    def run(self, progress: Progress) -> Origin | None:
        """Return the first place behind all that show no grid; None where nothing is seen.

        A grid that is there, is removed, and is made again counts from where it stays.
        """
        places = self._places()
        if not places:
            return None
        low, high = -1, len(places)  # the last place seen without the grid, the next with it
        for number in range(PASSES):
            progress("modules", number, PASSES)
            between = np.arange(low + 1, high)
            if not len(between):
                break
            chosen = np.unique(np.linspace(between[0], between[-1], AT_A_TIME).round().astype(int))
            shown = self._measured([places[i] for i in chosen], places[-1])
            hidden = [int(i) for i, shows in zip(chosen, shown, strict=True) if not shows]
            low = max(hidden, default=low)
            high = min((int(i) for i in chosen if i > low), default=high)
        progress("modules", PASSES, PASSES)
        return self._origin(places[high]) if high < len(places) else None

    def _origin(self, place: _Place) -> Origin | None:
        """Return a place as an origin; None where it is what a step makes, which is no other's."""
        module = walk.submodule(self._model, place.name)
        steps = {step.name for step in self._found.steps}
        if place.name in steps and not place.entered and not list(module.children()):
            return None
        within, _, _ = place.name.rpartition(".")
        return Origin(place.name, type(module).__name__, entered=place.entered, within=within)

    def _places(self) -> list[_Place]:
        """Return what passes modules and has room for a period of the output, in order."""
        seen: list[_Place] = []

        def take(place: _Place, maps: Tensor) -> None:
            if self._plan(maps, count=1) is not None:
                seen.append(place)

        self._through(replace(self._inputs, used=1), take)
        return seen

    def _measured(self, places: Sequence[_Place], last: _Place) -> list[bool]:
        """Tell of each place whether it shows the grid, which the last of all is known to have."""
        sums: dict[_Place, spectrum.MapStatistics] = {}
        wanted = {*places, last}

        def take(place: _Place, maps: Tensor) -> None:
            if place not in wanted:
                return
            if place not in sums:
                plan = self._plan(maps, count=len(self._inputs))
                if plan is None:
                    return
                sums[place] = spectrum.MapStatistics(plan)
            if tuple(maps.shape[1:]) == sums[place].plan.shape:
                sums[place].add(maps, first=self._first, inputs=self._running)

        self._through(self._inputs, take)
        lattices = {p: score.Lattice.of(s.to_dataset()) for p, s in sums.items()}
        shares = {p: _share(each) for p, each in lattices.items() if not isinstance(each, str)}
        at_end, _ = shares.get(last, (0.0, 0.0))
        return [place in shares and self._shows(*shares[place], at_end) for place in places]

    def _shows(self, share: float, error: float, at_end: float) -> bool:
        """Tell whether a locked share and its error are those of the grid.

        Surely more than nothing; or as much as the output itself has, about.
        """
        sure = share > SURE * error or (share > PERHAPS * error and share > at_end / 2)
        return share / max(1 - share, 1e-9) > self._least and sure

    def _plan(self, maps: Tensor, *, count: int) -> spectrum.MapPlan | None:
        """Return how maps are measured at what the output's periods are in them, if they can."""
        out, sides = self._found.output_shape[1:], tuple(maps.shape[2:])
        if maps.ndim < 3 or len(sides) != len(out) or not min(maps.shape):
            return None
        periods = []
        for period in self._periods:
            own = [Fraction(p * n, o) for p, n, o in zip(period, sides, out, strict=True)]
            if all(p.denominator == 1 for p in own) and max(own) > 1:
                periods.append(tuple(int(p) for p in own))
        plan = spectrum.plan_maps(maps.shape[1:], *periods, count=count) if periods else None
        return plan if plan is not None and plan.views else None

    def _through(self, inputs: Inputs, take: Callable[[_Place, Tensor], None]) -> None:
        """Run some inputs, and hand over what passes every module."""

        def begin(_x: Tensor, first: int, running: int) -> None:
            self._first, self._running, self._calls = first, running, {}

        def nothing(*_: Any) -> None:
            """Take no map."""

        with quiet(self._model, seed=self._seed), self._tapped(take):
            through(
                self._model,
                self._found,
                inputs.numbered(self._batch),
                on_input=begin,
                on_step=nothing,
                on_output=nothing,
            )

    @contextmanager
    def _tapped(self, take: Callable[[_Place, Tensor], None]) -> Iterator[None]:
        """Hand over what goes into every module and what comes out of it."""
        thread = get_ident()

        def hand(name: str, values: Any, *, entered: bool) -> None:
            maps = _first_maps(values)
            if get_ident() != thread or maps is None:
                return
            with unseen():
                take(_Place(name, self._calls.get(name, 0), entered), maps)

        def enter(name: str, _module: nn.Module, args: Any) -> None:
            self._calls[name] = self._calls.get(name, -1) + 1
            hand(name, args, entered=True)

        def leave(name: str, _module: nn.Module, _args: Any, output: Any) -> None:
            hand(name, output, entered=False)

        with ExitStack() as hooks:
            for name, module in walk.named_modules(self._model):
                if isinstance(module, ScriptModule):
                    continue
                hooks.enter_context(module.register_forward_pre_hook(partial(enter, name)))
                hooks.enter_context(module.register_forward_hook(partial(leave, name)))
            yield


def _share(lattice: Lattice) -> tuple[float, float]:
    """Return the locked share of all lattice points, and its standard error."""
    share, error = lattice.locked
    return float(share.sum()), float(np.sqrt(np.square(error).sum()))


def _first_maps(values: Any) -> Tensor | None:
    """Return the first tensor of real maps among some values."""
    if isinstance(values, Tensor):
        return values if values.ndim >= 3 and values.is_floating_point() else None
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, list | tuple):
        return next((m for m in map(_first_maps, values) if m is not None), None)
    return None
