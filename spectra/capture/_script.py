"""Name the operations of a ScriptModule, which runs no Python and calls no hooks.

Its un-inlined graph still says which submodule calls which, in the order of execution. So
the operations found while it ran are matched with those written in the graph: transposed
convolutions by the address of their weights, everything else by its order within its
family. Where a branch or a loop makes the counts differ, the script's own path is used.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from torch import nn

from spectra.capture._recognised import Recognised
from spectra.kinds import FAMILIES, Family


class Written(NamedTuple):
    """One operation written in a graph.

    Attributes
    ----------
    path : str
        Path, within the script, of the module whose code holds it.
    family : str
        Operations of one family are counted together.
    weight : int or None
        Address of the weight of a transposed convolution, None where it is computed.
    """

    path: str
    family: Family
    weight: int | None


def script_paths(script: nn.Module, calls: Sequence[Recognised], method: str) -> list[str]:
    """Return, for each call seen in one run of ``script``, the path of its owner within."""
    written = list(_operations(script, method, ""))
    by_weight = {one.weight: one.path for one in written if one.weight is not None}
    by_family: dict[Family, list[str]] = defaultdict(list)
    for one in written:
        by_family[one.family].append(one.path)
    seen: dict[Family, int] = defaultdict(int)
    for call in calls:
        seen[call.family] += 1
    order = {family: iter(paths) for family, paths in by_family.items()}
    names = []
    for call in calls:
        family = call.family
        # Equal counts: the nth call that was seen is the nth that is written.
        name = next(order[family]) if seen[family] == len(by_family[family]) else ""
        if call.weight is not None:
            name = by_weight.get(call.weight.data_ptr(), name)
        names.append(name)
    return names


def _operations(module: nn.Module, method: str, path: str) -> Iterator[Written]:
    """Walk the graph of one method, and of the methods that it calls, in order."""
    compiled: Any = getattr(module, "_c", None)
    if compiled is not None and compiled._has_method(method):
        nodes = compiled._get_method(method).graph.nodes()
        yield from _operations_of(nodes, module, path)


def _operations_of(nodes: Any, module: nn.Module, path: str) -> Iterator[Written]:
    for node in nodes:
        kind = node.kind()
        if kind == "prim::CallMethod":
            steps = _attributes(node.inputsAt(0))
            target = _descend(module, steps)
            if target is not None:
                inner = ".".join(filter(None, [path, *steps]))
                yield from _operations(target, node.s("name"), inner)
        elif kind == "prim::CallFunction":
            function = node.inputsAt(0).node()
            family = FAMILIES.get(function.s("name")) if function.hasAttribute("name") else None
            if family is not None:
                # interpolate stands here under one name for all modes; area is adaptive pooling.
                area = any(value.toIValue() == "area" for value in node.inputs())
                yield Written(path, "pool" if area else family, None)
        elif kind in ("aten::_convolution", "aten::convolution"):
            # The seventh input of a convolution says whether it is transposed.
            if node.inputsAt(6).toIValue():
                yield Written(path, "conv", _weight(node, module))
        elif (family := FAMILIES.get(kind.removeprefix("aten::"))) is not None:
            yield Written(path, family, _weight(node, module) if family == "conv" else None)
        for block in node.blocks():
            yield from _operations_of(block.nodes(), module, path)


def _attributes(value: Any) -> list[str]:
    """Return the chain of attribute names by which a graph reaches a value from ``self``."""
    names: list[str] = []
    while (node := value.node()).kind() == "prim::GetAttr":
        names.insert(0, node.s("name"))
        value = node.inputsAt(0)
    return names


def _descend(module: nn.Module, names: Sequence[str]) -> nn.Module | None:
    for name in names:
        found = getattr(module, name, None)
        if not isinstance(found, nn.Module):
            return None
        module = found
    return module


def _weight(node: Any, module: nn.Module) -> int | None:
    """Return the address of a convolution's weights, None where they are computed."""
    *owners, name = _attributes(node.inputsAt(1)) or [""]
    owner = _descend(module, owners)
    weight = getattr(owner, name, None) if name else None
    return None if weight is None else int(weight.data_ptr())
