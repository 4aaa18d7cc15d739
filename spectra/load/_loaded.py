"""A model that was loaded, and what is known of where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

DECODER = "its decoder alone:"  # how the note on running only that begins


@dataclass(frozen=True)
class LoadedModel:
    """A model, ready to run on the CPU, and where it came from.

    Attributes
    ----------
    model : Module
        The module, in eval mode with float32 weights, unless the caller gave the module itself.
    source : str
        The file, the name or the class.
    sha256 : str or None
        Digest of the file.
    format : str
        "state_dict", "safetensors", "torchscript", "torch_export", "pickled_module",
        "diffusers_folder", "transformers_folder", "smp_folder", "timm_folder", "factory" or
        "module".
    architecture : str
        The ``arch`` that built it, or the module's class.
    parameters : int
        Number of trainable values.
    notes : tuple of str
        What was assumed, one phrase each.
    options : dict
        The loading options that were given, as plain values.
    input_shape : tuple of (int or None), or None
        What a torch.export program accepts, None for an axis of any length; None for others.
    """

    model: nn.Module
    source: str
    sha256: str | None
    format: str
    architecture: str
    parameters: int
    notes: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    input_shape: tuple[int | None, ...] | None = None

    @property
    def decoder_note(self) -> str:
        """The note on how to run the decoder alone; empty where there is none to run."""
        return next((note for note in self.notes if note.startswith(DECODER)), "")
