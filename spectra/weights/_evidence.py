"""Whether a bare weight is of a transposed convolution, by what stands beside it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from torch import Tensor

from spectra.weights._held import ASSUMED_STRIDE, Certainty, stem_of

TELLING_NAMES = re.compile(
    r"deconv|conv_?t(?![a-z])|conv_?tr|trans\w*_?conv|up_?conv|conv_?up", re.IGNORECASE
)


@dataclass(frozen=True)
class Evidence:
    """How sure it is that a weight is transposed, in how many groups, and why.

    ``certainty`` is None where nothing says so; ``possible`` where nothing says no.
    """

    certainty: Certainty | None
    groups: int
    evidence: str
    possible: bool


def named_as_transposed(candidates: Mapping[str, Tensor]) -> set[str]:
    """Return the weights whose name says that they are transposed, and whose size allows it.

    A parent's name, as of a list of convolutions that ends in a transposed one, tells only of
    even kernels; and where some that are named alike are even, the odd ones are plain.
    """
    groups: dict[str, dict[str, bool]] = defaultdict(dict)
    for name, tensor in candidates.items():
        parts = stem_of(name).split(".")
        lettered = [i for i, part in enumerate(parts) if any(map(str.isalpha, part))]
        telling = [i for i in lettered if TELLING_NAMES.search(parts[i])]
        even = all(k % ASSUMED_STRIDE == 0 for k in tensor.shape[2:])
        if telling and (even or telling[-1] == lettered[-1]):
            groups[".".join(parts[: telling[0]])][name] = even
    return {
        name
        for group in groups.values()
        for name, even in group.items()
        if even or not any(group.values())
    }


def evidence_for(
    name: str, weights: Mapping[str, Tensor], tensor: Tensor, *, likely: bool
) -> Evidence:
    """Say whether a weight is of a transposed convolution, by what stands beside it."""
    first, second = tensor.shape[:2]
    no = Evidence(None, 1, "", False)
    if not name.endswith("weight") or prod(tensor.shape[2:]) == 1:
        return no
    stem = name.removesuffix("weight")
    bias = weights.get(f"{stem}bias")
    if bias is not None and bias.ndim == 1:
        length = len(bias)
        groups = length // second if length % second == 0 else 0
        fits = groups > 0 and first % groups == 0
        if length != first:
            if not fits:
                return no
            within = f" in {groups} groups" if groups > 1 else ""
            text = f"its bias has {length} channels{within}, its first axis {first}"
            return Evidence("certain", groups, text, True)
        if not fits:
            return no
        return Evidence("likely" if likely else None, groups, "by its name", True)
    vectors = (f"{stem}weight_u", f"{stem}parametrizations.weight.0._u")
    u = next((weights[v] for v in vectors if v in weights), None)
    if u is not None and first != second:
        if len(u) != second:
            return no
        text = "its spectral norm is taken along the second axis"
        return Evidence("certain", 1, text, True)
    following = _norm_after(name, weights)
    if following == second != first:
        text = f"the normalisation after it has {following} channels, its first axis {first}"
        return Evidence("likely", 1, text, True)
    if following == first != second:
        return no
    return Evidence("likely" if likely else None, 1, "by its name", True)


def _norm_after(name: str, weights: Mapping[str, Tensor]) -> int | None:
    """Return the channels of the normalisation that was saved right after a weight."""
    names = list(weights)
    stem = name.removesuffix("weight")
    own = [i for i, n in enumerate(names) if n.startswith(stem)]
    if not own or own[-1] + 1 >= len(names):
        return None
    following = weights[names[own[-1] + 1]]
    return len(following) if following.ndim == 1 and len(following) > 1 else None
