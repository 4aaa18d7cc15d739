"""Tap the steps of a running model: see each step's map as it passes, or replace it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from threading import get_ident
from typing import Any

from torch import Tensor, nn
from torch._ops import OpOverload
from torch.jit import ScriptModule
from torch.utils._python_dispatch import _get_current_dispatch_mode, _pop_mode, _push_mode

from spectra._walk import unwrap
from spectra.capture._forward import Watcher, watched_by
from spectra.capture._recognise import comes_apart, recogniser_of
from spectra.capture._recognised import Recognised
from spectra.capture._seams import Seam, Seams, family_of, slices
from spectra.capture._steps import Discovery, Mark
from spectra.capture._unwatched import unwatched
from spectra.errors import ModelError, ParameterError
from spectra.follow import Dispatched, LightMode

OnStep = Callable[[int, Tensor], Tensor | None]
"""Is handed a step's index and map, and returns another map in its place, or None."""


@contextmanager
def stream(model: nn.Module, discovery: Discovery, on_step: OnStep) -> Iterator[Tap]:
    """Hand each step's output to ``on_step`` while the model runs inside the block.

    The model is called by :func:`forward`; called directly, ``model(x)``, it is followed too
    unless one of its steps is several operations. Between the calls no upsampling operation
    should run: it would be taken for the model's. Operations within ``on_step`` are not seen.
    No activation is kept. In modules without a step, operations are seen only where the input has
    a size for which they were not seen before.

    Parameters
    ----------
    model : torch.nn.Module
        The model that was discovered.
    discovery : Discovery
        What :func:`discover` returned for it.
    on_step : callable
        Called as ``on_step(i, map)``: the step's index in ``discovery.steps`` and its output
        as (B, C, *spatial), a view of the real one. A returned tensor of the same shape
        replaces the step's output.

    Yields
    ------
    Tap
        Its ``check()`` may be called between direct calls of the model, ``model(x)``; calls
        by :func:`forward` are checked anyway.

    Raises
    ------
    ModelError
        If the upsampling operations of a forward pass are not those of the discovery. It is
        checked at each operation, at the end of each :func:`forward` and of the block.

    Examples
    --------
    >>> import torch
    >>> from spectra.capture import discover, forward
    >>> net = torch.nn.Upsample(scale_factor=2)
    >>> found = discover(net, torch.zeros(1, 1, 4, 4))
    >>> with stream(net, found, lambda i, y: print(i, tuple(y.shape))):
    ...     _ = forward(net, torch.zeros(3, 1, 4, 4))
    0 (3, 1, 8, 8)
    """
    tap, root = Tap(discovery, on_step), unwrap(model)
    try:
        with tap.refusing_direct_calls(root), watched_by(tap), tap, tap.looking_away(root):
            yield tap
            tap.check()
    except Exception:
        # TorchScript turns whatever a tap raises, KeyboardInterrupt too, into RuntimeError.
        if tap.error is not None:
            raise tap.error from None
        raise


class Tap(LightMode, Watcher):  # type: ignore[no-untyped-call]
    """Counts through the marks of a discovery as the operations of a model pass.

    Each operation that upsamples has to be the next mark, or one after it if those between are
    optional. Calls that may end a step of several operations are many; which of them is a mark,
    its fingerprint tells.
    """

    def __init__(self, discovery: Discovery, on_step: OnStep) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._discovery = discovery
        self._marks = discovery.signature
        self._on_step = on_step
        self._next = 0  # number of the mark that comes next
        self._alike = 0  # calls so far with the fingerprint of that mark
        self._batch = 1  # samples of the input
        self._within_forward = False
        self._thread = get_ident()
        self._families = {mark.fingerprint.family for mark in self._marks if mark.fingerprint}
        self._seams = Seams()
        self._idle: set[int] = set()  # ids of operations that never concern this tap
        self._looked_at = {discovery.input_shape}  # sizes of inputs seen in full
        self._size: tuple[int, ...] = ()  # of the input that runs
        self._unwatched = 0  # how many running modules are without a step
        self._away = False  # whether the mode is off the stack for a module without a step

    @contextmanager
    def looking_away(self, model: nn.Module) -> Iterator[None]:
        """See no operation in modules without a step, on inputs of a size seen in full before.

        A dispatch mode costs every operation several microseconds, even one that does nothing:
        so it is taken off the stack while such a module runs.
        """
        watched = self._discovery.watched
        with ExitStack() as hooks:
            hooks.callback(self._look_again)
            for module in () if watched is None else unwatched(model, watched):
                hooks.enter_context(module.register_forward_pre_hook(self._enter))
                leaving = module.register_forward_hook(self._leave, always_call=True)
                hooks.enter_context(leaving)
            yield

    def _enter(self, _module: nn.Module, _args: object) -> None:
        """Look away as a module without a step begins."""
        if get_ident() != self._thread:  # the caller's program runs the model as well
            return
        self._unwatched += 1
        # A size that is new may take another branch, in which an operation could upsample.
        known = self._within_forward and self._size in self._looked_at
        # Only the innermost mode can be popped: another one may have been entered since.
        if known and not self._away and _get_current_dispatch_mode() is self:
            _pop_mode()
            self._away = True

    def _leave(self, _module: nn.Module, _args: object, _output: object) -> None:
        """Look again as the outermost module without a step ends."""
        if get_ident() != self._thread:
            return
        self._unwatched -= 1
        if self._unwatched == 0:
            self._look_again()

    def _look_again(self) -> None:
        if self._away:
            _push_mode(self)
            self._away = False

    @contextmanager
    def refusing_direct_calls(self, model: nn.Module) -> Iterator[None]:
        """Raise where a model with steps of several operations is called by ``model(x)``.

        Such a step ends with a call that looks like many others, so that what runs between two
        calls of the model would be taken for it. ScriptModules take no hook.
        """

        def refuse(_module: nn.Module, _args: object) -> None:
            if get_ident() == self._thread and not self._within_forward:
                self.error = ModelError(
                    "model(x) was called: steps of several operations are seen in calls by "
                    "spectra.capture.forward(model, x) only"
                )
                raise self.error

        with ExitStack() as hooks:
            if self._families and not isinstance(model, ScriptModule):
                hooks.enter_context(model.register_forward_pre_hook(refuse))
            yield

    def begin(self, x: Tensor) -> None:
        """Start a call of ``forward``."""
        self._batch, self._size = len(x), tuple(x.shape[1:])
        self._next = self._alike = self._unwatched = 0
        self._within_forward = True

    def end(self) -> None:
        """Look away from what runs between two calls of ``forward``."""
        self._within_forward = False

    def finish(self) -> None:
        """Check that the call of ``forward`` left out no step."""
        self._check_complete()
        self._looked_at.add(self._size)

    def check(self) -> None:
        """Check, after direct calls of the model, that the last one left out no step."""
        if self._next > 0:
            self._check_complete()

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        # Most operations leave here. An id is found faster than an operation, whose hash is Python.
        if id(func) in self._idle:
            return self.run(func, args, kwargs)
        if self._never_concerns(func):
            self._idle.add(id(func))
        # Between two calls of forward, what looks like the end of a step need not be the model's.
        joins = self._within_forward and self._families
        if joins and comes_apart(func):
            result = self.in_parts(func, args, kwargs)
            if result is not NotImplemented:
                return result
        call = Dispatched(func, args, kwargs, self.run(func, args, kwargs))
        recogniser = recogniser_of(func)
        found = recogniser(call) if recogniser else None
        if found is not None and found.upsamples:
            return self._upsampled(found, call)
        # Seams in modules without a step were not counted in the discovery.
        if not joins or self._unwatched:
            return call.result
        if seam := self._seams.read(call):
            return self._completed(seam, call)
        return call.result

    def _never_concerns(self, func: OpOverload) -> bool:
        """Tell whether an operation never upsamples, ends a step of this model, or prepares one."""
        if recogniser_of(func) is not None or comes_apart(func):
            return False
        return not self._families or not (slices(func) or family_of(func) in self._families)

    def _upsampled(self, found: Recognised, call: Dispatched) -> Any:
        """Hand on the map of an operation that is a step by itself; return what takes its place."""
        made, result = call.map, call.result
        with self._noting_errors():
            mark = self._advance(Mark(found.kind, found.factor, made.shape[found.channel]), made)
            if mark.step is None:
                return result
            maps = found.as_map(made)
            # Channels that lie side by side for several samples become samples again.
            maps = maps.reshape(-1, mark.channels, *maps.shape[2:])
            replacement = self._on_step(mark.step, maps)
            if replacement is None:
                return result
            _check_shape(replacement, maps)
            # The model goes on with its own dtype and layout, whatever the map was replaced by.
            replaced = replacement.to(made).reshape(made.shape)
            return replaced if made is result else (replaced, *result[1:])

    def _completed(self, seam: Seam, call: Dispatched) -> Any:
        """Hand on the map of a step that ends with a call; return what takes its place."""
        mark = self._ends_with(seam)
        if mark is None or mark.step is None:
            return call.result
        assert mark.fingerprint is not None
        with self._noting_errors():
            layout, shape = mark.fingerprint.layout, seam.made.shape
            maps = layout.as_map(seam.made, mark.channels)
            replacement = self._on_step(mark.step, maps)
            if replacement is None:
                return call.result
            _check_shape(replacement, maps)
            replaced = layout.restore(replacement.to(maps), shape)
            if not call.is_mutable:
                return replaced.contiguous()
            # The model goes on with the tensor that it wrote into, whatever is returned.
            seam.made.copy_(replaced)
            return call.result

    @contextmanager
    def _noting_errors(self) -> Iterator[None]:
        """Keep an error as it was: TorchScript turns whatever is raised into RuntimeError."""
        try:
            yield
        except BaseException as error:
            self.error = error
            raise

    def _advance(self, ran: Mark, made: Tensor) -> Mark:
        """Return the mark that an operation passes; skip optional ones that a model left out.

        Parameters
        ----------
        ran : Mark
            Kind, factor and channels of the operation.
        made : Tensor
            What it made.
        """
        for passed, mark in self._ahead():
            together = self._batch if made.shape[0] == 1 else 1
            fits = ran.channels in (mark.channels, mark.channels * together)
            if mark.fingerprint is None and mark[:2] == ran[:2] and fits:
                self._pass(passed, mark)
                return mark
            if not mark.optional:
                raise self._changed(f"it ran {ran} instead of {self._describe(mark)}")
        raise self._changed(f"it ran {ran} after its last step")

    def _ends_with(self, seam: Seam) -> Mark | None:
        """Return the mark of a step that ends with this call, None where none does."""
        for passed, mark in self._ahead():
            known = mark.fingerprint
            if known is not None and known.fits(
                seam.family, seam.rank, seam.made.shape, side_by_side=self._batch
            ):
                self._alike += 1
                if self._alike == known.nth:
                    self._pass(passed, mark)
                    return mark
                return None
            # No mark beyond one that must come is next: this call only looks like its end.
            if not mark.optional:
                return None
        return None

    def _ahead(self) -> Iterator[tuple[int, Mark]]:
        """Return the marks that may come next, numbered on beyond the last."""
        following = self._marks[self._next :]
        if not self._within_forward:  # the model was called directly, perhaps once more
            following += self._marks[: self._next]
        return enumerate(following, start=self._next)

    def _pass(self, passed: int, mark: Mark) -> None:
        """Go on to the mark after one; counting starts anew, unless that one may be left out."""
        # Marks are numbered on beyond the last where a model is called directly once more.
        self._next = passed % len(self._marks) + 1
        if not mark.optional:
            self._alike = 0

    def _check_complete(self) -> None:
        """Raise if a pass ended before its last mark, and start anew."""
        missing = [mark for mark in self._marks[self._next :] if not mark.optional]
        self._next = self._alike = 0
        if missing:
            raise self._changed(f"it ended before {self._describe(missing[0])}")

    def _changed(self, how: str) -> ModelError:
        return ModelError(f"the model changes its upsampling operations with its input: {how}")

    def _describe(self, mark: Mark) -> str:
        label = "" if mark.step is None else f"'{self._discovery.steps[mark.step].label}' "
        return f"{label}({mark})"


def _check_shape(replacement: Tensor, maps: Tensor) -> None:
    expected, given = tuple(maps.shape), tuple(replacement.shape)
    if given != expected:
        message = f"on_step returned a map of shape {given}: expected {expected} or None"
        raise ParameterError(message)
