"""What is asked of pictures, done to those of several things that are like the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from spectra.inputs._parts import Part, placed
from spectra.inputs._prepare import Preparation


def prepared(sample: Tensor, parts: Sequence[Part], how: Preparation) -> Tensor:
    """Return a sample gray, turned round and normalised as asked for; parts each for itself.

    Parameters
    ----------
    sample : Tensor, shape (C, *spatial)
        As the source gave it.
    parts : sequence of Part
        How several things lie in it; empty where it is one.
    how : Preparation
        What is asked for.
    """
    if not parts:
        return how.values(sample)
    pieces = ((p, sample[p.start : p.start + p.channels]) for p in parts if not p.is_beside)
    return torch.cat([how.values(x) if _alike(p, parts) else x for p, x in pieces])


def prepared_parts(parts: Sequence[Part], how: Preparation, source: str) -> tuple[Part, ...]:
    """Return where parts lie once samples are prepared.

    Raises
    ------
    InputError, ParameterError
        If what is asked for does not fit the first part.
    """
    changed = [replace(p, channels=how.channels(p.channels, source)) for p in parts[:1]]
    for part in parts[1:]:
        alike = _alike(part, parts)
        changed.append(replace(part, channels=changed[0].channels) if alike else part)
    return placed(changed)


def _alike(part: Part, parts: Sequence[Part]) -> bool:
    """Tell whether a part is of the kind of the first: floats, in as many channels."""
    first = parts[0]
    return (part.dtype, part.channels) == (first.dtype, first.channels)
