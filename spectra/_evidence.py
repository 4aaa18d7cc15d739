"""All forward passes of a run: what streams through a model becomes running sums."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra import capture, kernel, load, probe, score, spectrum, weights
from spectra.errors import InputError, ModelError, NothingToAnalyseError, ParameterError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from spectra._options import Options, Progress

ACTIVATION_BYTES = 256 << 20
MOST_BATCH = 16
PROBE_INPUTS = 2  # real inputs that the causal probes use
GRID_OFFSETS = 4  # positions at which each of them is seen
GUESSED_SIDE = {1: 4096, 2: 128, 3: 32}  # of an input that only data-free probes see

NO_MAP = (1, 1)  # of an output that is none, at whose place nothing is measured

Period = tuple[int, ...]


@dataclass
class Place:
    """One place of the model that maps stream through.

    Attributes
    ----------
    statistics : MapStatistics
    data : xarray.Dataset
        The same as labelled arrays, once ``conclude`` has run.
    measured : Measured or None
        What its lattice points show; None where there is no lattice or too little data.
    """

    statistics: spectrum.MapStatistics
    data: xr.Dataset = field(init=False)
    measured: score.Measured | None = field(init=False, default=None)

    def add(self, maps: Tensor, *, first: int, inputs: int, name: str) -> None:
        """Add the maps of some inputs to the running sums.

        See `add_maps`.

        Parameters
        ----------
        maps : Tensor, shape (B, C, *spatial)
        first : int
            Index of the first of these inputs among all.
        inputs : int
            How many they are.
        name : str
            What the place is called in an error.

        Raises
        ------
        ModelError
            If the maps differ in size from what the first input gave.
        """
        shape, planned = tuple(maps.shape[1:]), self.statistics.plan.shape
        if shape != planned:
            raise ModelError(
                f"the size of {name} changes from input to input: {planned} for the first, {shape} "
                f"for {first} and after; give inputs for which it does not"
            )
        add_maps(self.statistics, maps, first=first, inputs=inputs)

    def conclude(self, seed: int) -> None:
        """Turn the running sums into labelled arrays and what a score needs."""
        self.data = spectrum.to_dataset(self.statistics)
        self.measured = score.measure(self.data, seed=seed)

    def score(self, **judged: Any) -> score.Score:
        """Return the score; see `spectra.score.score`."""
        return score.score(self.measured, self.data, **judged)


@dataclass
class Evidence:
    """What the forward passes of one run have shown.

    Attributes
    ----------
    found : Discovery
        All steps of the model; ``discovery`` has those that were asked for.
    output_periods : tuple of tuple of int
        The periods at which the output is scored.
    steps, output, input, layers
        The places that were measured; ``input`` is None where inputs are no maps.
    flat : FlatField
    grid : GridDependence or None
        None without inputs.
    probe_inputs, probe_output : Tensor or None
        A few inputs and what the model made of them.
    level : Tensor or None
        Mean of the inputs, one number a channel.
    kernels : tuple of (Measures or None)
        What the weights of each step say by themselves.
    forward_s : float
        Seconds spent in forward passes, measuring apart.
    """

    model: nn.Module
    options: Options
    example: Tensor
    found: capture.Discovery
    discovery: capture.Discovery
    output_periods: tuple[Period, ...]
    steps: tuple[Place, ...]
    output: Place
    input: Place | None
    layers: dict[str, Place] = field(default_factory=dict)
    flat: probe.FlatField = field(init=False)
    grid: probe.GridDependence | None = None
    probe_inputs: Tensor | None = None
    probe_output: Tensor | None = None
    level: Tensor | None = None
    kernels: tuple[kernel.Measures | None, ...] = ()
    forward_s: float = 0.0

    @property
    def places(self) -> list[Place]:
        """Every place that was measured."""
        own = [] if self.input is None else [self.input]
        return [*own, *self.steps, *self.layers.values(), self.output]

    def line_drop_db(self, index: int) -> float | None:
        """Return how far the output's lines fall without a step's locked mean pattern.

        Parameters
        ----------
        index : int
            Of the step.

        Returns
        -------
        float or None
            dB; None where the output shows no lattice of the step.
        """
        period, measured = self.discovery.periods[index], self.output.measured
        if measured is None or period is None or self.probe_inputs is None:
            return None
        points = measured.lattice.frequency[
            score.owned_by(measured, score.scored_period(period, self.discovery.output_shape))
        ]
        if not len(points):
            return None
        phases = self.steps[index].data["phase_mean"].to_numpy()
        pattern = phases - phases.mean(axis=tuple(range(1, phases.ndim)), keepdims=True)
        without = probe.without_pattern(
            self.model, self.discovery, self.probe_inputs.clone(), index, pattern
        )
        assert self.probe_output is not None
        before, after = (
            score.phase_line_power(self._output_phases(y), points)
            for y in (self.probe_output, without)
        )
        return score.power_ratio_db(before, after)

    def _output_phases(self, maps: Tensor) -> NDArray[np.float64]:
        """Return the mean polyphase components of a few outputs."""
        period = self.output.statistics.plan.period
        statistics = spectrum.MapStatistics(
            spectrum.plan_maps(maps.shape[1:], period, count=len(maps))
        )
        statistics.update(_real(maps), first=0)
        phases: NDArray[np.float64] = spectrum.to_dataset(statistics)["phase_mean"].to_numpy()
        return phases


def gather(
    model: nn.Module, inputs: load.Inputs | None, options: Options, tell: Progress
) -> Evidence:
    """Run the model: find its steps, stream the inputs through it, probe it.

    Raises
    ------
    NothingToAnalyseError
        If the model has no upsampling step that was asked for.
    """
    with capture.quiet(model):
        tell("find steps", 0, 1)
        evidence = _planned(model, inputs, options)
        tell("find steps", 1, 1)
        if inputs is not None:
            try:
                _stream(evidence, inputs, tell)
            except ModelError as error:
                if not _may_run_alone(evidence, inputs, error):
                    raise
                evidence = _one_at_a_time(evidence)
                _stream(evidence, inputs, tell)
        _probe(evidence, tell)
        tell("kernels", 0, 1)
        evidence.kernels = weights.measure(model, evidence.discovery)
        tell("kernels", 1, 1)
        for number, place in enumerate(evidence.places):
            tell("score", number, len(evidence.places))
            place.conclude(options.seed)
        tell("score", len(evidence.places), len(evidence.places))
    return evidence


def find_steps(
    model: nn.Module, inputs: load.Inputs | None, options: Options
) -> tuple[Tensor, capture.Discovery]:
    """Return one input, and all steps that a forward pass of it runs through."""
    example = example_input(model, inputs, options)
    with capture.quiet(model):
        return example, capture.discover(model, example, method=options.call, output=options.output)


def select_steps(found: capture.Discovery, pattern: str | None) -> capture.Discovery:
    """Return the discovery with the steps whose name matches a pattern; all without one."""
    if pattern is None:
        return found
    return found.select(lambda step: fnmatchcase(step.label, pattern))


def _planned(model: nn.Module, inputs: load.Inputs | None, options: Options) -> Evidence:
    """Find the steps and fix what is measured at each place, before the first map."""
    example, found = find_steps(model, inputs, options)
    if not select_steps(found, options.steps).steps:
        raise NothingToAnalyseError(nothing_found(found, options))
    found = capture.follow_periods(model, found, example)
    discovery = select_steps(found, options.steps)
    shape, output = tuple(example.shape[1:]), discovery.output_shape
    scored = [p and score.scored_period(p, output) for p in found.periods]
    output_periods = tuple(score.scored_periods(scored))

    def place(
        shape: Sequence[int], *periods: Period, borders: capture.Borders | None = None
    ) -> Place:
        count = len(inputs) if inputs is not None else 1
        reach = partial(borders.reach, shape) if borders is not None else None
        plan = spectrum.plan_maps(shape, *periods, count=count, reach=reach)
        return Place(spectrum.MapStatistics(plan))

    control = score.control_periods(output_periods, found.ratio, len(shape) - 1)
    return Evidence(
        model=model,
        options=options,
        example=example,
        found=found,
        discovery=discovery,
        output_periods=output_periods,
        steps=tuple(
            place(step.output_shape, *([step.factor] if step.factor else []), borders=step.borders)
            for step in discovery.steps
        ),
        output=place(output or NO_MAP, *output_periods, borders=discovery.borders),
        input=place(shape, *control) if _is_map(shape) else None,
    )


def _may_run_alone(evidence: Evidence, inputs: load.Inputs, error: ModelError) -> bool:
    """Tell whether inputs may run one by one where several at once do not.

    What a model makes of several may not tell which is whose, and an export may hold its batch.
    """
    if isinstance(error, capture.MixedInputsError):
        return True
    asked = evidence.options.batch is not None
    begun = evidence.probe_output is not None
    return not (asked or begun or evidence.discovery.reading.alone) and len(inputs) > 1


def _one_at_a_time(evidence: Evidence) -> Evidence:
    """Return the same before anything was measured, with inputs that run by themselves."""

    def fresh(place: Place) -> Place:
        return Place(spectrum.MapStatistics(place.statistics.plan))

    reading = replace(evidence.found.reading, alone=True)
    return replace(
        evidence,
        found=replace(evidence.found, reading=reading),
        discovery=replace(evidence.discovery, reading=reading),
        steps=tuple(map(fresh, evidence.steps)),
        output=fresh(evidence.output),
        input=evidence.input and fresh(evidence.input),
        layers={},
        probe_inputs=None,
        probe_output=None,
    )


def _stream(evidence: Evidence, inputs: load.Inputs, tell: Progress) -> None:
    """Run all inputs; reduce what passes the steps, the output and the inputs themselves."""
    model, options = evidence.model, evidence.options
    clock = _Clock()
    done = 0
    level = torch.zeros(evidence.example.shape[1], dtype=torch.float64).to(evidence.example.device)

    def take(index: int, maps: Tensor) -> None:
        with clock.paused():
            name = evidence.discovery.steps[index].label
            evidence.steps[index].add(maps, first=done, inputs=len(x), name=name)

    def take_layer(name: str, maps: Tensor) -> None:
        with clock.paused(), capture.unseen():
            shape = tuple(maps.shape[1:])
            if name in evidence.layers and shape != evidence.layers[name].statistics.plan.shape:
                name = f"{name} {'x'.join(map(str, shape[1:]))}"  # one module, two sizes
            if name not in evidence.layers:
                plan = spectrum.plan_maps(shape, count=len(inputs))
                evidence.layers[name] = Place(spectrum.MapStatistics(plan))
            evidence.layers[name].add(maps, first=done, inputs=len(x), name=name)

    taps = _layer_taps(model, options.layers, take_layer)
    with capture.stream(model, evidence.discovery, take), taps:
        for batch in inputs.batches(_batch_size(evidence.discovery, options.batch)):
            x = batch.to(evidence.example.device)
            level += x.double().flatten(2).mean(2).sum(0) if x.ndim > 2 else x.double().sum(0)
            if evidence.input is not None:  # before a model can write into it
                evidence.input.statistics.update(x, first=done)
            left = max(PROBE_INPUTS - done, 0)  # to keep for the probes
            evidence.probe_inputs = _extended(evidence.probe_inputs, x[:left])
            with clock.running():
                y = capture.forward(model, x, found=evidence.discovery)
            if evidence.discovery.layout is not None:
                evidence.output.add(y, first=done, inputs=len(x), name="the output")
                kept = y[: left * (len(y) // len(x))]
                evidence.probe_output = _extended(evidence.probe_output, kept)
            done += len(x)
            tell("measure", done, len(inputs))
    evidence.forward_s = clock.seconds
    evidence.level = (level / done).to(evidence.example.dtype)


def _extended(kept: Tensor | None, more: Tensor) -> Tensor:
    """Return what is kept with a copy of more."""
    return more.clone() if kept is None else torch.cat([kept, more])


def add_maps(statistics: spectrum.MapStatistics, maps: Tensor, *, first: int, inputs: int) -> None:
    """Add maps of some inputs, of which each may have several: frames that are samples.

    The maps of one input follow each other. They are no independent replicates: each counts as
    another look at its input.
    """
    each = max(len(maps) // inputs, 1)
    for index in range(each):
        statistics.update(_real(maps[index::each]), first=first)


def _probe(evidence: Evidence, tell: Progress) -> None:
    """Measure the causal responses: constant input, and shifted inputs."""
    tell("flat field", 0, 1)
    evidence.flat = probe.flat_field(
        evidence.model,
        evidence.discovery,
        evidence.discovery.input_shape,
        level=0.5 if evidence.level is None else evidence.level,
        period=evidence.output.statistics.plan.period if evidence.discovery.layout else None,
    )
    tell("flat field", 1, 1)
    if evidence.probe_inputs is None:
        return
    tell("grid position", 0, 1)
    evidence.grid = probe.grid_dependence(
        evidence.model,
        evidence.probe_inputs.clone(),
        total_stride=evidence.discovery.total_stride,
        scale=evidence.discovery.scale,
        found=evidence.discovery,
        offsets=GRID_OFFSETS,
        seed=evidence.options.seed,
    )
    tell("grid position", 1, 1)


@contextmanager
def _layer_taps(
    model: nn.Module, patterns: Sequence[str], take: Callable[[str, Tensor], None]
) -> Iterator[None]:
    """Tap the modules whose names match by plain forward hooks."""
    names = [name for name, _ in walk.named_modules(model) if name]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            near = get_close_matches(pattern, names, 3) or names[:3]
            raise ParameterError(f"layers={pattern!r} matches no module: try {', '.join(near)}")

    def hook(name: str, _module: nn.Module, _args: Any, output: Any) -> None:
        if isinstance(output, Tensor) and _is_map(tuple(output.shape[1:])):
            take(name, output)

    chosen = [name for name in names if any(fnmatchcase(name, p) for p in patterns)]
    handles = []
    try:
        for name in chosen:
            tapped = walk.submodule(model, name).register_forward_hook(partial(hook, name))
            handles.append(tapped)
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Clock:
    """Adds up the seconds of forward passes, without what runs inside them on our account."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - start

    @contextmanager
    def paused(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds -= time.perf_counter() - start


def example_input(model: nn.Module, inputs: load.Inputs | None, options: Options) -> Tensor:
    """Return one input on the model's device: the first, or a guess from the first layer."""
    parameter = next(walk.parameters(model), None)
    device = parameter.device if parameter is not None else torch.device("cpu")
    if inputs is not None:
        return next(iter(inputs.batches(1))).to(device)
    with capture.quiet(model):  # in training mode a spectral norm changes when its weight is read
        for module in walk.modules(model):
            weight = getattr(module, "weight", None)
            if not isinstance(weight, Tensor) or not 3 <= weight.ndim <= 5:
                continue
            channels = getattr(module, "in_channels", None)
            if channels is not None:
                side = options.crop or GUESSED_SIDE[weight.ndim - 2]
                return torch.full((1, channels, *[side] * (weight.ndim - 2)), 0.5, device=device)
    raise InputError(
        "inputs=None, and the model's first layer does not tell their shape: give pictures, an "
        "array, or random:image?shape=3,128,128"
    )


def opened_inputs(inputs: Any, options: Options) -> load.Inputs | None:
    """Return what was given as inputs, read as the options say."""
    if inputs is None or isinstance(inputs, load.Inputs):
        return inputs
    return load.open_inputs(inputs, **options.reading)


def nothing_found(found: capture.Discovery, options: Options) -> str:
    if found.steps:
        names = ", ".join(repr(step.label) for step in found.steps)
        return f"steps={options.steps!r} matches no upsampling step: the model's are {names}"
    grown = "".join(
        f"; {g.name or '(model)'} grows {g.input_shape} to {g.output_shape} by other means"
        for g in found.growth
    )
    return (
        "the model has no upsampling step (transposed convolution, shuffle, interpolation, "
        f"repeat, ...) that depends on its input{grown}"
    )


def _batch_size(discovery: capture.Discovery, wanted: int | None) -> int:
    """Return how many inputs fit the activation budget, judged by the largest step."""
    if discovery.reading.alone:
        return 1
    if wanted is not None:
        return wanted
    largest = max(int(np.prod(step.output_shape)) for step in discovery.steps)
    return int(np.clip(ACTIVATION_BYTES // (largest * 4 * 4), 1, MOST_BATCH))


def _is_map(shape: tuple[int, ...]) -> bool:
    """Tell whether ``(channel, *spatial)`` has one to three axes of more than a pixel."""
    return 2 <= len(shape) <= 4 and min(shape[1:]) > 1


def _real(maps: Tensor) -> Tensor:
    return maps if maps.is_floating_point() else maps.real.float()
