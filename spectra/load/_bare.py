"""A file of weights as it is: named tensors, without any model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from spectra._files import check_readable
from spectra.errors import LoadError
from spectra.load._checkpoints import open_checkpoint
from spectra.load._find_weights import Weights, find_weights
from spectra.load._fit import strip
from spectra.load._folder_files import digest_of
from spectra.load._model_source import ModelSource
from spectra.load._values import check_dense


@dataclass(frozen=True)
class LoadedWeights:
    """Named tensors of a file, on the CPU, in the order in which they were saved.

    Attributes
    ----------
    weights : dict of str to Tensor
        The tensors by name.
    source : str
        The file.
    sha256 : str or None
        Digest of the file.
    format : str
        "state_dict", "safetensors", or the format of the program whose weights these are.
    model : Module or None
        The module, where the file held a whole one that ``trust`` allowed to be opened.
    notes : tuple of str
        What was assumed, one phrase each.
    """

    weights: Weights
    source: str
    sha256: str | None
    format: str
    model: nn.Module | None = None
    notes: tuple[str, ...] = ()

    @property
    def about(self) -> ModelSource:
        """Where the weights came from."""
        values = sum(tensor.numel() for tensor in self.weights.values())
        return ModelSource(
            self.source, sha256=self.sha256, format=self.format, architecture="", parameters=values
        )


def load_weights(
    source: str | Path,
    *,
    key: str | None = None,
    strip_prefix: str | None = None,
    trust: bool = False,
) -> LoadedWeights:
    """Return the named tensors in a file, for which no model is needed.

    Parameters
    ----------
    source : str or Path
        A file of weights, recognised by its content as by `load_model`.
    key, strip_prefix, trust
        See `load_model`.

    Raises
    ------
    LoadError
        If the file holds no weights, or needs trust that was not given.
    """
    path = check_readable(Path(source), "a file of weights", LoadError)
    opened = open_checkpoint(path, trust=trust)
    found = find_weights(opened.content, str(source), key=key)
    weights, notes, model = found.weights, found.notes, None
    if isinstance(weights, nn.Module):
        model, weights = weights, dict(weights.state_dict())
    check_dense(weights, str(source))
    if strip_prefix is not None:
        weights, stripped = strip(weights, strip_prefix, str(source))
        notes = (*notes, *stripped)
    plain = opened.format.startswith(("torch_zip", "torch_legacy"))
    digest = digest_of(path)
    kind = "state_dict" if plain else opened.format
    return LoadedWeights(
        weights, source=str(source), sha256=digest, format=kind, model=model, notes=notes
    )
