"""The convolution whose weight makes a step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Convolution:
    """One call of a convolution, plain or transposed, and whose weight it took.

    Attributes
    ----------
    weight : str or None
        Dotted name of the parameter that the call took; None where forward computed it, as weight
        and spectral normalisation do. Then the module says what it is.
    module : str
        Dotted path of the module in whose ``forward`` the call ran; ``""`` is the model.
    stride, padding, output_padding, dilation : tuple of int
        What the call passed, along each spatial axis.
    groups : int
        What the call passed.
    """

    weight: str | None
    module: str
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
