"""A name such as ``pkg.mod:make`` or ``net.py:make`` becomes a Python object."""

import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from spectra._files import check_readable
from spectra._names import near
from spectra._neighbours import file_module, importable
from spectra._text import brief, listed
from spectra.errors import SpectraError

_SPEC = re.compile(r"(?P<place>.+\.py|[A-Za-z_][\w.]*):(?P<name>[A-Za-z_][\w.]*)")


def is_spec(text: str) -> bool:
    r"""Tell whether ``text`` names an object: ``pkg.mod:name`` or ``path/file.py:name``.

    Examples
    --------
    >>> is_spec("nets/unet.py:make"), is_spec("pkg.nets:UNet"), is_spec(r"C:\\nets\\unet.pth")
    (True, True, False)
    """
    return _SPEC.fullmatch(text) is not None


def check_spec(spec: str, error: type[SpectraError]) -> None:
    """Raise ``error`` if ``spec`` names a file that is not there; modules are not looked for."""
    match = _SPEC.fullmatch(spec)
    if match is not None and match["place"].endswith(".py"):
        check_readable(Path(match["place"]), "a Python file", error)


def resolve(spec: str, *, error: type[SpectraError]) -> object:
    """Return the object that ``spec`` names; importing it runs its module.

    Raises
    ------
    SpectraError
        The kind ``error``, if the module cannot be imported or has no such name.
    """
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise error(f"{spec!r} names nothing: expected 'pkg.mod:name' or 'path/file.py:name'")
    place, name = match["place"], match["name"]
    with importable(place):
        module = (
            _import_file(Path(place), error) if place.endswith(".py") else _import(place, error)
        )
        found: object = module
        for part in name.split("."):
            if not hasattr(found, part):
                raise error(f"{place} has no {name!r}: {_nearest(part, found)}")
            found = getattr(found, part)
    return found


def call(
    spec: str,
    function: Callable[..., Any],
    arguments: Mapping[str, object],
    *,
    error: type[SpectraError],
) -> object:
    """Return ``function(**arguments)``; whatever it raises becomes one line."""
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as failure:
        raise error(f"{spec}: {failure}; {_accepted(function)}") from failure
    except ValueError:  # a builtin without signature
        pass
    try:
        with importable(spec.rpartition(":")[0]):
            return function(**arguments)
    except SpectraError as failure:  # says what to do already
        raise error(f"{spec}: {failure}") from failure
    except (Exception, SystemExit) as failure:
        raise error(f"{spec} raised {brief(failure)}{_at(failure)}") from failure


def _import_file(path: Path, error: type[SpectraError]) -> ModuleType:
    check_readable(path, "a Python file", error)
    name = file_module(path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as failure:
        del sys.modules[name]
        raise error(f"{path} cannot be imported: {brief(failure)}{_at(failure)}") from failure
    return module


def _import(place: str, error: type[SpectraError]) -> ModuleType:
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as failure:
        top = place.partition(".")[0]
        if failure.name is not None and (place + ".").startswith(failure.name + "."):
            advice = (
                f"install {top!r}, run from the folder that holds it, or give 'path/file.py:name'"
            )
            raise error(f"there is no module {failure.name!r}: {advice}") from failure
        raise error(f"{place} cannot be imported: {brief(failure)}") from failure
    except (Exception, SystemExit) as failure:
        raise error(f"{place} cannot be imported: {brief(failure)}{_at(failure)}") from failure


def _at(failure: BaseException) -> str:
    """Return where in the user's code ``failure`` arose."""
    trace, last = failure.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith("<frozen"):
            last = f" ({Path(code.co_filename).name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return last


def _nearest(name: str, owner: object) -> str:
    public = [item for item in dir(owner) if not item.startswith("_")]
    close = near(name, public, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    place = getattr(owner, "__name__", "")
    own = [item for item in public if getattr(getattr(owner, item), "__module__", "") == place]
    return f"it holds {listed(own or public)}"


def _accepted(function: Callable[..., Any]) -> str:
    """Return which keyword arguments ``function`` takes."""
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = inspect.signature(function).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.kind not in variadic]
    return f"it accepts {listed(names, 12)}: give them with --arch-arg NAME=VALUE"
