"""Chains the stages: from a model and its inputs to an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

import spectra
from spectra import capture, explain, load, probe, score, spectrum
from spectra.errors import InputError, NothingToAnalyseError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ACTIVATION_BYTES = 256 << 20
MOST_BATCH = 16
PROBE_INPUTS = 2  # real inputs that the causal probes use
LINE_PROBES = 5  # steps whose locked pattern is subtracted
GUESSED_SIDE = {1: 4096, 2: 128, 3: 32}
CROP_SIDE = 96  # of the picture shown with its grid

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """What a user may decide about a run; the defaults fit most models.

    Attributes
    ----------
    range, mean, std, gray, multiple, crop, num
        How inputs are read, see `spectra.load.open_inputs`.
    batch : int, optional
        Inputs per forward pass; by default what fits 256 MiB of activations, at most 16.
    call : str
        The model's method to run, for example ``"decode"``.
    steps : str, optional
        Only steps whose name matches this pattern are scored.
    layers : tuple of str
        Patterns of module names whose outputs are shown as well.
    device : str
        ``"auto"`` leaves the model where it is, or moves it to a GPU if there is one.
    threads : int, optional
        CPU threads; unchanged by default.
    seed : int
        Of the randomisation test and of drawn inputs.
    """

    range: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    gray: bool = False
    multiple: int | None = None
    crop: int | None = None
    num: int | None = 64
    batch: int | None = None
    call: str = "forward"
    steps: str | None = None
    layers: tuple[str, ...] = ()
    device: str = "auto"
    threads: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Analysis:
    """The answer, its numbers and everything needed to draw them.

    Attributes
    ----------
    summary : Summary
        Verdict, worst step, scores: what ``summary.json`` holds.
    data : xarray.DataTree
        Spectra, profiles, lattice tables and running sums; groups ``input``, ``output``,
        ``steps/0`` and so on, and ``layers/...`` where asked for.
    crops : dict of ndarray
        ``output``: a crop of one output, shape (*spatial, channel); ``locked``: the mean
        grid-locked pattern of the same crop. Empty where the output is no map.
    """

    summary: explain.Summary
    data: xr.DataTree
    crops: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The verdict of the run."""
        return self.summary.verdict

    @property
    def worst(self) -> explain.StepRow | None:
        """The step that does most harm."""
        worst = self.summary.worst
        rows = self.summary.steps
        return next(
            (r for r in rows if worst and (r.name, r.call) == (worst.name, worst.call)), None
        )

    def __repr__(self) -> str:
        from spectra.report import render_text

        return render_text(self.summary)

    def save(
        self,
        directory: str | Path,
        *,
        force: bool = False,
        formats: Sequence[str] = ("json", "nc", "png"),
    ) -> Path:
        """Write numbers and figures to a folder, all or nothing; see `spectra.report`."""
        from spectra.report import write_result

        return write_result(self, directory, force=force, formats=formats)


def analyze(
    model: load.LoadedModel | nn.Module | str | Path,
    inputs: Any = None,
    *,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Find, score and explain the upsampling artifacts of a model.

    Parameters
    ----------
    model : LoadedModel, Module, str or Path
        A model, or what `spectra.load.load_model` makes one of.
    inputs : Inputs or anything `spectra.load.open_inputs` takes, optional
        Pictures, arrays, latents. Without any, only the data-free probes run.
    options : Options, optional
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Analysis
        Its repr is the table that the command prints.

    Raises
    ------
    SpectraError
        One of its kinds, with one clear message; `NothingToAnalyseError` where the model has
        no upsampling step.

    Examples
    --------
    >>> import torch
    >>> decoder = torch.nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)
    >>> pictures = torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    >>> analyze(decoder, pictures).verdict
    'present'
    """
    started = time.perf_counter()
    options = options or Options()
    tell = progress or _silent
    threads = torch.get_num_threads()
    try:
        if options.threads:
            torch.set_num_threads(options.threads)
        loaded, inputs_ = open_run(model, inputs, options)
        return _Run(loaded, inputs_, options, tell, started).analysis()
    finally:
        torch.set_num_threads(threads)


def list_steps(
    model: load.LoadedModel | nn.Module | str | Path,
    inputs: Any = None,
    *,
    options: Options | None = None,
) -> capture.Discovery:
    """Return the upsampling steps of a model from one forward pass, without scoring them."""
    options = options or Options()
    loaded, inputs_ = open_run(model, inputs, options)
    example = _example(loaded.model, inputs_, options)
    with capture.quiet(loaded.model):
        return _selected(capture.discover(loaded.model, example, method=options.call), options)


def open_run(
    model: load.LoadedModel | nn.Module | str | Path, inputs: Any, options: Options
) -> tuple[load.LoadedModel, load.Inputs | None]:
    """Return the loaded model on its device, and its inputs."""
    loaded = model if isinstance(model, load.LoadedModel) else load.load_model(model)
    device = _device(options.device, loaded.model)
    if device is not None:
        loaded.model.to(device)
    if inputs is None or isinstance(inputs, load.Inputs):
        return loaded, inputs
    opened = load.open_inputs(
        inputs,
        range=options.range,
        mean=options.mean,
        std=options.std,
        gray=options.gray,
        multiple=options.multiple,
        crop=options.crop,
        num=options.num,
        seed=options.seed,
    )
    return loaded, opened


@dataclass
class _Place:
    """One place of the model that maps stream through."""

    statistics: spectrum.MapStatistics
    data: xr.Dataset | None = None
    measured: score.Measured | None = None

    def conclude(self, seed: int) -> None:
        """Turn the running sums into a lattice table and what the score needs."""
        self.data = spectrum.to_dataset(self.statistics)
        self.measured = score.measure(self.data, seed=seed)

    def score(self, **chosen: Any) -> score.Score:
        assert self.data is not None
        return score.score(self.measured, self.data, **chosen)


class _Run:
    """One analysis from first to last forward pass."""

    def __init__(
        self,
        loaded: load.LoadedModel,
        inputs: load.Inputs | None,
        options: Options,
        tell: Progress,
        started: float,
    ) -> None:
        self.loaded, self.inputs, self.options = loaded, inputs, options
        self.model = loaded.model
        self.tell, self.started = tell, started
        self.warnings: list[explain.Finding] = []
        self.forward_s = 0.0

    def analysis(self) -> Analysis:
        with capture.quiet(self.model):
            self._discover()
            self._plan()
            if self.inputs is not None:
                self._stream(self.inputs)
            self._probe()
        return self._conclude()

    # -- from the model to what is measured ------------------------------------------------

    def _discover(self) -> None:
        self.tell("find steps", 0, 1)
        self.example = _example(self.model, self.inputs, self.options)
        found = capture.discover(self.model, self.example, method=self.options.call)
        self.found = found
        self.discovery = _selected(found, self.options)
        self.tell("find steps", 1, 1)
        if not self.discovery.steps:
            raise NothingToAnalyseError(_nothing_found(found, self.options))

    def _plan(self) -> None:
        steps, output = self.discovery.steps, self.discovery.output_shape
        count = len(self.inputs) if self.inputs is not None else 0
        self.input_shape = tuple(self.example.shape[1:])
        self.periods = [
            score.period_in_output(step.factor, step.output_shape, output) for step in steps
        ]
        self.output_periods = score.scored_periods(self.periods)
        self.ratio = score.grid_ratio(self.input_shape, output)
        plan = partial(spectrum.plan_maps, count=max(count, 1))
        self.steps = [
            _Place(spectrum.MapStatistics(plan(step.output_shape, *_factors(step.factor))))
            for step in steps
        ]
        self.output = _Place(spectrum.MapStatistics(plan(output, *self.output_periods)))
        self.input = None
        if self._is_map(self.input_shape):
            axes = len(self.input_shape) - 1
            control = score.control_periods(self.output_periods, self.ratio, axes)
            self.input = _Place(spectrum.MapStatistics(plan(self.input_shape, *control)))
        self.layers: dict[str, _Place] = {}

    @staticmethod
    def _is_map(shape: tuple[int, ...]) -> bool:
        return 2 <= len(shape) <= 4 and min(shape[1:]) > 1

    # -- from inputs to running sums -------------------------------------------------------

    def _stream(self, inputs: load.Inputs) -> None:
        total, done = len(inputs), 0
        batch = self.options.batch or _batch_size(self.discovery)
        device = self.example.device
        layers = _LayerTaps(self.model, self.options.layers, self.layers, total)
        with capture.stream(self.model, self.discovery, self._take) as tap, layers:
            for maps in inputs.batches(batch):
                x = maps.to(device)
                self.first = layers.first = done
                clock = time.perf_counter()
                y = capture.forward(self.model, x, method=self.options.call)
                self.forward_s += time.perf_counter() - clock
                tap.check()
                self.output.statistics.update(_real(y), first=done)
                if self.input is not None:
                    self.input.statistics.update(x, first=done)
                if done == 0:
                    self.probe_inputs, self.probe_output = x[:PROBE_INPUTS], y[:PROBE_INPUTS]
                done += len(x)
                self.tell("measure", done, total)
        self._check_range(inputs)

    def _take(self, index: int, maps: Tensor) -> None:
        clock = time.perf_counter()
        self.steps[index].statistics.update(_real(maps), first=self.first)
        self.forward_s -= time.perf_counter() - clock

    def _check_range(self, inputs: load.Inputs) -> None:
        """Warn where what comes out does not look like what went in."""
        sums = self.output.statistics.sums
        if inputs.range is None or not sums["phase_maps"].any() or inputs.kind != "images":
            return
        low, high = inputs.range
        mean = float(sums["value"].sum() / sums["phase_maps"].sum())
        size = float(np.sqrt(sums["value_square"].sum() / sums["phase_maps"].sum()))
        reach = max(abs(low), abs(high))
        if self.discovery.output_shape[0] == self.input_shape[0] and (
            size > 20 * reach or size < reach / 50
        ):
            text = (
                f"inputs in {low:g}..{high:g} give outputs of RMS {size:.3g} (mean {mean:.3g}): "
                "the model may expect another --range"
            )
            self.warnings.append(explain.Finding("range", text))

    # -- causal probes ---------------------------------------------------------------------

    def _probe(self) -> None:
        self.tell("flat field", 0, 1)
        method = self.options.call
        self.flat = probe.flat_field(
            self.model,
            self.discovery,
            self.input_shape,
            level=self._level(),
            period=_largest(self.output_periods, len(self.discovery.output_shape) - 1),
            method=method,
        )
        self.tell("flat field", 1, 1)
        self.grid: probe.GridDependence | None = None
        if self.inputs is None:
            return
        self.tell("grid position", 0, 1)
        self.grid = probe.grid_dependence(
            self.model,
            self.probe_inputs,
            total_stride=self.discovery.total_stride,
            scale=self.ratio or (),
            seed=self.options.seed,
            method=method,
        )
        self.tell("grid position", 1, 1)

    def _level(self) -> Tensor:
        """Return the constant input of the flat field: the inputs' mean, or the middle."""
        channels = self.input_shape[0]
        if self.input is None or self.inputs is None:
            return torch.full((channels,), 0.5, device=self.example.device)
        sums = self.input.statistics.sums
        mean = sums["value"] / np.maximum(sums["phase_maps"], 1)
        return torch.as_tensor(mean, dtype=self.example.dtype, device=self.example.device)

    def _line_drop(self, index: int) -> float | None:
        """Return how far the output's lines fall without a step's locked mean pattern, in dB."""
        place, period = self.steps[index], self.periods[index]
        if place.data is None or self.output.measured is None or period is None:
            return None
        phases = place.data["phase_mean"].to_numpy()
        pattern = phases - phases.mean(axis=tuple(range(1, phases.ndim)), keepdims=True)
        own = score.owned_by(self.output.measured, period)
        points = self.output.measured.lattice.frequency[own]
        if not len(points):
            return None
        with capture.quiet(self.model):
            without = probe.without_pattern(
                self.model, self.discovery, self.probe_inputs, index, pattern,
                method=self.options.call,
            )  # fmt: skip
        before, after = (
            score.phase_line_power(self._phases(y), points) for y in (self.probe_output, without)
        )
        return score.power_ratio_db(before, after)

    def _phases(self, maps: Tensor) -> NDArray[np.float64]:
        """Return the mean polyphase components of a few outputs."""
        statistics = spectrum.MapStatistics(
            spectrum.plan_maps(maps.shape[1:], *self.output_periods, count=len(maps))
        )
        statistics.update(_real(maps), first=0)
        phases: NDArray[np.float64] = spectrum.to_dataset(statistics)["phase_mean"].to_numpy()
        return phases

    # -- from sums to the answer -----------------------------------------------------------

    def _conclude(self) -> Analysis:
        places = [*self.steps, self.output, *self.layers.values()]
        if self.input is not None:
            places.append(self.input)
        for number, place in enumerate(places):
            place.conclude(self.options.seed)
            self.tell("score", number + 1, len(places))
        input_score, output_score, inherited = self._rows()
        rows = tuple(self._step_row(i) for i in range(len(self.steps)))
        rows = self._with_line_drops(rows)
        summary = explain.Summary(
            spectra_version=spectra.__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            model=explain.Model(
                self.loaded.source,
                self.loaded.sha256,
                self.loaded.format,
                self.loaded.architecture,
                self.loaded.parameters,
            ),
            inputs=self._input_set(),
            run=self._run_record(),
            verdict=explain.overall_verdict(output_score, rows),
            worst=_name(explain.worst_step(rows)),
            input=explain.InputRow(input_score),
            output=explain.OutputRow(
                output_score,
                inherited,
                self.grid.dbc if self.grid else None,
                self.grid.reason if self.grid else "no inputs",
            ),
            steps=rows,
            unexplained_growth=tuple(
                explain.UnexplainedGrowth(g.name, g.input_shape, g.output_shape)
                for g in self.found.growth
            ),
            warnings=tuple(self.warnings + self._notes()),
        )
        summary = replace(summary, answer=explain.answer(summary))
        return Analysis(summary, self._tree(), self._crops())

    def _rows(self) -> tuple[score.Score, score.Score, tuple[tuple[float, ...], ...]]:
        """Return the scores of inputs and output, and the peaks that the output inherited."""
        levels = self._levels()
        no_inputs = score.Score(reason="no inputs" if self.inputs is None else "inputs are no maps")
        input_score = self.input.score(levels=levels) if self.input else no_inputs
        output, inputs = self.output.measured, self.input.measured if self.input else None
        if self.inputs is None:
            return no_inputs, no_inputs, ()
        if output is None or inputs is None or self.ratio is None:
            return input_score, self.output.score(levels=levels), ()
        _, input_p = score.point_significance(inputs)
        inherited = score.inherited_points(output, inputs, self.ratio, input_p)
        peaks = tuple(tuple(float(v) for v in f) for f in output.lattice.frequency[inherited])
        return input_score, self.output.score(chosen=~inherited, levels=levels), peaks

    def _levels(self) -> float | None:
        """Return the grey levels of one unit, where the inputs are pictures of known range."""
        if self.inputs is None or self.inputs.kind != "images" or self.inputs.range is None:
            return None
        low, high = self.inputs.range
        return 255 / (high - low)

    def _step_row(self, index: int) -> explain.StepRow:
        step, place = self.discovery.steps[index], self.steps[index]
        assert place.data is not None
        if self.inputs is None:
            own = score.Score(reason="no inputs")
        elif not step.factor:
            own = replace(place.score(), reason=step.reason)
        else:
            own = place.score()
        flat = self.flat.steps[index]
        row_flat = explain.FlatFieldRow(flat.line_dbc, flat.size, flat.converged, flat.reason)
        cause = explain.find_cause(step.kind, step.factor, step.kernel_size, own, row_flat)
        measured = self.inputs is not None and bool(step.factor)
        return explain.StepRow(
            step.name,
            step.call,
            step.kind,
            step.factor,
            step.kernel_size,
            step.stride,
            step.groups,
            step.input_shape,
            step.output_shape,
            self.periods[index],
            own,
            score.out_of_band_dbc(place.data, step.factor) if measured else None,
            self._at_output(index, own),
            row_flat,
            cause,
            explain.find_advice(step.kind, cause),
        )

    def _at_output(self, index: int, own: score.Score) -> explain.AtOutput:
        output, period = self.output.measured, self.periods[index]
        if output is None or period is None:
            return explain.AtOutput(None, None, None)
        points = score.owned_by(output, tuple(period))
        if not points.any():
            return explain.AtOutput(None, None, None)
        locked = score.ratio_dbc(score.locked_energy(output.lattice, points).share)
        known = locked is not None and own.asr_dbc is not None
        change = locked - own.asr_dbc if known else None  # type: ignore[operator]
        return explain.AtOutput(locked, change, None)

    def _with_line_drops(self, rows: tuple[explain.StepRow, ...]) -> tuple[explain.StepRow, ...]:
        """Measure what each guilty step's constant pattern contributes, the strongest few."""
        guilty = [
            i
            for i, row in enumerate(rows)
            if row.score.verdict in ("present", "suspect") and row.score.line_dbc is not None
        ]
        guilty.sort(key=lambda i: -(rows[i].score.line_dbc or 0.0))
        drops = {i: self._line_drop(i) for i in guilty[:LINE_PROBES]}
        return tuple(
            replace(row, at_output=replace(row.at_output, line_drop_db=drops.get(i)))
            for i, row in enumerate(rows)
        )

    def _input_set(self) -> explain.InputSet:
        inputs = self.inputs
        if inputs is None:
            return explain.InputSet("none", "none", 0, 0, (), self.input_shape)
        dropped = tuple(explain.DroppedInput(d.source, d.reason) for d in inputs.dropped)
        return explain.InputSet(
            inputs.source, inputs.kind, inputs.count, len(inputs), dropped, tuple(inputs.shape)
        )

    def _run_record(self) -> explain.Run:
        return explain.Run(
            device=str(self.example.device),
            dtype=str(self.example.dtype).removeprefix("torch."),
            threads=torch.get_num_threads(),
            seed=self.options.seed,
            options=asdict(self.options),
            torch=torch.__version__,
            elapsed_s=time.perf_counter() - self.started,
            forward_s=self.forward_s,
        )

    def _notes(self) -> list[explain.Finding]:
        notes = [explain.Finding("loading", text) for text in self.loaded.notes]
        if self.inputs is not None:
            notes += [explain.Finding("preprocessing", text) for text in self.inputs.notes]
            if self.inputs.dropped:
                text = "; ".join(f"{d.source}: {d.reason}" for d in self.inputs.dropped[:3])
                more = (
                    f" and {len(self.inputs.dropped) - 3} more"
                    if len(self.inputs.dropped) > 3
                    else ""
                )
                notes.append(explain.Finding("dropped", f"left out: {text}{more}"))
        for growth in self.found.growth:
            text = (
                f"{growth.name or '(model)'} enlarges {growth.input_shape} to "
                f"{growth.output_shape} by no operation that was recognised"
            )
            notes.append(explain.Finding("unexplained_growth", text))
        return notes

    def _tree(self) -> xr.DataTree:
        groups: dict[str, xr.Dataset] = {}
        if self.input is not None:
            groups["input"] = _group(self.input, name="input", kind="control")
        for index, (step, place) in enumerate(zip(self.discovery.steps, self.steps, strict=True)):
            groups[f"steps/{index}"] = _group(place, name=step.name, call=step.call, kind=step.kind)
        for name, place in self.layers.items():
            groups[f"layers/{name.replace('.', '_')}"] = _group(place, name=name, kind="layer")
        groups["output"] = _group(self.output, name="output", kind="output")
        if self.inputs is None:
            groups = {}
        return xr.DataTree.from_dict(groups)

    def _crops(self) -> dict[str, NDArray[np.float64]]:
        """Return a crop of one output and of the mean locked pattern under it."""
        if self.inputs is None or self.output.data is None:
            return {}
        phases = self.output.data["phase_mean"].to_numpy()
        pattern = phases - phases.mean(axis=tuple(range(1, phases.ndim)), keepdims=True)
        picture = self.probe_output[0].detach().float().cpu().numpy().astype(np.float64)
        plan = self.output.statistics.plan
        window = [slice(None)]
        for side, margin, period in zip(picture.shape[1:], plan.margin, plan.period, strict=True):
            length = min(CROP_SIDE, side - 2 * margin) // period * period
            start = margin + max((side - 2 * margin - length) // 2 // period * period, 0)
            window.append(slice(start, start + length))
        crop = picture[tuple(window)]
        repeats = [n // p for n, p in zip(crop.shape[1:], plan.period, strict=True)]
        if not min(repeats, default=0):
            return {}
        locked = np.tile(pattern, (1, *repeats))
        return {"output": np.moveaxis(crop, 0, -1), "locked": np.moveaxis(locked, 0, -1)}


class _LayerTaps:
    """Plain forward hooks on modules chosen by name; their maps are measured without a lattice."""

    def __init__(
        self, model: nn.Module, patterns: Sequence[str], places: dict[str, _Place], count: int
    ) -> None:
        self.first, self.places, self.count = 0, places, count
        names = [name for name, _ in model.named_modules() if name]
        chosen = [n for n in names if any(fnmatchcase(n, p) for p in patterns)]
        missing = [p for p in patterns if not any(fnmatchcase(n, p) for n in names)]
        if missing:
            raise ParameterError(
                f"layers={missing[0]!r} matches no module; {_nearest(missing[0], names)}"
            )
        self.modules = {name: model.get_submodule(name) for name in chosen}

    def __enter__(self) -> None:
        self.handles = [
            module.register_forward_hook(partial(self._take, name))
            for name, module in self.modules.items()
        ]

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()

    def _take(self, name: str, _module: nn.Module, _args: Any, output: Any) -> None:
        if not isinstance(output, Tensor) or not 3 <= output.ndim <= 5:
            return
        if name not in self.places:
            plan = spectrum.plan_maps(output.shape[1:], count=self.count)
            self.places[name] = _Place(spectrum.MapStatistics(plan))
        self.places[name].statistics.update(_real(output), first=self.first)


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report nothing."""


def _device(wanted: str, model: nn.Module) -> torch.device | None:
    """Return where to move the model, None to leave it where it is."""
    if wanted == "auto":
        at_home = all(p.device.type == "cpu" for p in model.parameters())
        return torch.device("cuda") if at_home and torch.cuda.is_available() else None
    try:
        device = torch.device(wanted)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as cause:
        raise ParameterError(f"device={wanted!r} cannot be used here: {cause}") from cause
    return device


def _example(model: nn.Module, inputs: load.Inputs | None, options: Options) -> Tensor:
    """Return one input on the model's device: the first, or a guess from the first layer."""
    parameter = next(model.parameters(), None)
    device = parameter.device if parameter is not None else torch.device("cpu")
    if inputs is not None:
        return next(iter(inputs.batches(1))).to(device)
    for module in model.modules():
        weight = getattr(module, "weight", None)
        channels = getattr(module, "in_channels", None)
        if channels is not None and isinstance(weight, Tensor) and 3 <= weight.ndim <= 5:
            side = options.crop or GUESSED_SIDE[weight.ndim - 2]
            return torch.full((1, channels, *[side] * (weight.ndim - 2)), 0.5, device=device)
    raise InputError(
        "inputs=None, and the model's first layer does not tell their shape: give pictures, an "
        "array, or random:image?shape=3,128,128"
    )


def _selected(found: capture.Discovery, options: Options) -> capture.Discovery:
    """Return the discovery with the steps that the user asked for."""
    if options.steps is None:
        return found
    return found.select(lambda step: fnmatchcase(step.label, options.steps or "*"))


def _nothing_found(found: capture.Discovery, options: Options) -> str:
    if found.steps:
        names = ", ".join(step.label for step in found.steps)
        return f"steps={options.steps!r} matches no upsampling step; the model has {names}"
    grown = "".join(
        f"; {g.name or '(model)'} grows {g.input_shape} to {g.output_shape} by other means"
        for g in found.growth
    )
    return (
        "the model has no upsampling step (transposed convolution, pixel shuffle, interpolation)"
        f" that depends on its input{grown}"
    )


def _factors(factor: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [factor] if factor else []


def _largest(periods: Iterable[tuple[int, ...]], axes: int) -> tuple[int, ...]:
    """Return the least common multiple of the output's periods along each axis."""
    common = np.lcm.reduce([np.ones(axes, int), *(np.array(p) for p in periods)])
    return tuple(int(p) for p in common)


def _batch_size(discovery: capture.Discovery) -> int:
    """Return how many inputs fit the activation budget, judged by the largest step."""
    largest = max(int(np.prod(step.output_shape)) for step in discovery.steps)
    return int(np.clip(ACTIVATION_BYTES // (largest * 4 * 4), 1, MOST_BATCH))


def _real(maps: Tensor) -> Tensor:
    return maps if maps.is_floating_point() else maps.abs().float()


def _name(row: explain.StepRow | None) -> explain.StepName | None:
    return explain.StepName(row.name, row.call) if row else None


def _nearest(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, 3) or list(names)[:3]
    return f"nearest: {', '.join(near)}"


def _group(place: _Place, **attributes: Any) -> xr.Dataset:
    """Return a place's dataset with its lattice table."""
    assert place.data is not None
    data = place.data.assign_attrs(attributes)
    if place.measured is None:
        return data
    table = score.lattice_table(place.measured)
    units = {"frequency": "cycles/pixel", "period": "pixel", "z": "1", "p": "1"}
    for name, values in table.items():
        dims = ("point", "axis") if values.ndim == 2 else ("point",)
        data[name] = xr.DataArray(values, dims=dims, attrs={"units": units.get(name, "dB")})
    return data


__all__ = ["Analysis", "Options", "analyze", "list_steps", "open_run"]
