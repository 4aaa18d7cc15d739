"""Know in which module an operation runs, and which modules grow for no known reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from threading import get_ident
from typing import Any
from warnings import catch_warnings, filterwarnings

from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.utils._pytree import tree_iter

from spectra import _walk as walk
from spectra.capture._operation import Growth
from spectra.follow import Dispatched


@dataclass(eq=False)
class Frame:
    """One running call of a module.

    Attributes
    ----------
    module : torch.nn.Module
        The module.
    name : str
        Its path in the root model.
    input_shape : tuple of int or None
        Shape of the first tensor that it was given, None where it was given none.
    """

    module: nn.Module
    name: str
    input_shape: tuple[int, ...] | None

    @cached_property
    def explained(self) -> list[Fraction]:
        """The largest sides that the operations seen so far let the module's output have.

        They start as those of its input, and grow in `ModuleStack.explain`.
        """
        return [Fraction(size) for size in self.input_shape[2:]] if self.input_shape else []


class ModuleStack:
    """The modules that are running, outermost first, named as in the root model."""

    def __init__(self, root: nn.Module) -> None:
        self._names = {m: walk.readable(name) for name, m in walk.named_modules(root)}
        self._frames: list[Frame] = []
        self._grown: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        self._thread = get_ident()
        self.elsewhere: list[str] = []
        """Modules that ran in another thread, where no operation is seen."""
        self.space: Callable[[Tensor], tuple[int, ...] | None] = lambda _: None
        """Returns which axes of a tensor are space, None where that is not known."""

    @property
    def current(self) -> Frame:
        """The innermost running module."""
        return self._frames[-1]

    def growth(self, axes: set[int]) -> tuple[Growth, ...]:
        """Return the innermost modules that grew unexplained.

        Parameters
        ----------
        axes : set of int
            Numbers of axes of the tensors that count. A tensor of another number is not what
            the model's output is made of.
        """
        return tuple(
            Growth(name, before[1:], after[1:])
            for name, (before, after) in self._grown.items()
            if len(after) in axes
        )

    def explain(
        self, scale: Sequence[Fraction], extra: Sequence[int] = (), size: Sequence[int] = ()
    ) -> None:
        """Let the output of every running module be larger, as an operation in it was.

        Parameters
        ----------
        scale : sequence of Fraction
            Output size over input size of the operation along each axis.
        extra : sequence of int
            Pixels that the operation added to each axis, after the scale.
        size : sequence of int
            Sides of the map that it made, which the module may return as they are.
        """
        for frame in self._frames:
            axes = len(frame.explained)
            # A module of other axes than the operation (tokens around a convolution) may grow
            # along any of its own by as much as the operation grew along its most.
            ratios = scale if len(scale) == axes else [max(scale, default=Fraction(1))] * axes
            pixels = extra if len(extra) == axes else [max(extra, default=0)] * axes
            frame.explained = [
                before * max(ratio, Fraction(1)) + more
                for before, ratio, more in zip(frame.explained, ratios, pixels, strict=True)
            ]
            if len(size) == axes:
                frame.explained = list(map(max, frame.explained, map(Fraction, size)))

    @contextmanager
    def following(self, root: nn.Module, x: Tensor) -> Iterator[None]:
        """Follow the modules of ``root`` while it runs on ``x``, by hooks that are removed."""
        self._push(root, (x,))
        with (
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
            catch_warnings(),
        ):
            filterwarnings("ignore", "Using `torch.compile.module.` when there are global hooks")
            yield

    def finish(self, x: Tensor, output: Tensor) -> None:
        """Close the frame of the root, whose method need not have been ``forward``."""
        self._judge(self._frames[0], x, output)

    def _enter(self, module: nn.Module, args: Any) -> None:
        """Note that a module begins, unless it is none of the model's."""
        if module not in self._names:
            return
        if get_ident() != self._thread:
            self.elsewhere.append(self._names[module])
        elif module is not self._frames[0].module:
            self._push(module, args)

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        """Note that a module ends, and judge how it grew."""
        if module is self._frames[0].module or all(f.module is not module for f in self._frames):
            return
        if get_ident() != self._thread:
            return
        # Modules that ended by an error, caught by the one that called them, are still there.
        while (frame := self._frames.pop()).module is not module:
            pass
        self._judge(frame, args, output)

    def _push(self, module: nn.Module, args: Any) -> None:
        first = _first_tensor(args)
        shape = None if first is None else tuple(first.shape)
        self._frames.append(Frame(module, self._names[module], shape))

    def _judge(self, frame: Frame, args: object, output: object) -> None:
        """List a module whose output is larger than its operations explain."""
        before, result = frame.input_shape, _first_tensor(output)
        if before is None or result is None or result.shape == before:
            return
        # The last axis of what a linear layer makes holds features, not places.
        taken = _first_tensor(args)
        if taken is None or isinstance(frame.module, nn.Linear):
            return
        after = tuple(result.shape)
        pairs = list(zip(before[2:], after[2:], strict=False))
        grows = (
            len(after) == len(before) >= 3
            and after[0] == before[0]
            and all(grown >= size for size, grown in pairs)
            and any(g > size for g, size in zip(after[2:], frame.explained, strict=True))
        )
        if grows and self._in_space(taken, result):
            self._grown.setdefault(frame.name, (before, after))
            self.explain([Fraction(grown, size) for size, grown in pairs])

    def _in_space(self, taken: Tensor, result: Tensor) -> bool:
        """Tell whether a tensor grew in space: along one axis, and as a whole.

        An axis that grew may hold features, and one that is new may have been cut from another,
        as windows are. Where it is not known which axes are space, it is taken to have grown.
        """
        space = self.space(result)
        if space is None:
            return True
        further = any(result.shape[axis] > taken.shape[axis] for axis in space)
        before = self.space(taken) or range(2, taken.ndim)
        places = [prod(t.shape[a] for a in s) for t, s in ((result, space), (taken, before))]
        return further and (places[0] > places[1] or result.numel() > taken.numel())


def _first_tensor(tree: object) -> Tensor | None:
    """Return the first tensor of what a module takes or returns."""
    if isinstance(tree, Tensor):
        return tree
    # Every call of a module passes here, most with a tuple of tensors, for which no tree is walked.
    if type(tree) is tuple and tree and isinstance(tree[0], Tensor):
        return tree[0]
    try:
        return next((leaf for leaf in tree_iter(tree) if isinstance(leaf, Tensor)), None)
    except RecursionError:  # a list that holds itself
        return None


def added_by_borders(call: Dispatched) -> tuple[int, ...]:
    """Return how many pixels a padding or a convolution adds to each axis; empty if to none."""
    args, result = call.args, call.result
    known = call.func.namespace == "aten" and call.name in _ADDING
    adds = known and isinstance(result, Tensor) and isinstance(args[0], Tensor)
    if not adds:
        return ()
    pairs = zip(args[0].shape[2:], result.shape[2:], strict=False)
    extra = tuple(max(0, grown - size) for size, grown in pairs)
    return extra if any(extra) else ()


_PADDING_NAMES = """
    _convolution _pad_circular constant_pad_nd conv1d conv2d conv3d convolution pad reflection_pad1d
    reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d
"""
_ADDING = frozenset(_PADDING_NAMES.split())
"""Operations that may make a map a few pixels larger without enlarging it."""
