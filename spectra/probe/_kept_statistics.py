"""Run a model again with the statistics that its normalisations had the first time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch._ops import OpOverload

from spectra.follow import LightMode

aten = torch.ops.aten


class _Noted(NamedTuple):
    """What an operation took and gave in the pass that is kept."""

    func: OpOverload
    shape: tuple[int, ...]
    statistics: tuple[Tensor, ...]


class KeptStatistics(LightMode):  # type: ignore[no-untyped-call]
    """Notes the statistics of normalisations in one pass and hands them out in others.

    Without it the effect of a change within a map would come mixed with another: an instance
    normalisation behind it divides by the deviation of a map that varies less. Kept are the mean
    and deviation of instance and group normalisations and of layer normalisations over several
    axes, and means and variances over all the positions of a map, from which models make such
    layers by hand. Calls are known again by their order.

    Parameters
    ----------
    axes : int
        Spatial axes of the model's maps.

    Attributes
    ----------
    lost : bool
        Whether some pass ran other operations than the first, so that from there on it had
        statistics of its own.
    """

    def __init__(self, axes: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.lost = False
        self._axes = axes
        self._noted: list[_Noted] = []
        self._next: int | None = None  # number of the call that comes next; None: note them

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note the statistics of what runs in the block."""
        self._noted, self._next = [], None
        with self:
            yield

    @contextmanager
    def replaying(self) -> Iterator[None]:
        """Run what was noted once more, with the same statistics."""
        self._next = 0
        with self:
            yield

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        normalise = _NORMALISATIONS.get(func)
        if normalise is None and func not in _MOMENTS:
            return self.run(func, args, kwargs)
        if not self._concerns(func, args):
            return self.run(func, args, kwargs)
        if self._next is None:
            result = self.run(func, args, kwargs)
            given = (result,) if isinstance(result, Tensor) else tuple(result)
            kept = given if normalise is None else given[1:]
            # A model may write into what it gets.
            noted = _Noted(func, tuple(args[0].shape), tuple(t.clone() for t in kept))
            self._noted.append(noted)
            return result
        known = self._known(func, args)
        if known is None:
            return self.run(func, args, kwargs)
        kept = tuple(t.clone() for t in known.statistics)
        if normalise is None:
            return kept[0] if len(kept) == 1 else kept
        return (normalise(args, *kept[:2]).to(args[0]), *kept)

    def _concerns(self, func: OpOverload, args: Sequence[Any]) -> bool:
        """Tell whether an operation takes statistics over the positions of each map."""
        if func in _MOMENTS:
            axes = args[1] if len(args) > 1 else None
            x = args[0]
            spatial = set(range(2, x.ndim))
            return bool(
                axes
                and x.ndim == 2 + self._axes
                and spatial <= {a % x.ndim for a in axes}
                and 0 not in {a % x.ndim for a in axes}
            )
        if func is aten.native_layer_norm.default:
            return len(args[1]) > 1
        if func in _OF_BATCHES:
            return bool(args[_OF_BATCHES[func]])
        return True

    def _known(self, func: OpOverload, args: Sequence[Any]) -> _Noted | None:
        """Return what was noted of the call that comes next; None where it is another call."""
        if self.lost:
            return None
        assert self._next is not None
        noted = self._noted[self._next] if self._next < len(self._noted) else None
        if noted is None or noted[:2] != (func, tuple(args[0].shape)):
            self.lost = True
            return None
        self._next += 1
        return noted


def _group_norm(args: Sequence[Any], mean: Tensor, rstd: Tensor) -> Tensor:
    x, weight, bias = args[:3]
    grouped = x.reshape(*mean.shape, -1)
    normal = ((grouped - mean[..., None]) * rstd[..., None]).reshape(x.shape)
    return _scaled(normal, weight, bias)


def _batch_norm(args: Sequence[Any], mean: Tensor, rstd: Tensor) -> Tensor:
    x, weight, bias = args[:3]
    along = (-1, *[1] * (x.ndim - 2))
    return _scaled((x - mean.reshape(along)) * rstd.reshape(along), weight, bias)


def _layer_norm(args: Sequence[Any], mean: Tensor, rstd: Tensor) -> Tensor:
    x, _, weight, bias = args[:4]
    normal: Tensor = (x - mean) * rstd
    normal = normal if weight is None else normal * weight
    return normal if bias is None else normal + bias


def _scaled(normal: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Return maps times the weight of their channel, plus its bias."""
    along = (-1, *[1] * (normal.ndim - 2))
    if weight is not None:
        normal = normal * weight.reshape(along)
    return normal if bias is None else normal + bias.reshape(along)


_NORMALISATIONS: dict[OpOverload, Callable[[Sequence[Any], Tensor, Tensor], Tensor]] = {
    aten.native_group_norm.default: _group_norm,
    aten.native_layer_norm.default: _layer_norm,
    # Instance normalisation arrives as batch normalisation of one sample of many channels.
    aten.native_batch_norm.default: _batch_norm,
    aten.cudnn_batch_norm.default: _batch_norm,
    aten.miopen_batch_norm.default: _batch_norm,
    aten._native_batch_norm_legit.default: _batch_norm,
    aten._native_batch_norm_legit.no_stats: _batch_norm,
}
_OF_BATCHES = {  # where the argument stands that asks for statistics of its own
    aten.native_batch_norm.default: 5,
    aten.cudnn_batch_norm.default: 5,
    aten.miopen_batch_norm.default: 5,
    aten._native_batch_norm_legit.default: 5,
    aten._native_batch_norm_legit.no_stats: 3,
}
_MOMENTS = frozenset(
    {
        aten.mean.dim,
        aten.var.correction,
        aten.std.correction,
        aten.var_mean.correction,
        aten.std_mean.correction,
    }
)
