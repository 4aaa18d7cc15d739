"""Run the whole command over a decoder of the census: what fails, and what cannot be scored."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from census.catalogue import Decoder

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from support.whole import Fault, run_whole, small_flat_fields

COUNT = 16


@dataclass(frozen=True)
class Analysed:
    """What came of one decoder.

    Attributes
    ----------
    faults : list of Fault
    verdict : str
        Of the output.
    told : str
        Its energy, or the reason why there is none; empty for an encoder.
    scored, steps : int
        Of how many steps, how many have a number of their own.
    ran : bool
        Whether the command takes such inputs at all; ``told`` says why not.
    """

    faults: list[Fault]
    verdict: str
    told: str
    scored: int
    steps: int
    ran: bool = True


def analyse(decoder: Decoder) -> Analysed:
    """Run everything over a decoder with random weights and 16 random inputs.

    Flat fields are kept small, which would take most of the time.
    """
    if decoder.tokens is not None:
        return Analysed([], "", "takes whole numbers, which inputs are not", 0, 0, ran=False)
    model = decoder.module()
    inputs = torch.cat([decoder.example(seed=seed)[:1] for seed in range(COUNT)])
    if not _takes_one(model, inputs):
        return Analysed([], "", "takes several samples at once only", 0, 0, ran=False)
    with tempfile.TemporaryDirectory() as folder, small_flat_fields():
        whole = run_whole(
            model,
            inputs,
            Path(folder),
            upsamples=not decoder.encoder,
            thorough=False,
            formats=("json", "nc", "png"),
        )
    if whole.summary is None:
        return Analysed(whole.faults, "", "no step" if not whole.faults else "", 0, 0)
    score, rows = whole.summary.output.score, whole.summary.steps
    told = score.reason or ""
    if score.asr_dbc is not None:
        told = f"{score.asr_dbc:.1f} dBc"
    elif score.asr_upper_dbc is not None:
        told = f"below {score.asr_upper_dbc:.1f} dBc"
    scored = sum(row.score.verdict != "insufficient" for row in rows)
    return Analysed(whole.faults, score.verdict, told, scored, len(rows))


def _takes_one(model: nn.Module, inputs: torch.Tensor) -> bool:
    """Tell whether the bare model runs on a single sample, as the command feeds it first."""
    try:
        with torch.no_grad():
            model(inputs[:1])
    except RuntimeError:
        return False
    return True
