"""Which upsampling kernel of a model one is, and how sure that is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KernelIdentity:
    """Name and kind of an upsampling kernel, and why it is taken for one.

    Attributes
    ----------
    name : str
        Module path; of bare weights the tensor's name without ``.weight``.
    kind : str
        "transposed_conv", "pixel_shuffle" (with the convolution before it), an interpolation
        ("nearest"), or one with the convolution after it ("nearest+conv").
    certainty : str
        "module": the model says so. Of bare weights: "named" by the caller, "certain" or
        "likely" to be transposed.
    evidence : str
        Why, in a phrase.
    """

    name: str
    kind: str
    certainty: str
    evidence: str
