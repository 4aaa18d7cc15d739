"""Modules whose outputs are shown beside the steps, because the user asked for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase
from functools import partial
from threading import get_ident
from typing import Any

from torch import Tensor, nn

from spectra import _walk as walk
from spectra._names import near
from spectra.errors import ParameterError
from spectra.gather._places import is_map


@contextmanager
def layer_taps(
    model: nn.Module, patterns: Sequence[str], take: Callable[[str, Tensor], None]
) -> Iterator[None]:
    """Hand the maps that modules return to ``take``, by plain forward hooks.

    Parameters
    ----------
    model : Module
        Left without hooks at the end.
    patterns : sequence of str
        Shell patterns of module names.
    take : callable
        Called with a module's name and its map.

    Raises
    ------
    ParameterError
        If a pattern matches no module.
    """
    names = [name for name, _ in walk.named_modules(model) if name]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            close = near(pattern, names) or names[:3]
            raise ParameterError(f"layers={pattern!r} matches no module: try {', '.join(close)}")

    def hook(name: str, _module: nn.Module, _args: Any, output: Any) -> None:
        if get_ident() == thread and isinstance(output, Tensor) and is_map(output.shape[1:]):
            take(name, output)

    thread = get_ident()
    chosen = [name for name in names if any(fnmatchcase(name, p) for p in patterns)]
    with ExitStack() as hooks:
        for name in chosen:
            tapped = walk.submodule(model, name).register_forward_hook(partial(hook, name))
            hooks.enter_context(tapped)
        yield
