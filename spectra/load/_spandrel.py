"""Letting spandrel recognise an architecture and build it around its weights."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from spectra.errors import LoadError, ParameterError
from spectra.load._architectures import Built
from spectra.load._fit import strip_common
from spectra.load._packages import optional
from spectra.load._text import brief, listed, near
from spectra.load._weights import Weights

PREFIX = "spandrel:"


def build_spandrel(
    weights: Weights, source: str, arch: str, arch_args: Mapping[str, object]
) -> Built:
    """Return the module that spandrel's architecture ``arch`` makes of ``weights``.

    Parameters
    ----------
    weights : dict of str to Tensor
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
    supports = _supports(arch)
    name = arch.removeprefix(PREFIX)
    if name not in supports:
        raise LoadError(f"{arch} is unknown: {near(name, supports)}")
    if arch_args:
        raise ParameterError(
            f"arch_args={dict(arch_args)} cannot be used with {arch}: expected none, because "
            "spandrel reads the arguments from the weights"
        )
    support = supports[name]
    candidates = list(_candidates(weights))
    chosen = next((c for c in candidates if support.detect(c[0])), candidates[-1])
    try:
        return _load(support, *chosen)
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
        If spandrel is not installed or cannot be imported.
    """
    supports = _supports("recognising an architecture")
    for candidate, notes in _candidates(weights):
        for support in supports.values():
            if support.detect(candidate):
                try:
                    return _load(support, candidate, notes)
                except Exception:  # detection is a guess: the next may be right
                    continue
    return None


def _supports(purpose: str) -> dict[str, Any]:
    """Return spandrel's architectures by name, in the order of detection."""
    registry = optional("spandrel", purpose).MAIN_REGISTRY.copy()
    if find_spec("spandrel_extra_arches") is not None:
        extra = optional("spandrel_extra_arches", purpose)
        registry.add(*extra.EXTRA_REGISTRY, ignore_duplicates=True)
    return {str(s.architecture.id): s for s in registry.architectures("detection")}


def _candidates(weights: Weights) -> Iterator[tuple[Weights, tuple[str, ...]]]:
    """Yield ``weights`` as they are, then without prefixes that are not the architecture's."""
    yield weights, ()
    parts = {name.partition(".")[0] for name in weights if "." in name}
    for part in sorted(parts) if len(parts) > 1 else ():
        within = {name: value for name, value in weights.items() if name.startswith(f"{part}.")}
        stripped, notes = strip_common(within)
        yield stripped, (*notes, f"{len(weights) - len(within)} other entries not used")
    stripped, notes = strip_common(weights)
    if notes:
        yield stripped, notes


def _load(support: Any, weights: Weights, notes: tuple[str, ...]) -> Built:
    descriptor = support.architecture.load(dict(weights))
    return Built(descriptor.model, f"{PREFIX}{descriptor.architecture.id}", notes)
