"""The network of a training, by name, with an encoder that may begin with published weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from spectra._factories import call, resolve
from spectra._text import brief, listed
from spectra.errors import LoadError
from spectra.load import LoadedWeights, load_weights


@dataclass(frozen=True)
class NamedNetwork:
    """A network that can be built.

    Attributes
    ----------
    spec : str
        ``pkg.mod:factory`` or ``path/file.py:factory``.
    make : callable
        Builds it, weights at random.
    encoder : LoadedWeights, optional
        What its encoder begins with.
    """

    spec: str
    make: Callable[[], nn.Module]
    encoder: LoadedWeights | None = None

    def __call__(self) -> nn.Module:
        """Return a fresh network."""
        network = self.make()
        if self.encoder is not None:
            _begin(network, self.encoder)
        return network

    @property
    def notes(self) -> dict[str, str]:
        """What decides its first weights beside the seed."""
        if self.encoder is None:
            return {}
        return {"encoder": f"{Path(self.encoder.source).name} {str(self.encoder.sha256)[:16]}"}


def network_by_name(
    spec: str, arguments: Mapping[str, Any], *, classes: int | None, encoder: Path | None = None
) -> NamedNetwork:
    """Return the network that a factory builds; one that asks for classes is told how many.

    Raises
    ------
    LoadError
        If there is no such factory, or the file of the encoder holds no weights.
    """
    function = resolve(spec, error=LoadError)
    if not callable(function):
        raise LoadError(f"{spec} is no function: expected one that returns a model")
    values = dict(arguments)
    if classes is not None and "classes" in inspect.signature(function).parameters:
        values.setdefault("classes", classes)
    begun = None if encoder is None else load_weights(encoder)
    return NamedNetwork(spec, partial(_built, spec, function, values), begun)


def _built(spec: str, function: Callable[..., Any], values: Mapping[str, Any]) -> nn.Module:
    model = call(spec, function, values, error=LoadError)
    if not isinstance(model, nn.Module):
        raise LoadError(f"{spec} returned {type(model).__name__}: expected a torch.nn.Module")
    return model


def _begin(network: nn.Module, begun: LoadedWeights) -> None:
    """Let an encoder begin with the weights of a file, which may hold more, as a classifier."""
    encoder = getattr(network, "encoder", None)
    if not isinstance(encoder, nn.Module):
        raise LoadError(
            f"{type(network).__name__} has no encoder to begin with {begun.source}: expected a "
            "network with one, or no --encoder"
        )
    lacking = [name for name in encoder.state_dict() if name not in begun.weights]
    if lacking:
        raise LoadError(
            f"{begun.source} has no weights {listed(lacking, 3)}: expected those of "
            f"{type(encoder).__name__}, named as in timm"
        )
    try:
        encoder.load_state_dict(begun.weights, strict=False)
    except RuntimeError as error:  # sizes
        raise LoadError(f"{begun.source} does not fit the encoder: {brief(error)}") from error
