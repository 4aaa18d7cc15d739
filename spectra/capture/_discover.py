"""Find the upsampling steps of a model by running it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload

from spectra import _walk as walk
from spectra.capture._choice import Returned, choose
from spectra.capture._forward import returned_by, unwrap, watched_by
from spectra.capture._layout import Layout
from spectra.capture._look import Seam, Seams
from spectra.capture._mode import LightMode, unseen
from spectra.capture._modules import ModuleStack, added_by_borders
from spectra.capture._output import read_tensor
from spectra.capture._padding import Padding
from spectra.capture._quiet import quiet
from spectra.capture._recognise import Call, recogniser_of
from spectra.capture._repeats import Repeats, call_site
from spectra.capture._runs import Event, Run, Runs, named
from spectra.capture._script import script_paths
from spectra.capture._steps import Discovery, Family, Look, Mark, Step
from spectra.capture._storages import tensors
from spectra.capture._stride import total_stride
from spectra.capture._taint import Depth, Taint
from spectra.capture._unwatched import unwatched

Alike = tuple[Family, int, tuple[int, ...]]


def discover(
    model: nn.Module,
    example: Tensor,
    *,
    method: str = "forward",
    output: str | int | None = None,
) -> Discovery:
    """Find every upsampling step of a model that depends on its input.

    The model runs once, quietly, under a dispatch mode: so functional calls, several calls
    in one module, ScriptModules and compiled modules are seen alike. Found are operations
    that upsample by themselves (transposed convolution, ``pixel_shuffle``, all modes of
    ``interpolate``, unpooling, ``grid_sample``, ``fold``, custom operators that grow) and
    rearrangements that do: each tensor is followed back, through what only moves data, to
    the operation that computed it. Several operations in a row may be one step.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came: hooks, flags, weights, gradients, random generators.
    example : Tensor, shape (B, C, *spatial), or (B, C) for a model without spatial input
        One input; a single sample is enough.
    method : str
        The method of the model to call.
    output : str or int, optional
        Which of several tensors that the model returns is its output: where it stands, as in
        :attr:`Discovery.outputs` (``"['audio']"`` or ``"audio"``), or its number. By default the
        largest map that comes through a step.

    Returns
    -------
    Discovery
        Steps in execution order. A model without any has ``steps == ()``.

    Raises
    ------
    ModelError
        If the model fails on the example, or returns no tensor.
    ParameterError
        If it returns none of the name ``output``.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.PixelShuffle(2))
    >>> discover(net, torch.zeros(1, 1, 8, 8)).steps[0].label
    '1'
    """
    root = unwrap(model)
    stack = ModuleStack(root)
    with quiet(root), stack.following(root, example):
        explorer = _Explorer(stack, example)
        stack.space = explorer.space
        with watched_by(explorer), explorer:
            tensors_returned = returned_by(root, example, method=method)
        watched = _watched(explorer)
        steps, marks, bits = _name(explorer, method, unwatched(root, watched))
        known = [_read(explorer, steps, bits, *named) for named in tensors_returned.items()]
        chosen, why = choose(known, output, example.shape[1])
        result = tensors_returned[known[chosen].where]
        stack.finish(example, result)
    return Discovery(
        steps=steps,
        growth=stack.growth({result.ndim, len(known[chosen].reading.map_shape) + 1}),
        input_shape=tuple(example.shape[1:]),
        output_shape=known[chosen].reading.map_shape,
        signature=marks,
        total_stride=total_stride(
            tuple(example.shape[2:]), _entering(explorer.events, explorer.joined.runs)
        ),
        reading=known[chosen].reading,
        method=method,
        output=chosen,
        outputs=tuple(tensors_returned),
        chosen=why,
        untraced=tuple(explorer.untraced.items()),
        watched=watched,
        borders=explorer.padding.of(result),
    )


def _read(
    explorer: _Explorer, steps: Sequence[Step], bits: Sequence[int], where: str, tensor: Tensor
) -> Returned:
    """Return what is known of a tensor that the model returned."""
    depends = explorer.taint.of(tensor)
    through = [step for step, bit in zip(steps, bits, strict=True) if depends & bit]
    rank = max((len(step.output_shape) - 1 for step in through), default=None)
    maps = [run.output_shape[1:] for run in explorer.joined.runs[::-1]]
    maps += [event.output_shape[1:] for event in explorer.events[::-1]]
    read = partial(read_tensor, tensor, inputs=explorer.inputs, rank=rank, maps=maps)
    try:
        reading = read(explorer.joined.origins)
    except Exception as error:
        explorer.note_mistake(error, tensor)
        reading = read(None)
    longest = max((max(sides, default=0) for sides in maps), default=0)
    return Returned(where, reading, len(through), explorer.depth.of(tensor), longest)


class _Explorer(LightMode):  # type: ignore[no-untyped-call]
    """Follows what depends on the example and notes each call that may be, or end, a step.

    What cannot be followed for a mistake of ours counts as computed anew there, and is noted;
    where ``strict``, it raises.
    """

    strict = False

    def __init__(self, stack: ModuleStack, example: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.events: list[Event] = []
        self.taint = Taint(example)
        self.inputs = len(example)
        self.depth = Depth()
        self.joined = Runs(example)
        self.padding = Padding()
        self.untraced: dict[str, str] = {}
        self.error: BaseException | None = None  # ours, not the model's
        self._stack = stack
        self._seams = Seams()

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if (result := self.in_parts(func, args, kwargs)) is not NotImplemented:
            return result
        result = self.run(func, args, kwargs)
        try:
            self._look_at(func, args, kwargs, result)
        except BaseException as error:
            self.error = error
            raise
        return result

    def begin(self, x: Tensor) -> None:
        """Start with the forward pass."""

    def end(self) -> None:
        """See nothing else anyway."""

    def finish(self) -> None:
        """End with the forward pass."""

    def _look_at(
        self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any
    ) -> None:
        """Follow one call, and note it if it is a step or may end one."""
        recogniser = recogniser_of(func)
        taken, made = tensors((args, kwargs)), tensors(result)
        depends = self.taint.follow(func, args, kwargs, taken, made)
        seam = self._seams.read(func, args, kwargs, result)
        if depends:
            try:
                manner = self.joined.follow(func, args, kwargs, taken, made)
                self.depth.follow(taken, made, deeper=manner == "mix")
                self.padding.follow(func, args, kwargs, taken, made)
            except Exception as error:
                self.note_mistake(error, result)
        call = recogniser(func, args, kwargs, result) if recogniser else None
        try:
            if call is not None:
                self._note(call, _map_of(result), depends=depends)
            elif depends:
                if seam is not None:
                    self._watch(func, args, seam)
                elif func._schema.name == "aten::_fft_r2c":
                    self.joined.transformed(func, args, result, Event(self._stack.current))
                if extra := added_by_borders(func, args, result):
                    self._stack.explain([], extra)
        except Exception as error:
            self.note_mistake(error, result)

    def note_mistake(self, error: Exception, result: object) -> None:
        """Go on where following a call fails: what it made has no history then."""
        if self.strict:
            raise error
        self.untraced.setdefault(
            self._stack.current.name, f"{type(error).__name__}: {error}".splitlines()[0]
        )
        self.joined.forget(result)

    def space(self, tensor: Tensor) -> tuple[int, ...] | None:
        """Return the spatial axes of a tensor, None where they are not known.

        There are none in what does not depend on the input, as a weight that is computed.
        """
        if not self.taint.of(tensor):
            return ()
        try:
            with unseen():
                return self.joined.space(tensor)
        except Exception as error:
            self.note_mistake(error, tensor)
        return None

    def _note(self, call: Call, result: Tensor, *, depends: bool) -> None:
        before = call.before or tuple(call.as_map(call.source).shape[1:])
        after = tuple(call.as_map(result).shape[1:])
        borders = self.padding.of(result)
        event = Event(self._stack.current, depends, call, None, before, after, borders)
        self.events.append(event)
        if not depends:
            return
        if call.upsamples:
            self._stack.explain(call.scale, size=after[1:])
            run = self.joined.upsampled(call, result, event)
            if run is not None:
                event.site, event.behind = call_site(), self.taint.of(call.source)
                self.taint.mark(result, run.bits)
        elif call.family == "conv":
            extra = [max(0, grown - n) for n, grown in zip(before[1:], after[1:], strict=True)]
            self._stack.explain([], extra)

    def _watch(self, func: OpOverload, args: Sequence[Any], seam: Seam) -> None:
        alike = (seam.family, seam.rank, tuple(seam.made.shape))
        borders = self.padding.of(seam.made)
        event = Event(self._stack.current, True, seam=alike, borders=borders)
        self.events.append(event)
        if seam.family == "fourier":
            run = self.joined.transformed(func, args, seam.made, event)
        else:
            run = self.joined.completed(seam, args, event)
        if run is not None:
            event.site, event.behind = call_site(), self.taint.of(seam.made) & ~run.bits
            self.taint.mark(seam.made, run.bits)
            if seam.family not in ("sum", "filter"):
                before, after = run.input_shape[1:], run.output_shape[1:]
                ratios = [Fraction(grown, n) for n, grown in zip(before, after, strict=True)]
                self._stack.explain(ratios, size=after)


def _map_of(result: Any) -> Tensor:
    """Return the map that an operation made; some return gradients of their weights as well."""
    return result if isinstance(result, Tensor) else result[0]


def _watched(explorer: _Explorer) -> tuple[str, ...]:
    """Return the modules in whose own code something runs by which a step is known again."""
    runs = explorer.joined.runs
    events = [event for run in runs for event in (*run.begin, run.end)]
    events += [event for event in explorer.events if event.call and event.call.upsamples]
    return tuple(dict.fromkeys(event.frame.name for event in events))


def _name(
    explorer: _Explorer, method: str, unwatched: Sequence[nn.Module]
) -> tuple[tuple[Step, ...], tuple[Mark, ...], list[int]]:
    """Return the steps, named and numbered, the marks, and the bits of each step."""
    events = explorer.events
    passed_over = {module for outermost in unwatched for module in walk.modules(outermost)}
    owners = dict(zip(map(id, events), _owners(events, method), strict=True))
    ends = {id(run.end): run for run in explorer.joined.runs}
    calls: Counter[str] = Counter()
    steps: list[Step] = []
    marks: list[Mark] = []
    bits: list[int] = []
    repeats = Repeats()
    alike: list[Alike] = []  # seams since the last mark that is not optional
    for event in events:
        run, index = ends.get(id(event)), None
        if run is not None:
            owner = named(run, owners)
            index = repeats.of(owner, run)
            if index is None:
                index = len(steps)
                steps.append(_step(run, owner, calls))
                bits.append(run.bits)
                repeats.begin(owner, run, index)
            else:
                steps[index] = replace(steps[index], calls=steps[index].calls + 1)
                bits[index] |= run.bits
        if event.seam is not None:
            if event.frame.module in passed_over:
                continue
            alike.append(event.seam)
            if run is not None:
                look = _look(run, event.seam)
                look = replace(look, nth=sum(look.fits(*other) for other in alike))
                marks.append(Mark(run.kind, run.factor, look.channels, index, look=look))
                alike = []
        elif event.call is not None and event.call.upsamples:
            call = event.call
            optional = not event.depends
            marks.append(Mark(call.kind, call.factor, event.output_shape[0], index, optional))
            alike = alike if optional else []
    return tuple(steps), tuple(marks), bits


def _step(run: Run, owner: str, calls: Counter[str]) -> Step:
    number = calls[owner]
    calls[owner] += 1
    return Step(
        name=owner,
        call=number,
        kind=run.kind,
        factor=run.factor,
        kernel_size=run.kernel_size,
        stride=run.stride,
        groups=run.groups,
        input_shape=run.input_shape,
        output_shape=run.output_shape,
        reason=run.reason,
        borders=run.end.borders,
        spacing=run.spacing or tuple(map(Fraction, run.factor)),
    )


def _look(run: Run, seam: Alike) -> Look:
    family, rank, shape = seam
    layout = run.layout or _of_table(run, shape)
    return Look(family, rank, layout, layout.shape(shape)[0])


def _of_table(run: Run, shape: Sequence[int]) -> Layout:
    """Return the layout of what an operation of the table makes: its last axes are space."""
    axes, spatial = len(shape), len(run.output_shape) - 1
    channel = axes - spatial - 1
    return Layout(tuple(range(channel)), (channel,), tuple(range(channel + 1, axes)))


def _owners(events: Sequence[Event], method: str) -> list[str]:
    """Return the path of the module in which each call ran, inside ScriptModules too."""
    frames = {id(e.frame): e.frame for e in events}
    inside: dict[int, list[str]] = {}
    for key, frame in frames.items():
        if isinstance(frame.module, torch.jit.ScriptModule):
            calls = [e.call for e in events if e.frame is frame and e.call is not None]
            called = method if frame.name == "" else "forward"
            inside[key] = script_paths(frame.module, calls, called)[::-1]
    return [
        ".".join(filter(None, [e.frame.name, inside[id(e.frame)].pop()]))
        if id(e.frame) in inside and e.call is not None
        else e.frame.name
        for e in events
    ]


def _entering(events: Sequence[Event], runs: Sequence[Run]) -> list[tuple[int, ...]]:
    """Return the sizes of the maps that enter a step, but for those pooled to a fixed size."""
    pooled = {e.output_shape[1:] for e in events if e.call and e.call.family == "pool"}
    return [run.input_shape[1:] for run in runs if run.input_shape[1:] not in pooled]
