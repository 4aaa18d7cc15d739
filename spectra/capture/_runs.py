"""Join the operations of a forward pass to steps: what follows each other may be one step.

A run is a step in the making. It ends with the operation whose result is the step's map:

- a rearrangement ends with the last operation that makes the map larger than its root;
- zero insertion goes on through the filter that fills the zeros, axis by axis;
- parallel operations of one kind and factor on the same map end where they are added;
- an enlarged spectrum ends where the last of its axes is transformed back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any

from torch import Tensor
from torch._ops import OpOverload

from spectra.capture._borders import NOTHING, Borders
from spectra.capture._layout import Layout
from spectra.capture._look import Seam, family_of
from spectra.capture._modules import Frame
from spectra.capture._origins import Manner, Origins, channel_axis
from spectra.capture._rearrange import Enlarged, looks_up, read_enlarged, read_layout
from spectra.capture._recognise import Call
from spectra.capture._repeats import Site
from spectra.capture._steps import Family, Kind
from spectra.capture._storages import StorageMap, tensors

Place = tuple[int, tuple[int, ...], tuple[int, ...], int]


@dataclass(eq=False)
class Event:
    """One call that is, or may end, a step: of an operation of the table, or a seam.

    ``site`` are the lines of code from which it was called and ``behind`` the bits of the steps
    on which it depends; both are known once it has made a step.
    """

    frame: Frame
    depends: bool = True
    call: Call | None = None
    seam: tuple[Family, int, tuple[int, ...]] | None = None
    input_shape: tuple[int, ...] = ()
    output_shape: tuple[int, ...] = ()
    borders: Borders = NOTHING
    site: Site = ()
    behind: int = 0


@dataclass(eq=False)
class Run:
    """One step in the making.

    ``begin`` lists the calls that enlarge, ``end`` is the one whose result is the map. ``open``
    has the axes whose inserted zeros no filter has filled.
    """

    kind: Kind
    factor: tuple[int, ...]
    begin: list[Event]
    end: Event
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    layout: Layout | None = None
    kernel_size: tuple[int, ...] | None = None
    stride: tuple[int, ...] | None = None
    groups: int | None = None
    reason: str | None = None
    source: Place | None = None
    open: set[int] = field(default_factory=set)
    bits: int = 0
    spacing: tuple[Fraction, ...] = ()


class Runs:
    """All runs of one forward pass.

    Parameters
    ----------
    example : Tensor
        The model's input.
    """

    def __init__(self, example: Tensor) -> None:
        self.runs: list[Run] = []
        self._count = 0
        self.origins = Origins(example)
        self._through: StorageMap[Run] = StorageMap()  # of rearranged data, carried along
        self._ends: StorageMap[Run] = StorageMap()  # of maps that nothing has touched yet
        self._spectra: StorageMap[dict[int, tuple[int, int | None]]] = StorageMap()

    def follow(
        self,
        func: OpOverload,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        taken: Sequence[Tensor],
        made: Sequence[Tensor],
    ) -> Manner:
        """Carry origins, and the runs that are not over, through a call; return what it does."""
        manner = self.origins.follow(func, args, kwargs, taken, made)
        if self._through:
            self._refute(func, args)
        if self._through and manner != "mix":
            self._carry(self._through, taken, made)
        if self._spectra:
            self._carry(self._spectra, taken, made)
        if self._ends and func._schema.is_mutable and taken and family_of(func) != "sum":
            self._ends.drop(taken[0])
        return manner

    def upsampled(self, call: Call, result: Tensor, event: Event) -> Run | None:
        """Begin a run with an operation of the table that upsamples."""
        if call.family == "fold" and self._puts_back(call, result):
            return None
        if call.positions is not None and looks_up(call.source, call.positions, self.origins):
            return None
        run = Run(
            kind=call.kind,
            factor=call.factor,
            begin=[event],
            end=event,
            input_shape=event.input_shape,
            output_shape=event.output_shape,
            kernel_size=call.kernel_size,
            stride=call.stride,
            groups=call.groups,
            reason=call.reason,
            source=_place(call.source),
            spacing=call.spacing,
        )
        self._ends.set(result, run)
        return self._new(run)

    def completed(self, seam: Seam, args: Sequence[Any], event: Event) -> Run | None:
        """Begin a run, or go on with one, at a call that may end a step."""
        if seam.family == "sum":
            joined = self._added(args, seam.made, event)
            if joined is None:
                self._ends.drop(seam.made)
            return joined
        if seam.family == "filter":
            return self._filtered(args, seam.made, event)
        if seam.family == "view" and _same_axes(args[0], seam.made):
            return None
        found = read_enlarged(seam.made, self.origins)
        if found is None:
            return None
        known = self._through.get(seam.made)
        if known in self.runs and known.kind != "fourier":
            return self._goes_on(known, found, event, written=seam.family == "write")
        run = self._new(
            Run(
                kind=found.kind,
                factor=found.factor,
                begin=[event],
                end=event,
                input_shape=found.before,
                output_shape=found.shape,
                layout=found.layout,
            )
        )
        run.open = _inserted(found)
        self._through.set(seam.made, run)
        return run

    def transformed(
        self, func: OpOverload, args: Sequence[Any], result: Tensor, event: Event
    ) -> Run | None:
        """Begin a run where a spectrum comes back with more samples than it was taken of."""
        name, axes = func._schema.name, [axis % result.ndim - result.ndim for axis in args[1]]
        if name == "aten::_fft_r2c" or (name == "aten::_fft_c2c" and args[3]):
            known = dict(self._spectra.get(args[0]) or {})
            known |= {axis: (args[0].shape[axis], None) for axis in axes}
            self._spectra.set(result, known)
            return None
        known = dict(self._spectra.get(args[0]) or {})
        known |= {a: (known[a][0], result.shape[a]) for a in axes if a in known}
        self._spectra.set(result, known)
        done = {axis: (n, grown) for axis, (n, grown) in known.items() if grown is not None}
        spatial = max((-axis for axis in done), default=0)
        if not done or len(done) < len(known) or not 1 <= spatial <= min(3, result.ndim - 1):
            return None
        self._spectra.drop(result)
        ratios = [
            Fraction(grown, n)
            for n, grown in (done.get(axis, (1, 1)) for axis in range(-spatial, 0))
        ]
        if max(ratios) <= 1:
            return None
        uneven = next((r for r in ratios if r.denominator > 1), None)
        shape, leading = tuple(result.shape), result.ndim - spatial - 1
        space = tuple(range(leading + 1, result.ndim))
        after = (shape[-spatial - 1], *shape[-spatial:])
        before = (after[0], *(int(n / r) for n, r in zip(after[1:], ratios, strict=True)))
        return self._new(
            Run(
                kind="fourier",
                factor=() if uneven else tuple(map(int, ratios)),
                begin=[event],
                end=event,
                input_shape=before,
                output_shape=after,
                layout=Layout(tuple(range(leading)), (leading,), space),
                reason=f"the ratio {float(uneven):.4g} is not a whole number" if uneven else None,
                spacing=tuple(ratios),
            )
        )

    def forget(self, result: object) -> None:
        """Take what a call made for computed there, whatever it was."""
        for tensor in tensors(result):
            self.origins.forget(tensor)

    def space(self, tensor: Tensor) -> tuple[int, ...] | None:
        """Return the spatial axes of a tensor, None where they are not known."""
        layout = read_layout(tensor, self.origins)
        return None if layout is None else layout.spatial

    def _refute(self, func: OpOverload, args: Sequence[Any]) -> None:
        """Drop a run whose map is taken by a layer that has channels where the run has space."""
        axis = channel_axis(func, args)
        run = None if axis is None else self._through.get(args[0])
        if run is None or run.layout is None or run.end.seam is None or run not in self.runs:
            return
        if run.end.seam[2] == args[0].shape and axis in run.layout.spatial:
            self.runs.remove(run)

    def _new(self, run: Run) -> Run:
        run.bits = 2 << self._count
        self.runs.append(run)
        self._count += 1
        return run

    def _goes_on(self, run: Run, found: Enlarged, event: Event, *, written: bool) -> Run | None:
        """Let a rearrangement end later where it makes the map larger still, or fuller."""
        before, after = prod(run.factor), prod(found.factor)
        fuller = after == before and (written or found.kind != run.kind)
        if not fuller and after <= before:
            return None
        run.kind, run.factor, run.layout = found.kind, found.factor, found.layout
        run.input_shape, run.output_shape = found.before, found.shape
        run.open = _inserted(found)
        run.begin = [event]
        run.end = event
        return run

    def _filtered(self, args: Sequence[Any], made: Tensor, event: Event) -> Run | None:
        """Let zero insertion end with the filter that fills its zeros."""
        source, weight = args[0], args[1]
        run = self._through.get(source)
        if run is None or not run.open or run.kind != "zero_insertion":
            return None
        spatial = weight.ndim - 2
        unit = made.ndim == spatial + 2 and max(args[3]) == 1 and len(run.factor) == spatial
        taken = read_layout(source, self.origins) if unit else None
        self._through.drop(source)
        if taken is None:
            return None
        run.layout = Layout((0,), (1,), tuple(range(2, made.ndim)), taken.folded)
        run.output_shape = run.layout.shape(tuple(made.shape))
        before = run.kernel_size or (1,) * spatial
        run.kernel_size = tuple(map(max, before, weight.shape[2:]))
        run.stride, run.groups, run.end = run.factor, args[8], event
        run.open = {axis for axis in run.open if weight.shape[2 + axis] == 1}
        if run.open:
            self._through.set(made, run)
        return run

    def _added(self, args: Sequence[Any], made: Tensor, event: Event) -> Run | None:
        """Join parallel runs of one kind, from one map, where their maps are added."""
        if not isinstance(args[1], Tensor) or args[0].shape != args[1].shape:
            return None
        pair = [self._ends.get(t) for t in args[:2]]
        one, other = pair
        if one is None or other is None or one is other:
            return None
        alike = [(r.kind, r.factor, r.source, r.output_shape) for r in (one, other)]
        if alike[0] != alike[1] or one.layout or other.layout:
            return None
        large = max(one, other, key=lambda run: prod(run.kernel_size or ()))
        self.runs = [run for run in self.runs if run not in pair]
        joined = Run(
            kind=large.kind,
            factor=large.factor,
            begin=[*one.begin, *other.begin],
            end=event,
            input_shape=large.input_shape,
            output_shape=large.output_shape,
            kernel_size=large.kernel_size,
            stride=large.stride,
            groups=large.groups,
            reason=large.reason,
            source=large.source,
            spacing=large.spacing,
            bits=one.bits | other.bits,
        )
        self.runs.append(joined)
        self._ends.set(made, joined)
        return joined

    def _puts_back(self, call: Call, result: Tensor) -> bool:
        """Tell whether a fold only puts patches back to where they were taken from."""
        anchor = self.origins.anchor(call.source)
        if anchor is None:
            return False
        line = self.origins.along(call.source, call.source.ndim - 2, anchor)
        return line is not None and len(set(line.at.place.tolist())) > 1

    @staticmethod
    def _carry(facts: StorageMap[Any], taken: Sequence[Tensor], made: Sequence[Tensor]) -> None:
        fact = next((known for t in taken if (known := facts.get(t)) is not None), None)
        if fact is None:
            return
        for tensor in made:
            if facts.get(tensor) is None:
                facts.set(tensor, fact)


def named(run: Run, owners: Mapping[int, str]) -> str:
    """Return what a run is called: the owner of what enlarges, or what several share."""
    names = list(dict.fromkeys(owners[id(event)] for event in run.begin))
    if len(names) == 1:
        return names[0]
    return ".".join(_common([name.split(".") for name in names])) or " + ".join(
        name or "(model)" for name in names
    )


def _common(paths: Sequence[Sequence[str]]) -> Iterator[str]:
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            return
        yield parts[0]


def _same_axes(taken: Tensor, made: Tensor) -> bool:
    """Tell whether a view of a map at most adds or drops axes of one element."""
    if taken.ndim < 3 or taken.shape[0] != made.shape[0]:
        return False
    return [n for n in taken.shape if n > 1] == [n for n in made.shape if n > 1]


def _inserted(found: Enlarged) -> set[int]:
    grown = {axis for axis, factor in enumerate(found.factor) if factor > 1}
    return grown if found.kind == "zero_insertion" else set()


def _place(tensor: Tensor) -> Place | None:
    try:
        storage = tensor.untyped_storage()._cdata
    except NotImplementedError:
        return None
    return storage, tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset())
