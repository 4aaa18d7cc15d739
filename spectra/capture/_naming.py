"""Name and number the steps of one forward pass, and mark how to know them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from torch import nn
from torch.jit import ScriptModule

from spectra import _walk as walk
from spectra.capture._drafts import name_of_draft, names_of_draft
from spectra.capture._events import Draft, Event
from spectra.capture._repeats import Repeats
from spectra.capture._script import script_paths
from spectra.capture._seams import Look
from spectra.capture._steps import Fingerprint, Mark, Step
from spectra.follow import Layout


class NamedSteps(NamedTuple):
    """The steps of one forward pass, the marks in order, and the bits of each step."""

    steps: tuple[Step, ...]
    marks: tuple[Mark, ...]
    bits: tuple[int, ...]


def name_steps(
    events: Sequence[Event],
    drafts: Sequence[Draft],
    *,
    method: str,
    unwatched: Sequence[nn.Module],
) -> NamedSteps:
    """Return the steps, named and numbered, with their marks.

    Parameters
    ----------
    events : sequence of Event
        The calls of note, in order.
    drafts : sequence of Draft
        The steps in the making.
    method : str
        The method of the model that was called.
    unwatched : sequence of torch.nn.Module
        Outermost modules into which a stream will not look: their seams do not count.
    """
    # A stream sees no seam in there, so counting them here would shift the numbers of the others.
    passed_over = {module for outermost in unwatched for module in walk.modules(outermost)}
    owners = dict(zip(map(id, events), _owners(events, method), strict=True))
    ends = {id(draft.end): draft for draft in drafts}
    steps = _Steps(owners)
    marks: list[Mark] = []
    alike: list[Look] = []  # seams since the last mark that is not optional
    for event in events:
        draft = ends.get(id(event))
        # Asked for every draft, in order: which number a call has depends on those before it.
        index = None if draft is None else steps.index_of(draft)
        if event.seam is not None:
            if event.frame.module in passed_over:
                continue
            alike.append(event.seam)
            if draft is not None:
                fingerprint = _fingerprint(draft, event.seam, alike)
                channels = fingerprint.channels
                mark = Mark(draft.kind, draft.factor, channels, index, fingerprint=fingerprint)
                marks.append(mark)
                alike = []
        elif event.recognised is not None and event.recognised.upsamples:
            found, optional = event.recognised, not event.depends
            marks.append(
                Mark(
                    found.kind,
                    factor=found.factor,
                    channels=event.output_shape[0],
                    step=index,
                    optional=optional,
                )
            )
            # A model may leave an optional mark out next time, so counting goes on across it.
            alike = alike if optional else []
    return NamedSteps(tuple(steps.steps), tuple(marks), tuple(steps.bits))


class _Steps:
    """The steps so far, and which draft is one of them."""

    def __init__(self, owners: Mapping[int, str]) -> None:
        self.steps: list[Step] = []
        self.bits: list[int] = []
        self._owners = owners
        self._repeats = Repeats()
        self._calls: Counter[str] = Counter()

    def index_of(self, draft: Draft) -> int:
        """Return the index of a draft's step: a new one, or one of which it is another call."""
        owner = name_of_draft(draft, self._owners)
        index = self._repeats.of(owner, draft)
        if index is not None:
            self.steps[index] = replace(self.steps[index], calls=self.steps[index].calls + 1)
            self.bits[index] |= draft.bits
            return index
        index = len(self.steps)
        summed = tuple(names_of_draft(draft, self._owners))
        step = _step(draft, owner, self._calls[owner])
        self.steps.append(step if len(summed) == 1 else replace(step, summed=summed))
        self.bits.append(draft.bits)
        self._calls[owner] += 1
        self._repeats.begin(owner, draft, index)
        return index


def _step(draft: Draft, owner: str, call: int) -> Step:
    """Return the step that a draft became, the ``call``-th of the module that owns it."""
    return Step(
        name=owner,
        call=call,
        kind=draft.kind,
        factor=draft.factor,
        kernel_size=draft.kernel_size,
        stride=draft.stride,
        groups=draft.groups,
        input_shape=draft.input_shape,
        output_shape=draft.output_shape,
        reason=draft.reason,
        borders=draft.end.borders,
        spacing=draft.spacing or tuple(map(Fraction, draft.factor)),
        convolution=draft.convolution,
    )


def _fingerprint(draft: Draft, look: Look, alike: Sequence[Look]) -> Fingerprint:
    """Return how to know the end of a draft again, among all seams since the last mark."""
    family, rank, shape = look
    # The last axes of what an operation of the table makes are space.
    layout = draft.layout or Layout.last(len(shape), len(draft.output_shape) - 1)
    first = Fingerprint(family, rank, layout, layout.shape(shape)[0])
    # The seam itself is among those alike, so the first of them counts as 1.
    return replace(first, nth=sum(first.fits(*other) for other in alike))


def _owners(events: Sequence[Event], method: str) -> list[str]:
    """Return the path of the module in which each call ran, inside ScriptModules too."""
    frames = {id(event.frame): event.frame for event in events}
    inside: dict[int, list[str]] = {}
    # A ScriptModule calls no hooks, so all its calls ran in one frame; its graph tells them apart.
    for key, frame in frames.items():
        if isinstance(frame.module, ScriptModule):
            calls = [e.recognised for e in events if e.frame is frame and e.recognised is not None]
            called = method if frame.name == "" else "forward"
            # Reversed, so that the path of each next call is popped off the end.
            inside[key] = script_paths(frame.module, calls, called)[::-1]
    return [
        ".".join(filter(None, [event.frame.name, inside[id(event.frame)].pop()]))
        if id(event.frame) in inside and event.recognised is not None
        else event.frame.name
        for event in events
    ]
