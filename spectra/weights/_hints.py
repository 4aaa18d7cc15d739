"""The options by which a user could say what bare weights do not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import prod

from torch import Tensor

from spectra.weights._held import ASSUMED_STRIDE, stem_of


def likeliest_first(stems: Iterable[str], candidates: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Return names with the likeliest first: even kernels, "up" in the name, late in the file.

    Last comes what could only upsample channel by channel.
    """
    place = {stem_of(name): index for index, name in enumerate(candidates)}
    of = {stem_of(name): tensor for name, tensor in candidates.items()}

    def key(stem: str) -> tuple[bool, bool, bool, int]:
        odd = any(k % 2 for k in of[stem].shape[2:])
        return _depthwise(of[stem]), odd, "up" not in stem.lower(), -place[stem]

    return tuple(sorted(stems, key=key))


def hints_for(
    candidates: Mapping[str, Tensor], ambiguous: Sequence[str], settled: Collection[str]
) -> tuple[str, ...]:
    """Return the options by which unsettled weights could be named, the likeliest first."""
    last = next(
        (name for name in reversed(list(candidates)) if prod(candidates[name].shape[2:]) > 1), ""
    )
    options: dict[str, list[str]] = {}
    for name, tensor in candidates.items():
        stem = stem_of(name)
        if stem in settled or not name.endswith("weight") or prod(tensor.shape[2:]) == 1:
            continue
        factor = _likely_factor(tensor, last=name == last)
        fits = [f"--shuffle {stem}={factor}"] if factor else []
        if stem in ambiguous and not _depthwise(tensor):
            fits.append(f"--stride {stem}={ASSUMED_STRIDE}")
        if fits:
            options[stem] = fits
    return tuple(" or ".join(options[stem]) for stem in likeliest_first(options, candidates))


def _likely_factor(tensor: Tensor, *, last: bool) -> int | None:
    """Return by which factor a shuffle after this convolution would leave usual channels.

    Those of a picture at the end; else as many as came in, or a multiple of them (groups) that
    is a power of two.
    """
    outputs, inputs = tensor.shape[:2]
    if any(k % 2 == 0 for k in tensor.shape[2:]):
        return None
    for factor in (2, 3, 4):
        left, rest = divmod(outputs, factor ** (tensor.ndim - 2))
        widened = inputs > 4 and left % inputs == 0 and (left == inputs or left.bit_count() == 1)
        if not rest and left and (widened or (last and left in (1, 3))):
            return factor
    return None


def _depthwise(tensor: Tensor) -> bool:
    """Tell whether a weight has one channel a group, if it is transposed."""
    return tensor.shape[1] == 1 < tensor.shape[0]
