"""What fixes the sums of a run, down to their bits: parts of one plan can be added."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import torch

import spectra
from spectra import _walk as walk
from spectra.gather._at_a_time import batch_size
from spectra.gather._places import Places
from spectra.inputs import PART
from spectra.spectrum._compiled import numba_version

if TYPE_CHECKING:
    from collections.abc import Collection

    from torch import Tensor

    from spectra._options import Options
    from spectra.capture import Discovery
    from spectra.inputs import Inputs
    from spectra.load import LoadedModel

LINES = {  # what a user can do something about, in words
    "spectra": "version of spectra",
    "torch": "version of torch",
    "numba": "version of numba",
    "device": "device",
    "threads": "threads",
    "batch": "inputs at a time",
    "part": "inputs of a part",
    "model": "model",
    "weights": "weights",
    "inputs": "inputs",
    "content": "content of the inputs",
    "places": "crop, tiles and channels",
}

ELSEWHERE = ("device", "threads", "batch", "blame", "attack", "targets")
"""Options that are fields of their own, or that no sum depends on."""


@dataclass(frozen=True)
class RunPlan:
    """What a run measures, and how.

    Attributes
    ----------
    fields : dict
        Plain values by name; equal values give equal sums, on a CPU to the last bit.
    inputs : int
        Number of inputs, which cuts them into parts.
    """

    fields: dict[str, Any]
    inputs: int

    @cached_property
    def hash(self) -> str:
        """Digest of all fields."""
        return _digest(self.fields)

    def differing(self, other: object, *, but: Collection[str] = ()) -> list[str]:
        """Return in which fields another plan differs, in words; some may differ."""
        theirs = other if isinstance(other, dict) else {}
        names = [n for n in (*self.fields, *theirs) if self.fields.get(n) != theirs.get(n)]
        return [self._difference(n, theirs.get(n)) for n in dict.fromkeys(names) if n not in but]

    def _difference(self, name: str, there: object) -> str:
        here, words = self.fields.get(name), LINES.get(name, name)
        if name == "options" and isinstance(here, dict) and isinstance(there, dict):
            each = [n for n in {**there, **here} if here.get(n) != there.get(n)]
            return "; ".join(f"{n} {there.get(n)!r} there, {here.get(n)!r} here" for n in each)
        if name in ("weights", "content", "places", "model"):  # digests tell a reader nothing
            return f"another {words}" if name == "model" else f"other {words}"
        return f"{words} {there!r} there, {here!r} here"


def plan_run(
    loaded: LoadedModel, found: Discovery, inputs: Inputs, options: Options, *, threads: int
) -> RunPlan:
    """Return the plan of a run, before its first input.

    Parameters
    ----------
    loaded : LoadedModel
        The model, whose weights are read.
    found : Discovery
        Its steps, with their periods, and whether inputs run alone.
    inputs : Inputs
        What runs, in order.
    options : Options
        What the user decides.
    threads : int
        CPU threads: other numbers may add in another order.
    """
    chosen = {name: value for name, value in options.told.items() if name not in ELSEWHERE}
    fields = {
        "spectra": spectra.__version__,
        "torch": torch.__version__,
        "numba": numba_version(),
        "device": walk.device(loaded.model).type,
        "threads": threads,
        "batch": batch_size(found, options.batch),
        "part": PART,
        "model": {"format": loaded.format, "parameters": loaded.parameters},
        "weights": _weights(loaded),
        "inputs": {"kind": inputs.kind, "count": len(inputs), "shape": list(inputs.shape)},
        "content": inputs.identity,
        "places": _digest(Places(found, len(inputs)).describe()),
        "options": chosen,
    }
    plain: dict[str, Any] = json.loads(json.dumps(fields))  # as it is read again
    return RunPlan(plain, len(inputs))


def _weights(loaded: LoadedModel) -> str:
    """Return a digest of all weights and buffers, whatever they were read from."""
    digest = sha256()
    for name, parameter in walk.named_parameters(loaded.model):
        digest.update(name.encode())
        _add(digest, parameter)
    for buffer in walk.buffers(loaded.model):
        _add(digest, buffer)
    return digest.hexdigest()


def _add(digest: Any, tensor: Tensor) -> None:
    digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
    values = tensor.detach().to("cpu").contiguous().flatten()
    digest.update(values.view(torch.uint8).numpy().data)


def _digest(plain: object) -> str:
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
