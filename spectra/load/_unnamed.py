"""Weights of which nobody said what model they are for: recognised, or described."""

from collections.abc import Mapping

from spectra._text import listed
from spectra.errors import LoadError
from spectra.load._arch_option import ARCH_EXPECTED
from spectra.load._architectures import Built
from spectra.load._find_weights import Weights
from spectra.load._hyper_parameters import hyper_parameters
from spectra.load._packages import is_installed
from spectra.load._spandrel import detect_spandrel
from spectra.load._spandrel_index import SPANDREL


def recognised(weights: Weights, source: str, content: object) -> Built:
    """Return what spandrel recognises in ``weights``; else say what the file holds."""
    if not is_installed(SPANDREL):
        asked = "spandrel, which recognises many, is not installed"
    else:
        try:
            built = detect_spandrel(weights)
        except LoadError as error:
            asked = str(error)
        else:
            if built is not None:
                return built
            asked = "spandrel does not recognise it"
    raise LoadError(
        f"{source} holds weights without a model: {describe(weights)}{_hints(content)}; name the "
        f"model with --arch ({ARCH_EXPECTED}); {asked}"
    )


def _hints(content: object) -> str:
    """Return what else the file says of its model, as the continuation of a sentence."""
    known = hyper_parameters(content)
    values = listed(f"{key}={value!r}" for key, value in known.items())
    hints = f", hyper-parameters {values}" if known else ""
    name = content.get("arch") if isinstance(content, Mapping) else None
    return f"{hints}, 'arch' {name!r}" if isinstance(name, str) else hints


def describe(weights: Weights) -> str:
    """Return what ``weights`` are: how many, how large, how named, how many upsample.

    A kernel counts as one of a transposed convolution if the bias beside it is as long as the
    kernel's second axis and not as its first.

    Examples
    --------
    >>> import torch
    >>> describe({"up.weight": torch.zeros(8, 3, 4, 4), "up.bias": torch.zeros(3)})
    '2 tensors (up.weight, up.bias), 387 values, 1 looks like a transposed convolution'
    """
    transposed = sum(_is_transposed(name, weights) for name in weights)
    values = sum(tensor.numel() for tensor in weights.values())
    look = "looks like a transposed convolution"
    if transposed != 1:
        look = "look like transposed convolutions"
    return f"{len(weights)} tensors ({listed(weights, 3)}), {values} values, {transposed} {look}"


def _is_transposed(name: str, weights: Weights) -> bool:
    kernel = weights[name]
    bias = weights.get(f"{name.removesuffix('weight')}bias")
    if not name.endswith("weight") or kernel.ndim < 3 or bias is None or bias.ndim != 1:
        return False
    return kernel.shape[0] != len(bias) == kernel.shape[1]
