"""Letting spandrel recognise an architecture and build it around its weights."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from spectra._text import brief, listed, suggestion
from spectra.errors import LoadError, ParameterError
from spectra.load._architectures import Built
from spectra.load._find_weights import Weights
from spectra.load._fit import strip_common
from spectra.load._libraries import offline
from spectra.load._packages import is_installed, optional, usable
from spectra.load._size_bound import TooLargeError, held_bytes, size_bounded
from spectra.load._spandrel_index import EXTRA, SPANDREL, Entry, check_spandrel_name, entries

PREFIX = f"{SPANDREL}:"


def build_spandrel(
    weights: Weights, source: str, arch: str, arch_args: Mapping[str, object]
) -> Built:
    """Return the module that spandrel's architecture ``arch`` makes of ``weights``.

    Parameters
    ----------
    weights : dict of str to Tensor
        The tensors by the names of the file.
    source : str
        Where the weights come from, for messages.
    arch : str
        ``spandrel:NAME``, for example ``spandrel:NAFNet``.
    arch_args : mapping
        Must be empty: spandrel reads the arguments from the weights.

    Raises
    ------
    LoadError
        If spandrel is missing, knows no such name, or the weights are of another architecture.
    """
    check_spandrel_name(arch)
    if arch_args:
        raise ParameterError(
            f"arch_args={dict(arch_args)} cannot be used with {arch}: expected none, because "
            "spandrel reads the arguments from the weights"
        )
    known = _named(arch)
    candidates = list(_candidates(weights))
    chosen = next((c for c in candidates if known.detect(c[0])), candidates[-1])
    try:
        return _load(known, *chosen)
    except TooLargeError:
        raise
    except Exception as error:
        raise LoadError(
            f"the weights of {source} are not those of {arch} ({brief(error)}): they begin with "
            f"{listed(weights, 3)}; expected another --arch"
        ) from error


def detect_spandrel(weights: Weights) -> Built | None:
    """Return the module that spandrel recognises in ``weights``, or None.

    Raises
    ------
    LoadError
        If spandrel is not installed, or what may know the weights cannot be imported.
    """
    known_here = entries()
    for candidate, notes in _candidates(weights):
        for known in _that_may_know(candidate.keys(), known_here):
            if known.detect(candidate):
                try:
                    return _load(known, candidate, notes)
                except TooLargeError:
                    raise
                except Exception:  # detection is a guess: the next may be right
                    continue
    return None


def _candidates(weights: Weights) -> Iterator[tuple[Weights, tuple[str, ...]]]:
    """Yield ``weights`` as they are, then without prefixes that are not the architecture's."""
    yield weights, ()
    parts: dict[str, Weights] = {}
    for name, value in weights.items():
        if "." in name:
            parts.setdefault(name.partition(".")[0], {})[name] = value
    for _, within in sorted(parts.items(), key=itemgetter(0)) if len(parts) > 1 else ():
        stripped, notes = strip_common(within)
        yield stripped, (*notes, f"{len(weights) - len(within)} other entries not used")
    stripped, notes = strip_common(weights)
    if notes:
        yield stripped, notes


def _that_may_know(names: Set[str], known_here: tuple[Entry, ...]) -> Iterator[Any]:
    """Yield the architectures that weights of these names may be of, in the order of detection."""
    purpose = "recognising an architecture"
    if known_here:
        yield from (_imported(one, purpose) for one in known_here if one.may_be_of(names))
    else:
        yield from _registry(purpose).values()


def _named(arch: str) -> Any:
    """Return the architecture that ``arch`` names."""
    name = arch.removeprefix(PREFIX)
    entry = next((one for one in entries() if one.name == name), None)
    if entry is not None:
        return _imported(entry, arch)
    known = _registry(arch)
    if name not in known:
        raise LoadError(f"{arch} is unknown: {suggestion(name, known)}")
    return known[name]


def _registry(purpose: str) -> dict[str, Any]:
    """Return all of spandrel's architectures by name, in the order of detection."""
    with offline():
        registry = optional(SPANDREL, purpose).MAIN_REGISTRY.copy()
        if is_installed(EXTRA):
            registry.add(*optional(EXTRA, purpose).EXTRA_REGISTRY, ignore_duplicates=True)
    supports = registry.architectures("detection")
    return {str(one.architecture.id): one.architecture for one in supports}


def _imported(entry: Entry, purpose: str) -> Any:
    """Import one architecture and nothing else of spandrel."""
    with offline(), usable(SPANDREL, purpose), _hull():
        module = importlib.import_module(f"{SPANDREL}.architectures.{entry.name}")
        return getattr(module, entry.maker)()


def _load(known: Any, weights: Weights, notes: tuple[str, ...]) -> Built:
    with _hull(), size_bounded(held_bytes(weights), "the file"):
        descriptor = known.load(dict(weights))
    return Built(descriptor.model, f"{PREFIX}{descriptor.architecture.id}", notes)


@contextmanager
def _hull() -> Iterator[None]:
    """Let modules inside spandrel be imported without its ``__init__``, which imports them all."""
    spec = None if SPANDREL in sys.modules else importlib.util.find_spec(SPANDREL)
    if spec is None:
        yield
        return
    sys.modules[SPANDREL] = importlib.util.module_from_spec(spec)  # knows its folder, runs nothing
    try:
        yield
    finally:
        del sys.modules[SPANDREL]
