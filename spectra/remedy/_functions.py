"""Functional upsampling calls: see them, and substitute them inside their owner's forward."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from spectra._checks import along_axes
from spectra.errors import ConversionError, ModelError
from spectra.kinds import MODES
from spectra.remedy._transposed_form import (
    NO_KERNEL,
    TransposedForm,
    form_of_interpolation,
    form_of_shuffle,
    form_of_transposed,
    whole_factor,
)

FUNCTIONS: dict[Callable[..., Any], str] = {
    functional.interpolate: "interpolate",
    torch.pixel_shuffle: "pixel_shuffle",
    torch.conv_transpose1d: "conv_transpose1d",
    torch.conv_transpose2d: "conv_transpose2d",
    torch.conv_transpose3d: "conv_transpose3d",
}
_INTERPOLATE = inspect.signature(functional.interpolate)
_TRANSPOSED = (
    "input",
    "weight",
    "bias",
    "stride",
    "padding",
    "output_padding",
    "groups",
    "dilation",
)


@dataclass(frozen=True, eq=False)
class FunctionCall:
    """One functional call, and in which module's forward it ran.

    Attributes
    ----------
    owner : Module
        Innermost running module.
    index : int
        Which of the owner's resizing calls in this run of its forward, from 0.
    function : str
        Name of the function that was called.
    arguments : mapping
        By name.
    output_shape : tuple of int
        Without the sample axis.
    """

    owner: nn.Module
    index: int
    function: str
    arguments: Mapping[str, Any]
    output_shape: tuple[int, ...]

    def form(self, held: Sequence[Tensor], like: Tensor) -> TransposedForm:
        """Return the call as a transposed convolution.

        Parameters
        ----------
        held : sequence of Tensor
            The model's parameters and buffers, of which its weight is one unless forward makes it.
        like : Tensor
            Whose dtype and device the weight gets.

        Raises
        ------
        ConversionError
            If it is none; the text says why.
        """
        x = self.arguments["input"]
        if self.function == "pixel_shuffle":
            return form_of_shuffle(x.shape[1], (self.arguments["upscale_factor"],) * 2, like=like)
        if self.function == "interpolate":
            return self._interpolation(x, like)
        weight, bias = self.arguments["weight"], self.arguments.get("bias")
        if not any(weight is tensor for tensor in held):
            raise ConversionError(
                "its weight is computed in forward, so there is no one kernel to convert"
            )
        axes = weight.ndim - 2
        default = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
        numbers = {
            name: along_axes(self.arguments.get(name, value), axes)
            for name, value in default.items()
        }
        groups = self.arguments.get("groups", 1)
        return form_of_transposed(weight, bias, groups=groups, **numbers)

    def _interpolation(self, x: Tensor, like: Tensor) -> TransposedForm:
        mode, axes = self.arguments["mode"], x.ndim - 2
        if self.arguments["align_corners"]:
            raise ConversionError(NO_KERNEL)
        # Taps that reach no further than the next pixel are the same at the borders: where one
        # falls away, what is left is the border's pixel. Lanczos, of no kind here, reaches three.
        if self.arguments["antialias"] and (mode not in MODES or MODES[mode].reach > 1):
            raise ConversionError(
                "antialias=True weighs the pixels at the borders anew, which no kernel does"
            )
        if (MODES[mode].axes or axes) != axes:
            raise ConversionError(f"mode={mode!r} does not fit a map of {axes} axes")
        scale = self.arguments["scale_factor"]
        if scale is None or self.arguments["recompute_scale_factor"]:
            sizes = zip(self.output_shape[1:], x.shape[2:], strict=True)
            scale = tuple(grown / n for grown, n in sizes)
        return form_of_interpolation(mode, x.shape[1], whole_factor(scale, axes), like=like)


class Recorder(TorchFunctionMode):
    """Notes the resizing calls of a forward pass and their owners."""

    def __init__(self, root: nn.Module) -> None:
        super().__init__()
        self.calls: list[FunctionCall] = []
        self._root = root
        self._seen: Counter[FrameType | None] = Counter()  # calls in each run of a forward

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the function, and note it if it may upsample."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func in FUNCTIONS:
            frame, owner = running()
            index = self._seen[frame]
            self._seen[frame] += 1
            arguments = arguments_by_name(func, args, kwargs)
            shape = tuple(result.shape[1:])
            self.calls.append(
                FunctionCall(
                    owner or self._root,
                    index=index,
                    function=FUNCTIONS[func],
                    arguments=arguments,
                    output_shape=shape,
                )
            )
        return result


class Substitution:
    """A module's own method, some of whose functional calls are layers of the module instead.

    It stands in the module's ``__dict__``, so that copies and pickles of the module keep it.
    """

    def __init__(self, owner: nn.Module, method: str = "forward") -> None:
        self.owner, self.method = owner, method
        self.inner: Any = owner.__dict__.get(method)
        self.layers: dict[int, str] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the method."""
        with _Substituting(self):
            return self._original(*args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._original)

    @property
    def __code__(self) -> CodeType:
        """The code of the method, which ``torch.export`` looks at."""
        code: CodeType = self._original.__code__
        return code

    @property
    def _original(self) -> Any:
        if self.inner is not None:
            return self.inner
        return getattr(type(self.owner), self.method).__get__(self.owner)


class _Substituting(TorchFunctionMode):
    def __init__(self, substitution: Substitution) -> None:
        super().__init__()
        self._of = substitution
        self._next = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func not in FUNCTIONS or running()[1] is not self._of.owner:
            return func(*args, **kwargs)
        # Counted as the recorder did: every resizing call of this run, substituted or not.
        index, self._next = self._next, self._next + 1
        name = self._of.layers.get(index)
        if name is None:
            return func(*args, **kwargs)
        arguments = arguments_by_name(func, args, kwargs)
        x = arguments["input"]
        y = getattr(self._of.owner, name)(x)
        if FUNCTIONS[func] == "interpolate":
            _check_size(name, arguments, x, y)
        return y


def substitute(owner: nn.Module, method: str, index: int, name: str) -> None:
    """Let ``owner`` use its layer ``name`` in place of one of its resizing calls."""
    # In the instance, so that other modules of the class keep the method as it is.
    standing = owner.__dict__.get(method)
    if not isinstance(standing, Substitution):
        standing = Substitution(owner, method)
        owner.__dict__[method] = standing
    standing.layers[index] = name


def running() -> tuple[FrameType | None, nn.Module | None]:
    """Return the innermost running module and the frame that runs it; None outside of any."""
    frame: FrameType | None = sys._getframe(1)
    # Every module runs inside nn.Module._call_impl, or inside a substitution of its method: their
    # frames on the stack say whose code is running.
    while frame is not None:
        if frame.f_code is _CALL:
            return frame, frame.f_locals["self"]
        if frame.f_code is _SUBSTITUTED:
            return frame, frame.f_locals["self"].owner
        frame = frame.f_back
    return None, None


def arguments_by_name(
    func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the arguments of a call by name."""
    if FUNCTIONS[func] == "interpolate":
        bound = _INTERPOLATE.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments
    names = ("input", "upscale_factor") if FUNCTIONS[func] == "pixel_shuffle" else _TRANSPOSED
    return dict(zip(names, args, strict=False)) | dict(kwargs)


def _check_size(name: str, arguments: Mapping[str, Any], x: Tensor, y: Tensor) -> None:
    """Raise where this call asks for another size than the layer makes."""
    size, scale = arguments["size"], arguments["scale_factor"]
    axes = x.ndim - 2
    if size is None:
        scales = along_axes(scale, axes)
        wanted = tuple(int(n * s) for n, s in zip(x.shape[2:], scales, strict=True))
    else:
        wanted = along_axes(size, axes)
    made = tuple(y.shape[2:])
    if wanted != made:
        raise ModelError(
            f"interpolate, which is now {name!r}, is asked for {wanted} from {tuple(x.shape[2:])}, "
            f"and makes {made}: pad the model's input to a multiple of its stride"
        )


_CALL = nn.Module._call_impl.__code__
_SUBSTITUTED = Substitution.__call__.__code__
