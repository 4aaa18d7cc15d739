"""What an operation does with the values that it takes, told by its name."""

from __future__ import annotations

from functools import cache
from typing import Literal

import torch
from torch._ops import OpOverload

from spectra.follow._dispatched import Dispatched, name_of

Manner = Literal["move", "point", "reduce", "mix"]
"""Moves values unchanged, computes each from those at one index, sums along axes, or mixes."""

CONVOLUTIONS = ("convolution", "_convolution", "convolution_backward", "_slow_conv2d_forward")
PRODUCTS = {"mm": (0, 1), "bmm": (0, 1), "addmm": (1, 2), "baddbmm": (1, 2)}
"""Matrix products, and where in their arguments the two factors stand."""

COPIES = ("clone", "_to_copy", "lift_fresh_copy")
"""Moves that change neither shape nor order."""

_NORMS = ("native_batch_norm", "_native_batch_norm_legit_no_training", "native_group_norm")
_MOVE_NAMES = """
    _index_put_impl_ _to_copy cat channel_shuffle clone constant_pad_nd copy copy_ expand_copy fill_
    flip gather im2col index index_copy index_copy_ index_put index_put_ index_select
    lift_fresh_copy native_channel_shuffle permute_copy pixel_unshuffle reflection_pad1d
    reflection_pad2d reflection_pad3d repeat repeat_interleave replication_pad1d replication_pad2d
    replication_pad3d roll rot90 scatter scatter_ select_scatter slice_scatter stack take view_copy
    zero_
"""
_MOVES = frozenset(_MOVE_NAMES.split())
_POINTWISE = frozenset(("native_dropout", "_prelu_kernel", "fill", "masked_fill_"))
"""Operations that work point by point although torch does not tag them so."""

_REDUCTIONS = frozenset(
    ("sum", "mean", "amax", "amin", "max", "min", "logsumexp", "prod", "linalg_vector_norm")
)


@cache
def manner_of(func: OpOverload) -> Manner:
    """Return what an operation does with the values that it takes.

    An operation of an extension, and one that is in no table here, is taken to mix.
    """
    name = name_of(func)
    if func.namespace != "aten":
        return "mix"
    if name in _MOVES:
        return "move"
    if torch.Tag.pointwise in func.tags or name in _POINTWISE:
        return "point"
    return "reduce" if name in _REDUCTIONS else "mix"


def mixes_channels(name: str) -> bool:
    """Tell whether an operation of some name makes new channels, whatever shape it returns."""
    return name in CONVOLUTIONS or name in PRODUCTS or name == "linear"


def channel_axis(call: Dispatched) -> int | None:
    """Return which axis of its first argument a layer takes for channels, None if it takes none."""
    name, args = call.name, call.args
    if name in CONVOLUTIONS:
        # A weight has an axis more than its kernel has sides; an input without samples, one less.
        return int(args[0].ndim - args[1].ndim + 1)
    if name in _NORMS:
        return 1
    one_axis = name == "native_layer_norm" and len(args[1]) == 1
    return int(args[0].ndim) - 1 if one_axis else None
