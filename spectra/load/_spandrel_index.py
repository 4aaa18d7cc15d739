"""What spandrel knows, read from its files: its architectures and the names each asks for.

Importing spandrel imports all its architectures, and with two of them torchvision: that takes
seconds, and fails where torchvision does not fit torch. Which names of weights an architecture asks
for stands in its file as a plain condition, such as
``detect=KeyCondition.has_all("body.0.weight", "body.1.weight")``, and their order in the registry,
so that only those that may fit need to be imported. What does not stand there so plainly counts as
possible: a guess made here is never the last word.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from spectra._text import suggestion
from spectra.errors import LoadError
from spectra.load._packages import check_installed, is_installed

SPANDREL = "spandrel"
EXTRA = "spandrel_extra_arches"


@dataclass(frozen=True)
class Entry:
    """One architecture of spandrel's registry.

    Attributes
    ----------
    name : str
        Its identifier, which is also the name of its module in ``spandrel.architectures``.
    maker : str
        The class in that module that describes it.
    conditions : tuple of ast.expr
        Conditions on the names of the weights, one of which must hold; none where they cannot
        be read.
    """

    name: str
    maker: str
    conditions: tuple[ast.expr, ...]

    def may_be_of(self, names: Set[str]) -> bool:
        """Tell whether weights of these names may be of this architecture."""
        return not self.conditions or any(_may_hold(one, names) for one in self.conditions)


def entries() -> tuple[Entry, ...]:
    """Return spandrel's architectures in the order of detection.

    None where its files cannot be read so, or the package of extra architectures is installed:
    then only the imported registry tells.
    """
    spec = find_spec(SPANDREL)
    if spec is None or spec.origin is None or is_installed(EXTRA):
        return ()
    return _entries_in(Path(spec.origin).parent)


@cache
def _entries_in(root: Path) -> tuple[Entry, ...]:
    """Read the registry: ``ArchSupport.from_architecture(NAME.MAKER()), ...``."""
    found = []
    for call in _calls(root / "__helpers" / "main_registry.py"):
        match call:
            case ast.Call(
                func=ast.Attribute(attr="from_architecture"),
                args=[ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=maker))],
                keywords=[],
            ):
                file = root / "architectures" / name / "__init__.py"
                found.append(Entry(name, maker, _keywords(file, "detect")))
            case ast.Call(func=ast.Attribute(attr="from_architecture")):
                return ()  # with an order of its own, or made in another way
    return tuple(found)


def check_spandrel_name(arch: str) -> None:
    """Raise LoadError if ``arch``, as ``spandrel:NAME``, is none of an installed spandrel's."""
    check_installed(SPANDREL, arch)
    name, known = arch.partition(":")[2], [entry.name for entry in entries()]
    if known and name not in known:
        raise LoadError(f"{arch} is unknown: {suggestion(name, known)}")


def _calls(file: Path) -> Iterator[ast.Call]:
    """Yield the calls in a file, in the order in which they stand there."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    yield from sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def _keywords(file: Path, name: str) -> tuple[ast.expr, ...]:
    """Return what is passed as the keyword ``name`` to any call in a file."""
    return tuple(word.value for call in _calls(file) for word in call.keywords if word.arg == name)


def _may_hold(condition: ast.expr, names: Set[str]) -> bool:
    """Tell whether a condition on names may be true; one that is not understood may be."""
    match condition:
        case ast.Constant(value=str(name)):
            return name in names
        case ast.Call(func=ast.Attribute(attr="has_all"), args=parts):
            return all(_may_hold(part, names) for part in parts)
        case ast.Call(func=ast.Attribute(attr="has_any"), args=parts):
            return any(_may_hold(part, names) for part in parts)
        case _:
            return True
