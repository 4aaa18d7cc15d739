"""The kinds of upsampling steps: one row each, with all that the stages know of a kind.

A new kind is a name in `Kind` and a row in `KINDS`. Whoever asks what PyTorch calls it, what its
taps are or what to say of it asks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "transposed_conv",
    "pixel_shuffle",
    "nearest",
    "bilinear",
    "bicubic",
    "trilinear",
    "linear",
    "area",
    "max_pool",
    "antialiased",
    "unpool",
    "zero_insertion",
    "depth_to_space",
    "repeat",
    "grid_sample",
    "fold",
    "fourier",
    "other",
]
Family = Literal["conv", "shuffle", "resize", "pool", "unpool", "sample", "fold", "other"]
"""How a call is read; calls of one family are counted together in a TorchScript's graph.

A step of "other" is none of PyTorch's operations: sizes or a rearrangement tell it.
"""

Interpolator = Literal["nearest", "area", "bilinear", "bicubic"]

_ANY = 0  # the operation takes maps of any number of axes
_INTERPOLATE = ("interpolate", "upsample")


@dataclass(frozen=True, eq=False, kw_only=True)
class StepKind:
    """What is known of one kind of upsampling step.

    Attributes
    ----------
    name : Kind
        Its name in tables and files.
    family : Family
        How a call of one of its operations is read.
    operations : mapping of str to int
        Names of its operations in ``torch.ops.aten``, and for how many spatial axes each is: 0
        where for any number.
    functions : tuple of str
        Python functions of PyTorch that a TorchScript's graph names in place of an operation.
    modes : tuple of str
        Modes of ``torch.nn.functional.interpolate`` that are of this kind.
    fixed : bool
        Whether it interpolates with taps that nobody trains.
    interpolator : str or None
        Name of its taps in `spectra.kernel.interpolator`, where they have one.
    reach : int
        Input pixels at each border that it repeats, because its taps reach beyond.
    swappable : bool
        Whether ``spectra swap`` knows every step of this kind.
    hollow : bool
        Whether it leaves pixels without input.
    phases, filter : str
        What its phases are called, and its taps where their size is not known.
    """

    name: Kind
    family: Family = "other"
    operations: Mapping[str, int] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    fixed: bool = False
    interpolator: Interpolator | None = None
    reach: int = 0
    swappable: bool = False
    hollow: bool = False
    phases: str = "phases of the kernel"
    filter: str = "the sub-pixel filter"

    @property
    def words(self) -> str:
        """Its name in a sentence."""
        return self.name.replace("_", " ")

    @property
    def axes(self) -> int:
        """Number of spatial axes of its maps; 0 where there is no one number."""
        numbers = set(self.operations.values())
        return numbers.pop() if len(numbers) == 1 else 0


def _each(name: str, *axes: int) -> dict[str, int]:
    """Return operations of which there is one for each number of axes, such as ``name2d``."""
    return {f"{name}{d}d": d for d in axes}


def _interpolation(name: Kind, *, axes: int, taps: Interpolator, reach: int) -> StepKind:
    """Return the row of a mode of ``interpolate`` that is for one number of axes."""
    return StepKind(
        name=name,
        family="resize",
        operations=_each(f"upsample_{name}", axes),
        functions=_INTERPOLATE,
        modes=(name,),
        fixed=True,
        interpolator=taps,
        reach=reach,
        swappable=True,
    )


_ROWS = (
    StepKind(
        name="transposed_conv",
        family="conv",
        operations={
            "convolution": _ANY,
            "_convolution": _ANY,
            "convolution_backward": _ANY,
            **_each("conv_transpose", 1, 2, 3),
        },
        swappable=True,
    ),
    StepKind(
        name="pixel_shuffle",
        family="shuffle",
        operations={"pixel_shuffle": 2},
        swappable=True,
        phases="sub-pixel channels",
    ),
    StepKind(
        name="nearest",
        family="resize",
        operations=_each("upsample_nearest", 1, 2, 3) | _each("_upsample_nearest_exact", 1, 2, 3),
        functions=_INTERPOLATE,
        modes=("nearest", "nearest-exact"),
        fixed=True,
        interpolator="nearest",
        swappable=True,
    ),
    _interpolation("bilinear", axes=2, taps="bilinear", reach=1),
    _interpolation("bicubic", axes=2, taps="bicubic", reach=2),
    _interpolation("trilinear", axes=3, taps="bilinear", reach=1),
    _interpolation("linear", axes=1, taps="bilinear", reach=1),
    StepKind(
        name="area",
        family="pool",
        # Swap knows the mode of interpolate, and no pooling layer.
        operations=_each("adaptive_avg_pool", 1, 2, 3) | _each("_adaptive_avg_pool", 2, 3),
        modes=("area",),
        fixed=True,
        interpolator="area",
    ),
    StepKind(
        name="max_pool",
        family="pool",
        operations=_each("adaptive_max_pool", 1, 2, 3),
        functions=tuple(_each("_adaptive_max_pool", 1, 2, 3)),
        fixed=True,
        interpolator="nearest",  # each window is one pixel where the factor is whole
    ),
    StepKind(
        name="antialiased",
        family="resize",
        operations={
            "_upsample_bilinear2d_aa": 2,
            "_upsample_bicubic2d_aa": 2,
            "_upsample_lanczos2d_aa": 2,
        },
        functions=_INTERPOLATE,
        fixed=True,
    ),
    StepKind(name="unpool", family="unpool", operations=_each("max_unpool", 2, 3), hollow=True),
    StepKind(name="zero_insertion", hollow=True),
    StepKind(name="depth_to_space", phases="sub-pixel channels"),
    StepKind(name="repeat", fixed=True),
    StepKind(
        name="grid_sample",
        family="sample",
        operations={
            "grid_sampler": _ANY,
            "grid_sampler_2d": _ANY,
            "grid_sampler_3d": _ANY,
            "cudnn_grid_sampler": _ANY,
        },
        functions=("grid_sample",),
    ),
    StepKind(name="fold", family="fold", operations={"col2im": 2}, functions=("fold",)),
    StepKind(name="fourier", fixed=True),
    StepKind(name="other", family="other", filter="the operator"),
)

KINDS: dict[str, StepKind] = {kind.name: kind for kind in _ROWS}
"""The row of each kind, by its name."""

MODES: dict[str, StepKind] = {mode: kind for kind in _ROWS for mode in kind.modes}
"""The row of each mode of ``torch.nn.functional.interpolate``."""

FIXED_TAPS: dict[str, Interpolator] = {
    name: kind.interpolator
    for kind in _ROWS
    if kind.interpolator is not None
    for name in (kind.name, *kind.modes)
}
"""Name of the taps in `spectra.kernel.interpolator`, by kind and by mode."""

FAMILIES: dict[str, Family] = {
    name: kind.family for kind in _ROWS for name in (*kind.operations, *kind.functions)
}
"""Family of each operation by the name under which it stands in a TorchScript graph."""
