"""What a model costs: parameters, operations, time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from spectra import _walk as walk
from spectra.capture import forward, quiet

RUNS = 5  # forward passes of which the median is the time


@dataclass(frozen=True)
class Cost:
    """What a model costs on one input.

    Attributes
    ----------
    parameters : int
        Number of its parameters.
    flops : int
        Operations of one forward pass, a multiplication and an addition counted as two.
    milliseconds : float
        Time of one forward pass on this machine, the median of a few.
    """

    parameters: int
    flops: int
    milliseconds: float


def costs(
    old: nn.Module, new: nn.Module, example: Tensor, *, method: str = "forward"
) -> tuple[Cost, Cost]:
    """Return what two models cost, timed in turns, so that what else the machine does meets both.

    Parameters
    ----------
    old, new : Module
        Left as they are.
    example : Tensor, shape (B, C, *spatial)
        What both run on.
    method : str
        Name of the method to call.
    """
    pair = (old, new)
    flops = [_flops(model, example, method) for model in pair]  # warms both up as well
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for model, milliseconds in zip(pair, times, strict=True):
            milliseconds.append(_milliseconds(model, example, method))
    first, second = (
        Cost(
            parameters=sum(p.numel() for p in walk.parameters(model)),
            flops=operations,
            milliseconds=sorted(milliseconds)[RUNS // 2],
        )
        for model, operations, milliseconds in zip(pair, flops, times, strict=True)
    )
    return first, second


def _flops(model: nn.Module, example: Tensor, method: str) -> int:
    counter = FlopCounterMode(display=False)
    with quiet(model), counter:
        forward(model, example, method=method)
    return counter.get_total_flops()


def _milliseconds(model: nn.Module, example: Tensor, method: str) -> float:
    with quiet(model):
        start = time.perf_counter()
        forward(model, example, method=method)
        if example.is_cuda:
            torch.cuda.synchronize()
        return 1e3 * (time.perf_counter() - start)
