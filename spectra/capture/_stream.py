"""Tap the steps of a running model: see each step's map as it passes, or replace it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch._ops import OpOverload

from spectra.capture._forward import watched_by
from spectra.capture._mode import LightMode
from spectra.capture._recognise import RECOGNISERS, Call
from spectra.capture._steps import Discovery, Mark
from spectra.errors import ModelError, ParameterError

OnStep = Callable[[int, Tensor], Tensor | None]


@contextmanager
def stream(model: nn.Module, discovery: Discovery, on_step: OnStep) -> Iterator[Tap]:
    """Hand each step's output to ``on_step`` while the model runs inside the block.

    Nothing but the model should run inside the block: a foreign upsampling call would be
    taken for the model's. Operations within ``on_step`` are not seen. No activation is kept.

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
    tap = Tap(discovery, on_step)
    try:
        with watched_by(tap), tap:
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
        self._within_forward = False

    def begin(self) -> None:
        """Start a call of ``forward``."""
        self._next = 0
        self._within_forward = True

    def finish(self) -> None:
        """Check that the call of ``forward`` left out no step."""
        self._within_forward = False
        self._check_complete()

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
        result = func(*args, **kwargs)
        recogniser = RECOGNISERS.get(func)
        call = recogniser(func, args, kwargs, result) if recogniser else None
        if call is None or not call.upsamples:
            return result
        try:
            step = self._advance(Mark(call.kind, call.factor, result.shape[call.channel]))
            replacement = None if step is None else self._on_step(step, call.as_map(result))
            return result if replacement is None else _in_place_of(result, call, replacement)
        except BaseException as error:
            self.error = error
            raise

    def _advance(self, ran: Mark) -> int | None:
        """Return the step that just ran; skip marks that a model may have kept from before."""
        following = self._marks[self._next :]
        if not self._within_forward:  # the model was called directly, perhaps once more
            following += self._marks[: self._next]
        for passed, mark in enumerate(following, start=self._next):
            if mark[:3] == ran[:3]:
                self._next = passed % len(self._marks) + 1
                return mark.step
            if not mark.optional:
                raise self._changed(f"it ran {ran} instead of {self._describe(mark)}")
        raise self._changed(f"it ran {ran} after its last step")

    def _check_complete(self) -> None:
        missing = [mark for mark in self._marks[self._next :] if not mark.optional]
        self._next = 0
        if missing:
            raise self._changed(f"it ended before {self._describe(missing[0])}")

    def _changed(self, how: str) -> ModelError:
        return ModelError(f"the model changes its upsampling operations with its input: {how}")

    def _describe(self, mark: Mark) -> str:
        label = "" if mark.step is None else f"'{self._discovery.steps[mark.step].label}' "
        return f"{label}({mark})"


def _in_place_of(result: Tensor, call: Call, replacement: Tensor) -> Tensor:
    expected, given = tuple(call.as_map(result).shape), tuple(replacement.shape)
    if given != expected:
        message = f"on_step returned a map of shape {given}: expected {expected} or None"
        raise ParameterError(message)
    return replacement.to(result).reshape(result.shape)
