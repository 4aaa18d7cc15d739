"""The trained weights."""

from pathlib import Path


def weights(name: str) -> Path:
    """Return the path of the trained weights of ``small``, ``lctc`` or ``lctc_sinc``."""
    return Path(__file__).parent / f"{name}.safetensors"
