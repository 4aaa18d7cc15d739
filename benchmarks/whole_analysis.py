"""An analysis from first to last, in forward passes, beside what bounds it from below."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from statistics import median

import torch
from passes import forwards, measured
from timing import Table, now
from torch import Tensor, nn

from spectra import Options, capture, spectrum
from spectra.run import analyze

BATCH = 4
IN_CACHE = 3 << 20  # bytes of maps that are transformed at a time
PROBES = ("flat field", "without", "grid position", "modules")


class Clock:
    """Hears the progress of an analysis: when each stage spoke first and last, and what ran."""

    def __init__(self, model: nn.Module) -> None:
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.ran: dict[str, int] = {}  # inputs that had run through the model by the last word
        self._ran = 0
        self._handle = model.register_forward_pre_hook(self._runs)

    def __call__(self, stage: str, _done: int, _total: int) -> None:
        self.first.setdefault(stage, now())
        self.last[stage] = now()
        self.ran[stage] = self._ran

    def stop(self) -> None:
        """Hear no more."""
        self._handle.remove()

    def _runs(self, _: nn.Module, given: tuple[Tensor, ...]) -> None:
        self._ran += len(given[0])


def bench_analysis(table: Table, name: str, model: nn.Module, maps: Tensor, rounds: int) -> None:
    """Each stage of an analysis in bare forward passes.

    *Measuring* is from the first to the last pass over all inputs, content passes included.
    Its bound is what nothing can do without: a transform of each map for what a figure shows, and
    one of the tiles of each tested channel. The bound of the probes is how many inputs run in them.
    """
    model.eval()
    count = len(maps)
    analyze(model, maps[:16], options=Options(batch=BATCH))  # libraries are imported here
    with capture.quiet(model):
        found = capture.discover(model, maps[:1])
    figures_only = partial(measured, model, maps, found, batch=BATCH, tested=False)
    rows: dict[str, list[float]] = {}

    def note(row: str, seconds: float, over: float) -> None:
        rows.setdefault(row, []).append(seconds / over)

    for _ in range(rounds):
        bare = elapsed(partial(forwards, model, maps, BATCH))
        one = bare / count
        clock = Clock(model)
        began = now()
        analyze(model, maps, options=Options(batch=BATCH), progress=clock)
        end = now()
        clock.stop()
        passes = [stage for stage in ("measure", "fixed content") if stage in clock.last]
        measuring = clock.last[passes[-1]] - clock.last["find steps"]
        note("measuring", measuring, bare)
        note("passes", clock.ran[passes[-1]] - clock.ran["find steps"], count)
        with capture.quiet(model):
            note("without the test", elapsed(figures_only), bare)
        note("transforms", elapsed(partial(transforms, found, maps, tested=False)), bare)
        note("both transforms", elapsed(partial(transforms, found, maps, tested=True)), bare)
        note("find", clock.last["find steps"] - began, one)
        note("ran to find", clock.ran["find steps"], 1)
        note("score", clock.last["score"] - clock.first["score"], one)
        note("probes", clock.last["grid position"] - clock.last["score"], one)
        ran = clock.ran["grid position"] - clock.ran["score"]
        note("ran in probes", ran, 1)
        note("rest", end - clock.last["grid position"], one)
    got = {row: median(values) for row, values in rows.items()}
    table.note(f"{name}: bare forward", f"{1e3 * bare / count:.0f} ms an input")
    table.at_most(f"{name}: measuring, with test and energy / bare", got["measuring"], 1.25)
    table.note(
        f"{name}: bound: passes over all inputs + transforms of maps and tiles",
        f"{got['passes']:.2f} + {got['both transforms']:.2f} x",
    )
    table.at_most(f"{name}: without the test / bare", got["without the test"], 1.05)
    table.note(f"{name}: bound: one pass + transforms of maps", f"1 + {got['transforms']:.2f} x")
    table.at_most(f"{name}: causal probes", got["probes"], 10, "forwards")
    table.note(f"{name}: inputs that run in them", f"{got['ran in probes']:.0f}")
    table.note(
        f"{name}: finding steps and periods",
        f"{got['find']:.1f} forwards, {got['ran to find']:.0f} inputs run",
    )
    table.note(f"{name}: scoring", f"{got['score']:.1f} forwards")
    table.note(f"{name}: yardsticks, places, kernels, answer", f"{got['rest']:.1f} forwards")


def transforms(found: capture.Discovery, maps: Tensor, *, tested: bool) -> None:
    """Transform maps of all places of some inputs once, and the tiles of tested channels."""
    count = len(maps)
    shapes = [(step.output_shape, [step.factor]) for step in found.steps]
    shapes += [(shape, [step.factor for step in found.steps]) for shape in (found.output_shape,)]
    shapes += [(tuple(maps.shape[1:]), [])]
    for shape, periods in shapes:
        plan = spectrum.plan_maps(shape, *(sorted(set(periods)) if tested else []), count=count)
        _transform(count * shape[0], shape[1:])
        for view in plan.views:
            _transform(count * len(plan.channels) * prod(view.blocks) * prod(view.tiles), view.tile)


def _transform(count: int, sides: tuple[int, ...]) -> None:
    """Transform so many maps, as many at a time as stay in the cache."""
    some = max(min(IN_CACHE // (4 * prod(sides)), count), 1)
    part = torch.rand(some, *sides)
    dims = tuple(range(1, part.ndim))
    for _ in range(-(-count // some)):
        torch.fft.rfftn(part, dim=dims)


def elapsed(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes."""
    began = now()
    work()
    return now() - began
