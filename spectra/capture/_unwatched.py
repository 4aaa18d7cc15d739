"""Parts of a model in which no step runs, and which need not be followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import nn
from torch.jit import ScriptModule

from spectra import _walk as walk
from spectra._walk import modules_by_path


def unwatched(root: nn.Module, watched: Sequence[str]) -> list[nn.Module]:
    """Return the outermost modules that hold none of the watched ones.

    There are none in a ScriptModule, which takes no hook, and none at all where a watched name is
    not the model's: then it is another model than the one that was looked at.
    """
    modules = modules_by_path(root)
    if any(name not in modules for name in watched):
        return []
    live = {modules[name] for name in watched}
    return list(dict.fromkeys(_outermost(root, live)))


def _outermost(module: nn.Module, live: set[nn.Module]) -> Iterator[nn.Module]:
    if isinstance(module, ScriptModule):
        return
    for _, child in walk.named_children(module):
        if not live.isdisjoint(walk.modules(child)) or not _is_called(child):
            yield from _outermost(child, live)
        else:
            yield child


def _is_called(module: nn.Module) -> bool:
    """Tell whether a module's hooks run; those of a ScriptModule or a ModuleList do not."""
    if isinstance(module, ScriptModule):
        return False
    return type(module).forward is not nn.Module.forward
