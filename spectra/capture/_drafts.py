"""Join the operations of a forward pass to steps: what follows each other may be one step.

A draft is a step in the making. It ends with the operation whose result is the step's map:

- a rearrangement ends with the last operation that makes the map larger than its root;
- zero insertion goes on through the filter that fills the zeros, axis by axis;
- parallel operations of one kind and factor on the same map end where they are added;
- an enlarged spectrum ends where the last of its axes is transformed back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile
from math import prod

from torch import Tensor

from spectra.capture._events import Draft, Event
from spectra.capture._recognised import Recognised
from spectra.capture._seams import Seam, family_of
from spectra.capture._spectra import Spectra
from spectra.follow import (
    Dispatched,
    Enlarged,
    Layout,
    Manner,
    Origins,
    StorageMap,
    channel_axis,
    looks_up,
    read_enlarged,
    read_layout,
    region,
    tensors,
)


class Drafts:
    """All drafts of one forward pass.

    Parameters
    ----------
    example : Tensor
        The model's input.

    Attributes
    ----------
    kept : list of Draft
        The drafts that are steps as far as the pass has come. Joined and refuted ones are out.
    origins : Origins
        Where the elements of each tensor of the pass come from.
    """

    def __init__(self, example: Tensor) -> None:
        self.kept: list[Draft] = []
        self._count = 0
        self.origins = Origins(example)
        self._through: StorageMap[Draft] = StorageMap()  # of rearranged data, carried along
        self._ends: StorageMap[Draft] = StorageMap()  # of maps that nothing has touched yet
        self._spectra = Spectra()

    def follow(self, call: Dispatched) -> Manner:
        """Carry origins, and the drafts that are not over, through a call; return what it does."""
        manner = self.origins.follow(call)
        if self._through:
            self._refute(call)
        # What mixes values computes new ones: a rearrangement before it is over.
        if manner != "mix":
            self._through.carry(call)
        self._spectra.carry(call)
        # What writes into a map makes another of it. A sum may be where parallel drafts meet, and
        # is looked at as a seam.
        if self._ends and call.is_mutable and call.taken and family_of(call.func) != "sum":
            self._ends.drop(call.taken[0])
        return manner

    def upsampled(self, found: Recognised, result: Tensor, event: Event) -> Draft | None:
        """Begin a draft with an operation of the table that upsamples.

        None where it is no step: a fold that undoes an unfold, or a look-up.
        """
        if found.family == "fold" and self._puts_back(found.source):
            return None
        if found.positions is not None and looks_up(found.source, found.positions, self.origins):
            return None
        draft = Draft(
            kind=found.kind,
            factor=found.factor,
            begin=[event],
            end=event,
            input_shape=event.input_shape,
            output_shape=event.output_shape,
            kernel_size=found.kernel_size,
            stride=found.stride,
            groups=found.groups,
            reason=found.reason,
            source=region(found.source),
            spacing=found.spacing,
        )
        self._ends.set(result, draft)
        return self._new(draft)

    def completed(self, seam: Seam, call: Dispatched, event: Event) -> Draft | None:
        """Begin a draft, or go on with one, at a seam; None where it is the end of no step.

        Parameters
        ----------
        seam : Seam
            What the call completed.
        call : Dispatched
            The call itself.
        event : Event
            What is noted of it.
        """
        if seam.family == "sum":
            joined = self._added(call, event)
            if joined is None:
                self._ends.drop(seam.made)
            return joined
        if seam.family == "filter":
            return self._filtered(call, event)
        if seam.family == "view" and _same_axes(call.args[0], seam.made):
            return None
        found = read_enlarged(seam.made, self.origins)
        if found is None:
            return None
        known = self._through.get(seam.made)
        # A map that came back from its spectrum is whole, and what rearranges it a step of its own.
        if known in self.kept and known.kind != "fourier":
            return self._goes_on(known, found, event, written=seam.family == "write")
        draft = self._new(
            Draft(
                kind=found.kind,
                factor=found.factor,
                begin=[event],
                end=event,
                input_shape=found.before,
                output_shape=found.shape,
                layout=found.layout,
            )
        )
        draft.open = _inserted(found)
        self._through.set(seam.made, draft)
        return draft

    def transformed(self, call: Dispatched, event: Event) -> Draft | None:
        """Begin a draft where a spectrum comes back with more samples than it was taken of."""
        found = self._spectra.read(call)
        if found is None:
            return None
        return self._new(
            Draft(
                kind="fourier",
                factor=found.factor,
                begin=[event],
                end=event,
                input_shape=found.before,
                output_shape=found.after,
                layout=found.layout,
                reason=found.reason,
                spacing=found.ratios,
            )
        )

    def forget(self, result: object) -> None:
        """Take what a call made for computed in that call, whatever it was."""
        for tensor in tensors(result):
            self.origins.forget(tensor)

    def space(self, tensor: Tensor) -> tuple[int, ...] | None:
        """Return the spatial axes of a tensor, None where they are not known."""
        layout = read_layout(tensor, self.origins)
        return None if layout is None else layout.spatial

    def _refute(self, call: Dispatched) -> None:
        """Drop a draft whose map is taken by a layer that has channels where the draft has space.

        An axis of features may look like one of space until a layer takes it for its channels.
        """
        axis = channel_axis(call)
        draft = None if axis is None else self._through.get(call.args[0])
        if draft is None or draft.layout is None or draft.end.seam is None:
            return
        # Permuted or reshaped since, the layer's axis is another one than the draft's.
        as_it_was = draft.end.seam[2] == call.args[0].shape
        if draft in self.kept and as_it_was and axis in draft.layout.spatial:
            self.kept.remove(draft)

    def _new(self, draft: Draft) -> Draft:
        """Enter a draft, with a bit of its own; the lowest bit is that of the model's input."""
        draft.bits = 2 << self._count
        self.kept.append(draft)
        self._count += 1
        return draft

    def _goes_on(
        self, draft: Draft, found: Enlarged, event: Event, *, written: bool
    ) -> Draft | None:
        """Let a rearrangement end later where it makes the map larger still, or fuller.

        It is fuller if it is as large as before and was written into once more, or is of another
        kind now that something stands where zeros were inserted.
        """
        before, after = prod(draft.factor), prod(found.factor)
        fuller = after == before and (written or found.kind != draft.kind)
        if not fuller and after <= before:
            return None
        draft.kind, draft.factor, draft.layout = found.kind, found.factor, found.layout
        draft.input_shape, draft.output_shape = found.before, found.shape
        draft.open = _inserted(found)
        # The step is named after the last call that enlarged, which says where it belongs.
        draft.begin = [event]
        draft.end = event
        return draft

    def _filtered(self, call: Dispatched, event: Event) -> Draft | None:
        """Let zero insertion end with the convolution that fills its zeros."""
        args, made = call.args, call.result
        source, weight = args[0], args[1]
        draft = self._through.get(source)
        if draft is None or not draft.open or draft.kind != "zero_insertion":
            return None
        spatial = weight.ndim - 2
        # Only a filter of stride 1 on (sample, channel, *spatial) makes the step's map. Another
        # layer takes the zeros for what they are, and the step has ended before it.
        unit = made.ndim == spatial + 2 and max(args[3]) == 1 and len(draft.factor) == spatial
        taken = read_layout(source, self.origins) if unit else None
        self._through.drop(source)
        if taken is None:
            return None
        draft.layout = Layout.last(made.ndim, spatial, folded=taken.folded)
        draft.output_shape = draft.layout.shape(tuple(made.shape))
        before = draft.kernel_size or (1,) * spatial
        draft.kernel_size = tuple(map(max, before, weight.shape[2:]))
        draft.stride, draft.groups, draft.end = draft.factor, args[8], event
        # A filter of one tap along an axis leaves the zeros there to the next: rows, then columns.
        draft.open = {axis for axis in draft.open if weight.shape[2 + axis] == 1}
        if draft.open:
            self._through.set(made, draft)
        return draft

    def _added(self, call: Dispatched, event: Event) -> Draft | None:
        """Join parallel drafts of one kind, from one map, where their maps are added."""
        args = call.args
        if not isinstance(args[1], Tensor) or args[0].shape != args[1].shape:
            return None
        pair = [self._ends.get(t) for t in args[:2]]
        one, other = pair
        if one is None or other is None or one is other:
            return None
        alike = [(d.kind, d.factor, d.source, d.output_shape) for d in (one, other)]
        # A layout is what drafts of rearrangements have; only operations of the table are joined.
        if alike[0] != alike[1] or one.layout or other.layout:
            return None
        # The larger kernel says how far the step reaches; the others only add to its taps.
        large = max(one, other, key=lambda draft: prod(draft.kernel_size or ()))
        self.kept = [draft for draft in self.kept if draft not in pair]
        begin, bits = [*one.begin, *other.begin], one.bits | other.bits
        joined = replace(large, begin=begin, end=event, bits=bits)
        self.kept.append(joined)
        self._ends.set(call.result, joined)
        return joined

    def _puts_back(self, patches: Tensor) -> bool:
        """Tell whether a fold only puts patches back to where they were taken from.

        Along the pixels of a patch, those of an unfold come from several places. Those that a
        layer computed are channels of one place.
        """
        anchor = self.origins.anchor(patches)
        if anchor is None:
            return False
        line = self.origins.along(patches, patches.ndim - 2, anchor)
        return line is not None and len(set(line.at.place.tolist())) > 1


def name_of_draft(draft: Draft, owners: Mapping[int, str]) -> str:
    """Return the name of a draft: the module that enlarges, or the one that holds several.

    Parameters
    ----------
    draft : Draft
        A step in the making.
    owners : mapping of int to str
        Path of the module in which each event ran, by the id of the event.
    """
    names = names_of_draft(draft, owners)
    if len(names) == 1:
        return names[0]
    levels = zip(*(name.split(".") for name in names), strict=False)
    shared = [level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels)]
    return ".".join(shared) or " + ".join(name or "(model)" for name in names)


def names_of_draft(draft: Draft, owners: Mapping[int, str]) -> list[str]:
    """Return the names of the modules that enlarge, each once.

    Parameters
    ----------
    draft, owners
        As of `name_of_draft`.
    """
    return list(dict.fromkeys(owners[id(event)] for event in draft.begin))


def _same_axes(taken: Tensor, made: Tensor) -> bool:
    """Tell whether a view of a map at most adds or drops axes of one element."""
    if taken.ndim < 3 or taken.shape[0] != made.shape[0]:
        return False
    return [n for n in taken.shape if n > 1] == [n for n in made.shape if n > 1]


def _inserted(found: Enlarged) -> set[int]:
    """Return the spatial axes along which zeros were inserted."""
    grown = {axis for axis, factor in enumerate(found.factor) if factor > 1}
    return grown if found.kind == "zero_insertion" else set()
