"""What finding and tapping the steps of a decoder costs, in bare forward passes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from timing import medians, now
from torch import Tensor, nn

from census.catalogue import Decoder
from spectra.capture import discover, forward, quiet, stream
from spectra.errors import ModelError

ENOUGH_S, DOUBLINGS = 0.1, 8


class Cost(NamedTuple):
    """Seconds of a bare forward pass, and ratios to it."""

    bare_s: float
    discovery: float
    streaming: float


def cost(decoder: Decoder, *, rounds: int) -> Cost:
    """Return medians over interleaved rounds, of one thread's CPU time.

    The catalogue's decoders are narrow and their inputs small. So the input is doubled along
    its axes, where the decoder takes that, until a pass lasts as long as that of a net in use;
    else the decoder is built at the library's own width, where the catalogue says so.
    """
    decoder = decoder.timed or decoder
    module = decoder.module()
    example = _enlarged(module, decoder.example(seed=1))
    found = discover(module, example)

    def bare() -> None:
        torch.manual_seed(0)  # a model may draw how long its output is
        forward(module, example)

    def tapped() -> None:
        torch.manual_seed(0)
        with stream(module, found, lambda _step, _map: None):
            forward(module, example)

    def searched() -> None:
        torch.manual_seed(0)
        discover(module, example)

    with quiet(module):
        taken = medians({"bare": bare, "tapped": tapped, "searched": searched}, rounds=rounds)
    bare_s = taken["bare"]
    return Cost(bare_s, taken["searched"] / bare_s, taken["tapped"] / bare_s)


def _enlarged(module: nn.Module, example: Tensor) -> Tensor:
    """Double an input's spatial axes while the module takes it and is done too soon."""
    with quiet(module):
        for _ in range(DOUBLINGS):
            began = now()
            forward(module, example)
            if now() - began > ENOUGH_S or example.ndim < 3:
                return example
            larger = example.repeat(1, 1, *[2] * (example.ndim - 2))
            try:
                forward(module, larger)
            except ModelError:
                return example
            example = larger
    return example
