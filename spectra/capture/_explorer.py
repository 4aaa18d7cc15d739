"""Follow one forward pass and note each call that may be, or end, a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from torch import Tensor
from torch._ops import OpOverload

from spectra.capture._drafts import Drafts
from spectra.capture._events import Event
from spectra.capture._forward import Watcher
from spectra.capture._modules import ModuleStack, added_by_borders
from spectra.capture._recognise import comes_apart, recogniser_of
from spectra.capture._recognised import Recognised
from spectra.capture._seams import Seam, Seams
from spectra.capture._site import call_site
from spectra.capture._weight_finder import WeightFinder
from spectra.follow import Depth, Dispatched, LightMode, Padding, Taint, unseen


class Explorer(LightMode, Watcher):  # type: ignore[no-untyped-call]
    """Follows what depends on the example and notes each call that may be, or end, a step.

    Parameters
    ----------
    stack : ModuleStack
        The modules that are running: of now, the model alone.
    example : Tensor
        The model's input.

    Attributes
    ----------
    events : list of Event
        The calls that are, or may end, a step, in order.
    inputs : int
        Samples of the example.
    drafts : Drafts
        The steps in the making.
    taint, depth, padding : Taint, Depth, Padding
        What depends on the input and on each step, behind how many layers each tensor stands, and
        how far padding reaches into it.
    untraced : dict of str to str
        Modules in which something could not be followed, and the error.
    error : BaseException or None
        An error of this library, not of the model.
    """

    strict = False
    """Whether a mistake of this library raises. If not, it is noted, and what could not be followed
    counts as computed there."""

    def __init__(self, stack: ModuleStack, example: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.events: list[Event] = []
        self.taint = Taint(example)
        self.inputs = len(example)
        self.depth = Depth()
        self.drafts = Drafts(example)
        self.padding = Padding()
        self.untraced: dict[str, str] = {}
        self._stack = stack
        self._seams = Seams()
        self._weights = WeightFinder(stack.current.module)

    def also(self, values: Tensor) -> None:
        """Let what the model is given beside the maps count as its input."""
        self.taint.enter(values)

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if comes_apart(func):
            result = self.in_parts(func, args, kwargs)
            if result is not NotImplemented:
                return result
        result = self.run(func, args, kwargs)
        try:
            self._look_at(Dispatched(func, args, kwargs, result))
        except BaseException as error:
            self.error = error
            raise
        return result

    def _look_at(self, call: Dispatched) -> None:
        """Follow one call, and note it if it is a step or may end one."""
        depends = self.taint.follow(call)
        seam = self._seams.read(call)
        if depends:
            try:
                manner = self.drafts.follow(call)
                self.depth.follow(call, deeper=manner == "mix")
                self.padding.follow(call)
                self._weights.follow(call, self._stack.current.name)
            except Exception as error:
                self.note_mistake(error, call.result)
        recogniser = recogniser_of(call.func)
        recognised = recogniser(call) if recogniser else None
        try:
            if recognised is not None:
                self._note(recognised, call, depends=depends)
            elif depends:
                if seam is not None:
                    self._watch(call, seam)
                elif call.func._schema.name == "aten::_fft_r2c":
                    # It ends no step, but begins the spectrum that may come back larger.
                    self.drafts.transformed(call, Event(self._stack.current))
                if extra := added_by_borders(call):
                    self._stack.explain([], extra)
        except Exception as error:
            self.note_mistake(error, call.result)

    def note_mistake(self, error: Exception, result: object) -> None:
        """Go on where following a call failed: what it made has no history then."""
        if self.strict:
            raise error
        self.untraced.setdefault(
            self._stack.current.name, f"{type(error).__name__}: {error}".splitlines()[0]
        )
        self.drafts.forget(result)

    def space(self, tensor: Tensor) -> tuple[int, ...] | None:
        """Return the spatial axes of a tensor, None where they are not known.

        There are none in what does not depend on the input, as a weight that is computed.
        """
        if not self.taint.of(tensor):
            return ()
        try:
            with unseen():
                return self.drafts.space(tensor)
        except Exception as error:
            self.note_mistake(error, tensor)
        return None

    def _note(self, found: Recognised, call: Dispatched, *, depends: bool) -> None:
        """Note a call of an operation of the table, and begin a draft if it upsamples."""
        result = call.map
        before = found.before or tuple(found.as_map(found.source).shape[1:])
        after = tuple(found.as_map(result).shape[1:])
        event = Event(
            self._stack.current,
            depends,
            recognised=found,
            input_shape=before,
            output_shape=after,
            borders=self.padding.of(result),
        )
        self.events.append(event)
        if not depends:
            return
        if found.upsamples:
            self._stack.explain(found.scale, size=after[1:])
            draft = self.drafts.upsampled(found, result, event)
            if draft is not None:
                event.site, event.behind = call_site(), self.taint.of(found.source)
                self.taint.mark(result, draft.bits)
                self._weights.begin(draft, found, call, self._stack.current.name)
        elif found.family == "conv":
            # A transposed convolution of stride 1 may add a border, as a wide kernel does.
            extra = [max(0, grown - n) for n, grown in zip(before[1:], after[1:], strict=True)]
            self._stack.explain([], extra)

    def _watch(self, call: Dispatched, seam: Seam) -> None:
        """Note a seam, and begin a draft, or go on with one, if a step ends there."""
        borders = self.padding.of(seam.made)
        event = Event(self._stack.current, seam=seam.look, borders=borders)
        self.events.append(event)
        if seam.family == "fourier":
            draft = self.drafts.transformed(call, event)
        else:
            draft = self.drafts.completed(seam, call, event)
        if draft is not None:
            # A draft that goes on is behind its own end, and is no earlier call of the same step.
            event.site, event.behind = call_site(), self.taint.of(seam.made) & ~draft.bits
            self.taint.mark(seam.made, draft.bits)
            # A sum and a filter end a step that has enlarged before them.
            if seam.family not in ("sum", "filter"):
                before, after = draft.input_shape[1:], draft.output_shape[1:]
                ratios = [Fraction(grown, n) for n, grown in zip(before, after, strict=True)]
                self._stack.explain(ratios, size=after)
