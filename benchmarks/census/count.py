"""Count the calls that grow a map, without anything of ``spectra.capture``.

A ``TorchFunctionMode`` sees each call of the Python interface once, ``F.interpolate`` whole and
not the operations beneath it. Whether a call depends on the model's input is decided by running
the model again on another input, with the same random numbers: what the call was given differs,
or it does not.

Rearrangements (view and permute, einsum, fold of patches into a picture) are no growing call of
this interface: nothing here can tell them from a change of layout. They stand by hand in the
catalogue, read off the source of the model.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode


class Site(NamedTuple):
    """Where a growing call stands, and what it is."""

    module: str
    kind: str


class Growing(NamedTuple):
    """One growing call: its site, and a digest of the map it was given."""

    site: Site
    given: str
    spread: bool


class Count(NamedTuple):
    """The growing calls of one forward pass.

    ``steps`` depend on the model's input. ``constant`` do not, such as resized position tables.
    ``spread`` copy a single sample over a map: they have no spectrum to repeat.
    """

    steps: Counter[Site]
    constant: Counter[Site]
    spread: Counter[Site]


def count(model: nn.Module, first: Tensor, second: Tensor, *, seed: int = 0) -> Count:
    """Return the growing calls of a model, sorted by whether its input matters to them.

    Parameters
    ----------
    model : torch.nn.Module
    first, second : Tensor
        Two inputs of one shape that differ everywhere.
    seed : int
        Of torch's generator before each pass.
    """
    passes = [_calls(model, x, seed) for x in (first, second)]
    same_order = [call.site for call in passes[0]] == [call.site for call in passes[1]]
    others = passes[1] if same_order else [None] * len(passes[0])
    steps: Counter[Site] = Counter()
    constant: Counter[Site] = Counter()
    spread: Counter[Site] = Counter()
    for call, other in zip(passes[0], others, strict=True):
        depends = other is None or call.given != other.given
        (spread if call.spread else steps if depends else constant)[call.site] += 1
    return Count(steps, constant, spread)


def _calls(model: nn.Module, x: Tensor, seed: int) -> list[Growing]:
    torch.manual_seed(seed)
    running = _Running(model)
    watcher = _Watcher(running)
    with torch.no_grad(), running.followed(), watcher:
        model(x)
    return watcher.calls


class _Running:
    """The names of the modules that are running, outermost first."""

    def __init__(self, root: nn.Module) -> None:
        self._names = {module: name for name, module in root.named_modules()}
        self._running = [""]

    @property
    def innermost(self) -> str:
        return self._running[-1]

    @contextmanager
    def followed(self) -> Iterator[None]:
        enter = register_module_forward_pre_hook(self._enter)
        leave = register_module_forward_hook(self._leave, always_call=True)
        try:
            yield
        finally:
            enter.remove()
            leave.remove()

    def _enter(self, module: nn.Module, _args: object) -> None:
        self._running.append(self._names.get(module, self.innermost))

    def _leave(self, _module: nn.Module, _args: object, _output: object) -> None:
        self._running.pop()


class _Watcher(TorchFunctionMode):
    def __init__(self, running: _Running) -> None:
        super().__init__()
        self.calls: list[Growing] = []
        self._running = running

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if (reader := READERS.get(func)) is not None:
            source = kwargs["input"] if "input" in kwargs else args[0]
            output = result[0] if isinstance(result, tuple) else result
            kind = reader(source, output, args[1:], kwargs)
            if kind is not None:
                site = Site(self._running.innermost, kind)
                self.calls.append(Growing(site, _digest(source), _is_spread(func, source, output)))
        return result


Reader = Callable[[Tensor, Tensor, Sequence[Any], Mapping[str, Any]], str | None]


def _grows(source: Tensor, output: Tensor) -> bool:
    """Tell whether there are more positions behind the sample and channel axes."""
    return prod(output.shape[2:]) > prod(source.shape[2:])


def _interpolate(
    source: Tensor, output: Tensor, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> str | None:
    if not _grows(source, output):
        return None
    mode = args[2] if len(args) > 2 else kwargs.get("mode", "nearest")
    antialias = args[5] if len(args) > 5 else kwargs.get("antialias", False)
    return "antialiased" if antialias else "nearest" if mode == "nearest-exact" else mode


def _transposed(
    source: Tensor, output: Tensor, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> str | None:
    """Take the stride and not the size: a border that grows the map is no step."""
    stride = args[2] if len(args) > 2 else kwargs.get("stride", 1)
    return "transposed_conv" if max([stride] if isinstance(stride, int) else stride) > 1 else None


def _shuffled(
    source: Tensor, output: Tensor, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> str | None:
    """Compare the last two axes: the rest may be any batch."""
    return "pixel_shuffle" if prod(output.shape[-2:]) > prod(source.shape[-2:]) else None


def _repeated(
    source: Tensor, output: Tensor, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> str | None:
    """Take axes behind the second as spatial; tokens, (B, N, C), are in the catalogue."""
    axis = args[1] if len(args) > 1 else kwargs.get("dim")
    if axis is None or source.ndim < 3 or not _grows(source, output):
        return None
    return "repeat" if axis % source.ndim >= 2 else None


def _if_larger(kind: str) -> Reader:
    def read(
        source: Tensor, output: Tensor, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> str | None:
        return kind if _grows(source, output) else None

    return read


READERS: dict[Callable[..., Any], Reader] = {
    functional.interpolate: _interpolate,
    torch.pixel_shuffle: _shuffled,
    torch.repeat_interleave: _repeated,
    Tensor.repeat_interleave: _repeated,
    functional.grid_sample: _if_larger("grid_sample"),
    functional.fold: _if_larger("fold"),
    **dict.fromkeys(
        (torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d), _transposed
    ),
    **dict.fromkeys(
        (functional.max_unpool1d, functional.max_unpool2d, functional.max_unpool3d),
        _if_larger("unpool"),
    ),
    **dict.fromkeys(
        (torch.adaptive_avg_pool1d, functional.adaptive_avg_pool2d, functional.adaptive_avg_pool3d),
        _if_larger("area"),
    ),
}
"""Function of torch's Python interface -> what kind of growing call it was, if any."""

_TO_A_SIZE = {functional.interpolate, torch.adaptive_avg_pool1d, functional.adaptive_avg_pool2d}


def _is_spread(func: Callable[..., Any], source: Tensor, output: Tensor) -> bool:
    """Tell whether a resize had but one sample along every axis that it made longer."""
    if func not in _TO_A_SIZE:
        return False
    pairs = zip(source.shape[2:], output.shape[2:], strict=True)
    return all(before == 1 for before, after in pairs if after > before)


def _digest(tensor: Tensor) -> str:
    values = tensor.detach().contiguous().view(torch.uint8).numpy()
    return hashlib.blake2b(values.tobytes(), digest_size=16).hexdigest()
