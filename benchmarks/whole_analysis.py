"""An analysis from first to last, in forward passes, beside what bounds it from below."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
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


class StoppedError(Exception):
    """Ends an analysis whose passes over all inputs are done."""


class Clock:
    """Hears the progress of an analysis: when each stage spoke first and last, and what ran.

    Parameters
    ----------
    model : Module
        What is analysed.
    until : str, optional
        The stage that ends it.
    """

    def __init__(self, model: nn.Module, *, until: str | None = None) -> None:
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.ran: dict[str, int] = {}  # inputs that had run through the model by the last word
        self._model, self._ran, self._until = model, 0, until
        self._handle = model.register_forward_pre_hook(self._runs)

    def __call__(self, stage: str, _done: int, _total: int) -> None:
        self.first.setdefault(stage, now())
        self.last[stage] = now()
        self.ran[stage] = self._ran
        if stage == self._until:
            raise StoppedError

    def analysed(self, maps: Tensor) -> Clock:
        """Analyse the model, and hear no more then."""
        with suppress(StoppedError):
            analyze(self._model, maps, options=Options(batch=BATCH), progress=self)
        self._handle.remove()
        return self

    @property
    def passes(self) -> str:
        """The stage of the last pass over all inputs."""
        return "fixed content" if "fixed content" in self.last else "measure"

    def _runs(self, _: nn.Module, given: tuple[Tensor, ...]) -> None:
        self._ran += len(given[0])


def bench_analysis(table: Table, name: str, model: nn.Module, maps: Tensor, rounds: int) -> None:
    """Each stage of an analysis in bare forward passes, which run before and after it.

    *Measuring* is from the first to the last pass over all inputs, content passes included.
    Its bound is what nothing can do without: a transform of each map for what a figure shows, and
    one of the tiles of each tested channel. The bound of the probes is how many inputs run in them.
    """
    model.eval()
    count = len(maps)
    Clock(model).analysed(maps[:16])  # libraries are imported here
    with capture.quiet(model):
        found = capture.discover(model, maps[:1])
    bare_passes = partial(forwards, model, maps, BATCH)
    work = {
        "without the test": partial(measured, model, maps, found, batch=BATCH, tested=False),
        "transforms": partial(transforms, found, maps, tested=False),
        "both transforms": partial(transforms, found, maps, tested=True),
    }
    rows: dict[str, list[float]] = {"bare": []}
    for _ in range(rounds):
        before = elapsed(bare_passes)
        clock = Clock(model, until="score").analysed(maps)
        took = {"measuring": clock.last[clock.passes] - clock.last["find steps"]}
        after = elapsed(bare_passes)
        with capture.quiet(model):
            took |= {row: elapsed(run) for row, run in work.items()}
        last = elapsed(bare_passes)
        for row, seconds in took.items():
            beside = (before, after) if row == "measuring" else (after, last)
            rows.setdefault(row, []).append(2 * seconds / sum(beside))
        rows["bare"] += [before, after, last]
    one = median(rows.pop("bare")) / count
    got = {row: median(values) for row, values in rows.items()}
    through = (clock.ran[clock.passes] - clock.ran["find steps"]) / count

    began, before = now(), elapsed(bare_passes)
    began += before
    clock = Clock(model).analysed(maps)
    end = now()
    bare = (before + elapsed(bare_passes)) / 2 / count
    probes = (clock.last["grid position"] - clock.last["score"]) / bare
    ran = clock.ran["grid position"] - clock.ran["score"]
    table.note(f"{name}: bare forward", f"{1e3 * one:.0f} ms an input")
    table.at_most(f"{name}: measuring, with test and energy / bare", got["measuring"], 1.25)
    table.note(
        f"{name}: bound: passes over all inputs + transforms of maps and tiles",
        f"{through:.2f} + {got['both transforms']:.2f} x",
    )
    table.at_most(f"{name}: without the test / bare", got["without the test"], 1.05)
    table.note(f"{name}: bound: one pass + transforms of maps", f"1 + {got['transforms']:.2f} x")
    table.at_most(f"{name}: causal probes", probes, 10, "forwards")
    table.note(f"{name}: bound: inputs that run in them", f"{ran}")
    table.note(
        f"{name}: finding steps and periods",
        f"{(clock.last['find steps'] - began) / bare:.0f} forwards, "
        f"{clock.ran['find steps']} inputs run",
    )
    scoring = (clock.last["score"] - clock.first["score"]) / bare
    rest = (end - clock.last["grid position"]) / bare
    table.note(f"{name}: scoring", f"{scoring:.0f} forwards")
    table.note(f"{name}: yardsticks, places, kernels, answer", f"{rest:.0f} forwards")


def transforms(found: capture.Discovery, maps: Tensor, *, tested: bool) -> None:
    """Transform maps of all places of some inputs once, and the tiles of tested channels.

    The output is cut for the steps' own factors, the inputs for none: no more than what is read.
    """
    count, factors = len(maps), [step.factor for step in found.steps]
    places = [(step.output_shape, [step.factor]) for step in found.steps]
    places += [(found.output_shape, factors), (tuple(maps.shape[1:]), [])]
    for shape, periods in places:
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
