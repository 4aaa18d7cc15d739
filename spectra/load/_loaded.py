"""A model that was loaded, and what is known of where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from spectra.load._model_source import ModelSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor, nn

DECODER = "its decoder alone:"  # how the note on running only that begins


@dataclass(frozen=True)
class LoadedModel(ModelSource):
    """A model, ready to run on the CPU, and where it came from.

    Beside what `ModelSource` tells:

    Attributes
    ----------
    model : Module
        The module, in eval mode with float32 weights, unless the caller gave the module itself.
    notes : tuple of str
        What was assumed, one phrase each.
    options : dict
        The loading options that were given, as plain values.
    input_shape : tuple of (int or None), or None
        What a program or graph accepts, None for an axis of any length; None for others.
    reference : callable or None
        Runs the file as another library does: takes inputs in order and returns its outputs. Of
        an ONNX graph, which has been converted.
    """

    model: nn.Module
    notes: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    input_shape: tuple[int | None, ...] | None = None
    reference: Callable[[Sequence[Tensor]], list[Tensor]] | None = field(default=None, repr=False)

    @property
    def about(self) -> ModelSource:
        """Where the model came from, without the model."""
        return ModelSource(**{f.name: getattr(self, f.name) for f in fields(ModelSource)})

    @property
    def decoder_note(self) -> str:
        """The note on how to run the decoder alone; empty where there is none to run."""
        return next((note for note in self.notes if note.startswith(DECODER)), "")
