"""How the score does on outputs that all hold the same content, grids planted or not.

    python -m benchmarks.aligned            # 60 sets a row, some minutes
    python -m benchmarks.aligned --sets 10

Each set is a decoder whose outputs are ``gain * up(x) + fixed + line``, ``x`` crops of photographs,
``fixed`` another crop, the same in all outputs, ``line`` a checkerboard.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks.calibration.clean import photo  # noqa: E402
from spectra import Options, capture, gather, score  # noqa: E402
from spectra.inputs import open_inputs  # noqa: E402
from spectra.score import Score  # noqa: E402


@dataclass(frozen=True)
class Row:
    """One kind of set: what is alike in the outputs, and what grid they have."""

    name: str
    up: str = "identity"
    gain: float = 0.5
    fixed: str = "photograph"
    weight: float = 1.0
    line: float = 0.0
    count: int = 16
    side: int = 64


ROWS = (
    Row("no grid, 16 of 64 px"),
    Row("no grid, 32 of 64 px", count=32),
    Row("no grid, fixed content weaker, 16 of 128 px", gain=1, weight=0.3, side=128),
    Row("no grid, fixed white noise, 16 of 64 px", fixed="noise", weight=0.3),
    Row("no grid, nothing fixed, 16 of 64 px", weight=0),
    Row("board of 2.6 grey levels, 16 of 64 px", line=2.55 / 255),
    Row("board of .8 grey levels, 32 of 64 px", line=0.765 / 255, count=32),
    Row("nearest x2, 16 of 64 px", up="nearest"),
    Row("bicubic x2, 24 of 128 px", up="bicubic", count=24, side=128),
    Row("bicubic x2, nothing fixed, 24 of 128 px", up="bicubic", weight=0, count=24, side=128),
)


class Decoder(nn.Module):
    """One step, and what is added to all that it makes."""

    def __init__(self, up: str, gain: float, added: Tensor) -> None:
        super().__init__()
        self.up, self.gain = up, gain
        self.register_buffer("added", added)

    def forward(self, x: Tensor) -> Tensor:
        if self.up == "identity":
            return self.gain * functional.pixel_shuffle(x, 2) + self.added
        return self.gain * functional.interpolate(x, scale_factor=2, mode=self.up) + self.added


def trial(row: Row, rng: np.random.Generator) -> tuple[Score, Score]:
    """Return the output's score with its fixed content and without it."""
    side = row.side

    def crop(size: int) -> Tensor:
        return torch.tensor(photo(3, size, rng, "reporting")[:, 0] / 255, dtype=torch.float32)

    fixed = crop(side) if row.fixed == "photograph" else torch.rand(3, side, side)
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    net = Decoder(row.up, row.gain, row.weight * fixed + row.line * (-1.0) ** (y + x)).eval()
    parts = [
        functional.pixel_unshuffle(crop(side), 2) if row.up == "identity" else crop(side // 2)
        for _ in range(row.count)
    ]
    inputs, options = open_inputs(torch.stack(parts)), Options()

    def silent(stage: str, done: int, total: int) -> None:
        """Report no progress."""

    with capture.quiet(net):
        example = capture.example_input(net, inputs)
        found = capture.find_steps(net, example, options, progress=silent)
        passed = gather.run(net, found, inputs, options, progress=silent)
        apart = gather.without_fixed_content(net, passed, inputs, options, progress=silent)
    whole, clear = (score.run(p, inputs, seed=0, progress=silent).output for p in (passed, apart))
    return whole, clear


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=60)
    sets = parser.parse_args().sets
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    print("| outputs | fixed | with it: p < .05, present, dBc | apart: p < .05, present, dBc |")
    print("|---|---|---|---|")
    for row in ROWS:
        done = [trial(row, rng) for _ in range(sets)]
        cells = []
        for scores in zip(*done, strict=True):
            found = [s.p is not None and s.p < 0.05 for s in scores]
            present = [s.verdict == "present" for s in scores]
            energies = [s.asr_dbc for s in scores if s.verdict == "present" and s.asr_dbc]
            energy = f"{np.median(energies):.1f}" if energies else "-"
            cells.append(f"{np.mean(found):.2f}, {np.mean(present):.2f}, {energy}")
        share = np.mean([clear.content_share or 0 for _, clear in done])
        print(f"| {row.name} | {share:.0%} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
