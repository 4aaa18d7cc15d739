"""Decoders with one broken step: how often the step named worst is that one, and how often another.

::

    python -m benchmarks.calibration.planted [--quick]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import nn

import spectra
from benchmarks.calibration.clean import photo
from benchmarks.calibration.networks import standardised
from benchmarks.calibration.table import Rate

STAGES, CHANNELS, REACH = 3, 8, 8
SEVERITIES_DB = (-20, -30, -40, -50)  # of one phase's error re the kernel
PICTURES, SIDE = 16, 24


@dataclass(frozen=True)
class Planted:
    """One decoder: which stage is broken, how much, and what stands after each stage."""

    stage: int
    severity_db: float
    layers: str
    seed: int


def windowed_sinc(s: int) -> torch.Tensor:
    """Return a sinc of 2 REACH input samples under a Kaiser window, phases of unit gain."""
    t = (np.arange(2 * REACH * s) + 0.5) / s - REACH
    taps = np.sinc(t) * np.kaiser(t.size, 8.0)
    for phase in range(s):
        taps[phase::s] /= taps[phase::s].sum()
    return torch.from_numpy(np.outer(taps, taps)).float()


def decoder(case: Planted) -> nn.Sequential:
    """Return three sinc interpolations by 2, one of them with a phase of wrong gain."""
    torch.manual_seed(case.seed)
    parts: list[nn.Module] = [nn.Conv2d(1, CHANNELS, 3, padding=1, padding_mode="reflect")]
    for stage in range(STAGES):
        step = nn.ConvTranspose2d(
            CHANNELS,
            CHANNELS,
            4 * REACH,
            stride=2,
            padding=2 * REACH - 1,
            groups=CHANNELS,
            bias=False,
        )
        step.weight.data[:] = windowed_sinc(2)
        if stage == case.stage:
            step.weight.data[..., ::2, ::2] *= 1 + 10 ** (case.severity_db / 20)
        mix = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, padding_mode="reflect")
        parts += [step, mix, nn.ReLU() if case.layers == "ReLU" else nn.Identity()]
    return nn.Sequential(*parts, nn.Conv2d(CHANNELS, 1, 1)).eval()


def cases(repeats: int) -> Iterator[Planted]:
    """Yield every stage, severity and kind of layers, several times."""
    for layers, severity, stage, seed in product(
        ("linear", "ReLU"), SEVERITIES_DB, range(STAGES), range(repeats)
    ):
        yield Planted(stage, severity, layers, seed)


def main() -> None:
    """Print how often the broken step is found and blamed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one decoder a case instead of five")
    torch.set_num_threads(1)
    named: dict[tuple[str, float], list[str | None]] = {}
    seen: dict[tuple[str, float], list[bool]] = {}
    for case in cases(1 if parser.parse_args().quick else 5):
        rng = np.random.default_rng([3, case.seed])
        inputs = torch.from_numpy(standardised(photo(PICTURES, SIDE, rng, "reporting")))
        result = spectra.analyze(decoder(case), inputs)
        broken = str(1 + 3 * case.stage)
        key = (case.layers, case.severity_db)
        worst = None if result.worst is None else result.worst.name
        named.setdefault(key, []).append("broken" if worst == broken else worst)
        (row,) = (step for step in result.summary.steps if step.name == broken)
        seen.setdefault(key, []).append(row.score.verdict in ("present", "suspect"))
    print("| later layers | one phase off by | decoders | broken step shows | named | another |")
    print("| --- | --- | --- | --- | --- | --- |")
    for key, names in named.items():
        right = sum(name == "broken" for name in names)
        wrong = sum(name not in ("broken", None) for name in names)
        shown, hits, misses = (Rate(n, len(names)) for n in (sum(seen[key]), right, wrong))
        print(f"| {key[0]} | {key[1]} dB | {len(names)} | {shown} | {hits} | {misses} |")


if __name__ == "__main__":
    main()
