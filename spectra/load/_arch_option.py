"""``--arch`` and ``--arch-arg``: their forms, and what is wrong with one before torch is needed."""

import ast
from collections.abc import Iterable
from pathlib import Path

from spectra._factories import check_spec, is_spec
from spectra.errors import LoadError, ParameterError
from spectra.load._hub_config import config_at
from spectra.load._packages import PACKAGES, check_installed
from spectra.load._spandrel_index import SPANDREL, check_spandrel_name

ARCH_EXPECTED = (
    "'file.py:factory', 'pkg.mod:factory', 'spandrel:NAME', 'torchvision:NAME', 'timm:NAME', "
    "'smp:NAME', 'diffusers:CLASS' or 'hf:CLASS'"
)


def parse_arch_args(pairs: Iterable[str], option: str = "arch_arg") -> dict[str, object]:
    """Return ``name=value`` texts as keyword arguments; a value that is no literal is a text.

    Parameters
    ----------
    pairs : iterable of str
        What the user gave, one argument each.
    option : str
        Of which option they are, for errors.

    Raises
    ------
    ParameterError
        If a text has no ``=``, its name is no identifier, or a name comes twice.

    Examples
    --------
    >>> parse_arch_args(["width=32", "blocks=[1, 1, 28]", "mode=nearest"])
    {'width': 32, 'blocks': [1, 1, 28], 'mode': 'nearest'}
    """
    arguments: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or not name.isidentifier():
            raise ParameterError(f"{option}={pair!r} is no argument: expected NAME=VALUE")
        if name in arguments:
            raise ParameterError(f"{option}={pair!r} comes twice: expected each name once")
        arguments[name] = _literal(value.strip())
    return arguments


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return {"true": True, "false": False, "none": None}.get(text.lower(), text)


def is_architecture(text: str) -> bool:
    """Tell whether ``text`` has the form of an ``arch``."""
    return is_spec(text) or text.partition(":")[0] in (*PACKAGES, SPANDREL)


def check_arch(arch: str) -> None:
    """Raise LoadError where ``arch`` has another form, or its file or package is not there.

    Nothing is imported: whether the name leads to a module only building it tells.
    """
    prefix, _, name = arch.partition(":")
    if prefix == SPANDREL:
        check_spandrel_name(arch)
    elif prefix == "hf" and name and Path(name).exists():
        config_at(Path(name))
    elif prefix in PACKAGES and name:
        check_installed(PACKAGES[prefix], arch)
    elif is_spec(arch):
        check_spec(arch, LoadError)
    else:
        raise LoadError(f"arch={arch!r} is no architecture: expected {ARCH_EXPECTED}")
