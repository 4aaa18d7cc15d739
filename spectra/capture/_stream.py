"""Tap the steps of a running model: see each step's map as it passes, or replace it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch._ops import OpOverload
from torch.jit import ScriptModule
from torch.utils._python_dispatch import _get_current_dispatch_mode, _pop_mode, _push_mode
from torch.utils.hooks import RemovableHandle

from spectra.capture._forward import unwrap, watched_by
from spectra.capture._look import Seam, Seams, family_of, slices
from spectra.capture._mode import LightMode, is_composite
from spectra.capture._recognise import Call, recogniser_of
from spectra.capture._steps import Discovery, Mark
from spectra.capture._unwatched import unwatched
from spectra.errors import ModelError, ParameterError

OnStep = Callable[[int, Tensor], Tensor | None]


@contextmanager
def stream(model: nn.Module, discovery: Discovery, on_step: OnStep) -> Iterator[Tap]:
    """Hand each step's output to ``on_step`` while the model runs inside the block.

    The model is called by :func:`forward`; called directly, ``model(x)``, it is followed too
    unless a step of its is several operations. Between the calls no upsampling operation
    should run: it would be taken for the model's. Operations within ``on_step`` are not seen.
    No activation is kept. Modules without a step are not followed on inputs of a size that was
    looked at before.

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


class Tap(LightMode):  # type: ignore[no-untyped-call]
    """Counts through the marks of a discovery as the operations pass."""

    def __init__(self, discovery: Discovery, on_step: OnStep) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.error: BaseException | None = None
        self._discovery = discovery
        self._marks = discovery.signature
        self._on_step = on_step
        self._next = 0
        self._alike = 0
        self._batch = 1
        self._within_forward = False
        self._families = {mark.look.family for mark in self._marks if mark.look}
        self._seams = Seams()
        self._idle: set[int] = set()  # ids of operations that never concern this tap
        self._looked_at = {discovery.input_shape}
        self._size: tuple[int, ...] = ()
        self._unwatched = 0  # depth of modules without a step
        self._away = False

    @contextmanager
    def looking_away(self, model: nn.Module) -> Iterator[None]:
        """Follow no operation in modules without a step, on inputs of a size looked at before."""
        watched = self._discovery.watched
        hooks: list[RemovableHandle] = []
        try:
            for module in () if watched is None else unwatched(model, watched):
                hooks.append(module.register_forward_pre_hook(self._enter))
                hooks.append(module.register_forward_hook(self._leave, always_call=True))
            yield
        finally:
            for hook in hooks:
                hook.remove()
            self._look_again()

    def _enter(self, _module: nn.Module, _args: object) -> None:
        self._unwatched += 1
        known = self._within_forward and self._size in self._looked_at
        if known and not self._away and _get_current_dispatch_mode() is self:
            _pop_mode()
            self._away = True

    def _leave(self, _module: nn.Module, _args: object, _output: object) -> None:
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

        What runs between two calls would be taken for the model's. ScriptModules take no hook.
        """

        def refuse(_module: nn.Module, _args: object) -> None:
            if not self._within_forward:
                self.error = ModelError(
                    "model(x) was called: steps of several operations are seen in calls by "
                    "spectra.capture.forward(model, x) only"
                )
                raise self.error

        if not self._families or isinstance(model, ScriptModule):
            yield
            return
        hooks: list[RemovableHandle] = []
        try:
            hooks.append(model.register_forward_pre_hook(refuse))
            yield
        finally:
            for hook in hooks:
                hook.remove()

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
        if id(func) in self._idle:
            return self.run(func, args, kwargs)
        if self._never_concerns(func):
            self._idle.add(id(func))
        joins = self._within_forward and self._families
        if joins and (result := self.in_parts(func, args, kwargs)) is not NotImplemented:
            return result
        recogniser = recogniser_of(func)
        result = self.run(func, args, kwargs)
        call = recogniser(func, args, kwargs, result) if recogniser else None
        if call is not None and call.upsamples:
            return self._upsampled(call, result)
        if not joins or self._unwatched:
            return result
        if seam := self._seams.read(func, args, kwargs, result):
            return self._completed(seam, result, in_place=func._schema.is_mutable)
        return result

    def _never_concerns(self, func: OpOverload) -> bool:
        """Tell whether an operation is none that upsamples or ends, or prepares, a step here."""
        if recogniser_of(func) is not None or is_composite(func):
            return False
        return not self._families or not (slices(func) or family_of(func) in self._families)

    def _upsampled(self, call: Call, result: Any) -> Any:
        """Hand on the map of an operation that is a step by itself."""
        made = result if isinstance(result, Tensor) else result[0]
        with self._noting_errors():
            mark = self._advance(Mark(call.kind, call.factor, made.shape[call.channel]), made)
            if mark.step is None:
                return result
            maps = call.as_map(made)
            maps = maps.reshape(-1, mark.channels, *maps.shape[2:])
            replacement = self._on_step(mark.step, maps)
            if replacement is None:
                return result
            _check_shape(replacement, maps)
            replaced = replacement.to(made).reshape(made.shape)
            return replaced if made is result else (replaced, *result[1:])

    def _completed(self, seam: Seam, result: Any, *, in_place: bool) -> Any:
        """Hand on the map of a step that ends with this call."""
        mark = self._ends_with(seam)
        if mark is None or mark.step is None:
            return result
        assert mark.look is not None
        with self._noting_errors():
            layout, shape = mark.look.layout, seam.made.shape
            maps = layout.as_map(seam.made, mark.channels)
            replacement = self._on_step(mark.step, maps)
            if replacement is None:
                return result
            _check_shape(replacement, maps)
            replaced = layout.restore(replacement.to(maps), shape)
            if not in_place:
                return replaced.contiguous()
            seam.made.copy_(replaced)
            return result

    @contextmanager
    def _noting_errors(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.error = error
            raise

    def _advance(self, ran: Mark, made: Tensor) -> Mark:
        """Return the mark that was just passed; skip those that a model may have kept."""
        for passed, mark in self._ahead():
            together = self._batch if made.shape[0] == 1 else 1
            fits = ran.channels in (mark.channels, mark.channels * together)
            if mark.look is None and mark[:2] == ran[:2] and fits:
                self._pass(passed, mark)
                return mark
            if not mark.optional:
                raise self._changed(f"it ran {ran} instead of {self._describe(mark)}")
        raise self._changed(f"it ran {ran} after its last step")

    def _ends_with(self, seam: Seam) -> Mark | None:
        """Return the mark of a step that ends with this call, None where none does."""
        for passed, mark in self._ahead():
            look = mark.look
            if look is not None and look.fits(
                seam.family, seam.rank, seam.made.shape, side_by_side=self._batch
            ):
                self._alike += 1
                if self._alike == look.nth:
                    self._pass(passed, mark)
                    return mark
                return None
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
        self._next = passed % len(self._marks) + 1
        if not mark.optional:
            self._alike = 0

    def _check_complete(self) -> None:
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
