"""Call a model once and take its output, or say in one line what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from sys import modules
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra._files import memory_bytes
from spectra._names import near
from spectra._text import gigabytes
from spectra.capture._arguments import current_arguments
from spectra.capture._steps import Discovery
from spectra.errors import MixedInputsError, ModelError, ParameterError, SpectraError
from spectra.follow import unseen

USABLE = 0.6  # of a device's memory, for the tensors of a pass: weights and kernels have the rest


class Watcher:
    """Someone who follows the operations of a forward pass; by default it does nothing."""

    error: BaseException | None = None
    """What it raised, which a TorchScript would turn into an error of its own."""

    def begin(self, x: Tensor) -> None:
        """Prepare for a forward pass."""

    def also(self, values: Tensor) -> None:
        """Note a tensor of floats that the model is given beside the maps."""

    def end(self) -> None:
        """Look away from what runs after a forward pass, finished or not."""

    def finish(self) -> None:
        """Check a finished forward pass."""


_WATCHERS: ContextVar[tuple[Watcher, ...]] = ContextVar("spectra_watchers", default=())


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Tell ``watcher`` where each call of :func:`forward` begins and ends."""
    token = _WATCHERS.set((*_WATCHERS.get(), watcher))
    try:
        yield
    finally:
        _WATCHERS.reset(token)


def forward(
    model: nn.Module, x: Tensor, *, found: Discovery | None = None, method: str | None = None
) -> Tensor:
    """Call a model and return its output, as maps where it is known how.

    Parameters
    ----------
    model : torch.nn.Module
        Wrappers (``torch.compile``, ``DataParallel``) are looked through.
    x : Tensor, shape (B, C, *spatial) or whatever the model takes
        Moved to the device and dtype of the model's first weights. The model is given a copy, so
        what it writes into its input does not reach the caller.
    found : Discovery, optional
        What :func:`spectra.capture.discover` returned for the model: which tensor it takes for
        the output, and how that is read. Inputs run one at a time where it says so.
    method : str, optional
        The method to call, e.g. ``"decode"``; the discovery's, or ``"forward"``, by default.

    Returns
    -------
    Tensor, shape (B, C, *spatial)
        With a discovery; B is a multiple of the inputs' where each makes several maps, those of
        the first come first. Where the output is no map it comes as it is. Without a discovery,
        as it is, the first floating-point tensor with at least three axes, else the first tensor.

    Raises
    ------
    ParameterError
        If the model has no such method.
    ModelError
        If the model raises (the innermost failing module is named), runs out of memory, returns
        no tensor, or other ones than the discovery's.
    MixedInputsError
        If what it returns for several inputs is not so much for each.
    """
    with unseen():  # a model that normalises its input in place changes this copy alone
        x = x.clone()
    if found is None:
        return _first_map(returned_by(model, x, method=method or "forward"))
    if found.reading.alone and len(x) > 1:
        inputs = torch.split(x, 1)
        return torch.cat([forward(model, one, found=found, method=method) for one in inputs])
    returned = returned_by(model, x, method=method or found.method, peak_bytes=found.peak_bytes)
    name = found.outputs[found.output]
    if name not in returned:
        raise ModelError(f"the model did not return {name or 'a tensor'} this time")
    maps = found.reading.as_maps(returned[name], x.shape[2:], found.input_shape[1:])
    if found.layout is not None and len(maps) % len(x):
        raise MixedInputsError(f"the model returned {len(maps)} maps for {len(x)} inputs")
    return maps


def returned_by(
    model: nn.Module, x: Tensor, *, method: str = "forward", peak_bytes: int = 0
) -> dict[str, Tensor]:
    """Call a model and return every tensor that it returns, by where it stands.

    Parameters
    ----------
    model, x, method
        As `forward` takes them; ``x`` itself is given, so a model may write into it.
    peak_bytes : int
        What one sample takes, by which a batch that fits is named where memory ran out; 0 where
        it is not known.
    """
    model = walk.unwrap(model)
    call = _callable(model, method)
    watchers = _WATCHERS.get()
    for watcher in watchers:
        watcher.begin(x)
    try:
        with _compiled_code_runs_as_python():
            given, named = _given(model, x, watchers)
            output = call(*given, **named)
    except Exception as error:
        # A TorchScript turns what a watcher raised into RuntimeError; the watcher has the original.
        for watcher in watchers:
            if watcher.error is not None:
                raise watcher.error from None
        if isinstance(error, SpectraError):
            raise
        raise _failure(model, error, x, peak_bytes) from error
    finally:
        for watcher in watchers:
            watcher.end()
    for watcher in watchers:
        watcher.finish()
    found = dict(_tensors(output, ""))
    if not found:
        name = type(output).__name__
        raise ModelError(f"the model returned {name} without a tensor in it: expected a map")
    return found


def _first_map(returned: Mapping[str, Tensor]) -> Tensor:
    values = list(returned.values())
    return next((t for t in values if t.is_floating_point() and t.ndim >= 3), values[0])


def _callable(model: nn.Module, method: str) -> Callable[..., Any]:
    if method == "forward":
        return model
    found = getattr(model, method, None)
    if not callable(found):
        names = [name for name in dir(type(model)) if not name.startswith("_")]
        close = ", ".join(near(method, names)) or "forward"
        message = f"method={method!r} is not a method of {type(model).__name__}: close are {close}"
        raise ParameterError(message)
    return found  # type: ignore[no-any-return]


def _given(
    model: nn.Module, x: Tensor, watchers: Iterable[Watcher]
) -> tuple[list[object], dict[str, object]]:
    """Return the arguments of a call, on the device and of the dtype of the first weights."""
    arguments = current_arguments()
    given, named = arguments.of(x)
    weight = next((p for p in walk.parameters(model) if p.is_floating_point()), None)

    def fit(value: object) -> object:
        if weight is None or not isinstance(value, Tensor):
            return value
        return value.to(weight.device, weight.dtype if value.is_floating_point() else None)

    fitted = {name: fit(value) for name, value in named.items()}
    for part in arguments.parts:
        beside = fitted[part.name] if part.is_beside else None
        if isinstance(beside, Tensor) and beside.is_floating_point():
            for watcher in watchers:
                watcher.also(beside)
    return [fit(value) for value in given], fitted


def _compiled_code_runs_as_python() -> AbstractContextManager[Any]:
    """Make ``torch.compile``d parts run op by op; nothing is compiled where dynamo is absent."""
    # To set a stance imports the compiler, which takes seconds; a model that was compiled has it.
    if "torch._dynamo" not in modules:
        return nullcontext()
    stance: AbstractContextManager[Any] = torch.compiler.set_stance("force_eager")
    return stance


def _tensors(
    output: object, where: str, around: tuple[object, ...] = ()
) -> Iterator[tuple[str, Tensor]]:
    """Return the tensors of a structure, and where they stand in it.

    Parameters
    ----------
    output : object
        The structure.
    where : str
        Where it stands in what the model returned.
    around : tuple
        The structures that it stands in. One that holds itself is looked into once.
    """
    if any(outer is output for outer in around):
        return
    parts: Iterable[tuple[str, object]] = ()
    if isinstance(output, Tensor):
        yield where, output
    elif isinstance(output, Mapping):
        parts = ((f"[{key!r}]", value) for key, value in output.items())
    elif isinstance(output, (tuple, list)):
        names = getattr(output, "_fields", None)
        parts = ((f".{names[i]}" if names else f"[{i}]", v) for i, v in enumerate(output))
    elif is_dataclass(output):
        parts = ((f".{field.name}", getattr(output, field.name)) for field in fields(output))
    elif hasattr(output, "__dict__") and not where:  # a result of a class of its own
        parts = ((f".{name}", value) for name, value in vars(output).items())
    for name, part in parts:
        yield from _tensors(part, where + name, (*around, output))


def _failure(model: nn.Module, error: Exception, x: Tensor, peak_bytes: int) -> ModelError:
    """Return one line naming the innermost module that failed."""
    where = _innermost_module(model, error.__traceback__)
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate" in str(error):
        return ModelError(
            f"the model ran out of memory {where} on {tuple(x.shape)}"
            f"{_what_may_fit(x, peak_bytes, walk.device(model))}"
        )
    return ModelError(f"the model failed {where} on {tuple(x.shape)}: {_last_words(error)}")


def _what_may_fit(x: Tensor, peak_bytes: int, device: torch.device) -> str:
    """Return what to type next where an input does not fit into memory."""
    if x.shape[0] > 1:
        half = x.shape[0] // 2
        if not peak_bytes:
            return f": try --batch {half}"
        fits = min(max(int(USABLE * _memory(device) / peak_bytes), 1), half)
        return f": one input takes {gigabytes(peak_bytes)}; try --batch {fits}"
    side = min(x.shape[2:], default=1)
    return f": try --crop {side // 2}" if side > 1 else ""


def _memory(device: torch.device) -> int:
    """Return the memory of a device, whatever is free of it at the moment."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return memory_bytes()


def _last_words(error: Exception) -> str:
    """Return the message of an error in one line; TorchScript puts its own last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    scripted = "TorchScript interpreter" in lines[0]
    return lines[-1].removeprefix("RuntimeError: ") if scripted else lines[0]


def _innermost_module(model: nn.Module, traceback: TracebackType | None) -> str:
    names = {module: name for name, module in walk.named_modules(model)}
    # Frames come outermost first, so the last module met is the one that failed.
    innermost: nn.Module = model
    while traceback is not None:
        owner = traceback.tb_frame.f_locals.get("self")
        if isinstance(owner, nn.Module) and owner in names:
            innermost = owner
        traceback = traceback.tb_next
    name, kind = names[innermost], type(innermost).__name__
    return f"in '{name}' ({kind})" if name else f"in its own forward ({kind})"
