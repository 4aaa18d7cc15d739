"""What finding and tapping the steps of a decoder costs, in bare forward passes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from timing import medians

from census.catalogue import Decoder
from spectra.capture import discover, forward, quiet, stream


class Cost(NamedTuple):
    """Seconds of a bare forward pass, and ratios to it."""

    bare_s: float
    discovery: float
    streaming: float


def cost(decoder: Decoder, *, rounds: int) -> Cost:
    """Return medians over interleaved rounds, of one thread's CPU time."""
    module, example = decoder.module(), decoder.example(seed=1)
    found = discover(module, example)

    def bare() -> None:
        forward(module, example)

    def tapped() -> None:
        with stream(module, found, lambda _step, _map: None):
            forward(module, example)

    def searched() -> None:
        discover(module, example)

    with quiet(module):
        torch.manual_seed(0)
        taken = medians({"bare": bare, "tapped": tapped, "searched": searched}, rounds=rounds)
    bare_s = taken["bare"]
    return Cost(bare_s, taken["searched"] / bare_s, taken["tapped"] / bare_s)
