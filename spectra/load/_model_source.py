"""Where a model comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelSource:
    """Where a model comes from, and how large it is.

    Attributes
    ----------
    source : str
        The file, the name or the class.
    sha256 : str or None
        Digest of the file.
    format : str
        "state_dict", "safetensors", "torchscript", "torch_export", "pickled_module", "onnx",
        "diffusers_folder", "transformers_folder", "smp_folder", "timm_folder", "factory" or
        "module".
    architecture : str
        The ``arch`` that built it, or the module's class; empty for bare weights.
    parameters : int
        Number of trainable values.
    """

    source: str
    sha256: str | None
    format: str
    architecture: str
    parameters: int
