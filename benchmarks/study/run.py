"""One run: a variant and a seed become numbers, kept in a file of their own."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

import spectra
from benchmarks.study.variants import build, merged
from spectra import Options
from spectra.demo import photographs
from spectra.demo.train import fit, held_out, psnr

MEASURES = {
    "rejection_up1": "rejection up1",
    "rejection_up2": "rejection up2",
    "line_up1": "DC line up1",
    "line_up2": "DC line up2",
    "alias_up1": "alias up1",
    "alias_up2": "alias up2",
    "alias_output": "alias output",
    "grid_dependence": "grid dependence",
    "psnr": "PSNR",
}


@dataclass(frozen=True)
class Training:
    """How every network of a study is trained.

    Attributes
    ----------
    steps, batch : int
        Updates, and patches of 24x24 inputs in each.
    """

    steps: int = 1200
    batch: int = 4


@dataclass(frozen=True)
class Result:
    """The numbers of one trained network.

    Attributes
    ----------
    variant : str
    seed : int
    training : Training
    parameters : int
        Of the two upsamplers and the blocks behind them, parallel kernels merged.
    measures : dict of str to float or None
        As of `MEASURES`: rejections and lines of the learned kernels (dB, as ``spectra kernels``
        gives them), locked energy of the steps' maps and of the output (dBc), grid dependence of
        the output (dBc), held-out PSNR (dB).
    bounds : tuple of str
        Measures that are upper bounds: nothing was found above the floor.
    untrained : dict of str to float or None
        Rejections and lines of the kernels before training.
    dead : bool
        Worse than each photograph's own mean colour.
    seconds : float
        CPU time.
    """

    variant: str
    seed: int
    training: Training
    parameters: int
    measures: dict[str, float | None]
    bounds: tuple[str, ...]
    untrained: dict[str, float | None]
    dead: bool
    seconds: float


def run(variant: str, seed: int, training: Training) -> Result:
    """Train one network and measure it."""
    began = time.process_time()
    untrained = kernels(build(variant, seed))
    # The layout changes speed only: 1.3 to 2.4 times that of channels first here.
    network = build(variant, seed).to(memory_format=torch.channels_last)
    fit(network, steps=training.steps, batch=training.batch, seed=seed)
    network = merged(network.to(memory_format=torch.contiguous_format))
    clean = float(np.mean(list(psnr(network).values())))
    answer = spectra.analyze(network, photographs(), options=Options(num=None, blame=False)).summary
    scores = {
        "alias_up1": answer.steps[0].score,
        "alias_up2": answer.steps[1].score,
        "alias_output": answer.output.score,
    }
    bounds = tuple(name for name, score in scores.items() if score.asr_dbc is None)
    alias = {
        name: score.asr_dbc if name not in bounds else score.asr_upper_dbc or score.asr_lower_dbc
        for name, score in scores.items()
    }
    return Result(
        variant=variant,
        seed=seed,
        training=training,
        parameters=sum(p.numel() for step in (network.up1, network.up2) for p in step.parameters()),
        measures=kernels(network)
        | alias
        | {"grid_dependence": answer.output.grid_dependence_dbc, "psnr": clean},
        bounds=bounds,
        untrained=untrained,
        dead=clean < mean_colour_psnr(),
        seconds=time.process_time() - began,
    )


def kernels(network: torch.nn.Module) -> dict[str, float | None]:
    """Return rejection and line gain (dB) of both upsampling kernels, parallel ones merged."""
    first, second = spectra.measure_kernels(merged(network)).layers
    return {
        f"{name}_{step}": getattr(layer.measures, attribute)
        for name, attribute in (("rejection", "rejection_db"), ("line", "line_gain_db"))
        for step, layer in (("up1", first), ("up2", second))
    }


@lru_cache(maxsize=1)
def mean_colour_psnr() -> float:
    """Return the PSNR in dB of painting each held-out photograph in its mean colour."""
    errors = [(full - full.mean((1, 2), keepdim=True)).square().mean() for *_, full in held_out()]
    return float(np.mean([-10 * np.log10(float(e)) for e in errors]))


def path_of(folder: Path, variant: str, seed: int) -> Path:
    """Return the file of one run."""
    return folder / f"{variant}-{seed}.json"


def write(result: Result, folder: Path) -> None:
    """Write a result: the whole file or none of it."""
    path = path_of(folder, result.variant, result.seed)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def read(folder: Path, variant: str, seed: int, training: Training) -> Result | None:
    """Return the result of a run, None where there is none of this training."""
    path = path_of(folder, variant, seed)
    if not path.exists():
        return None
    values = json.loads(path.read_text(encoding="utf-8"))
    values["training"] = Training(**values["training"])
    values["bounds"] = tuple(values["bounds"])
    return Result(**values) if values["training"] == training else None
