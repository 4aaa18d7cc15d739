"""Run ``spectra.analyze`` on the published decoders and write the table of verdicts.

    python benchmarks/real_decoders.py [NAME ...] [--out TABLE.md] [--results DIR]

Needs the real data (``SPECTRA_DATA`` or ``../shared/data``), which are not part of the project.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import spectra  # noqa: E402
from spectra.errors import NothingToAnalyseError  # noqa: E402
from spectra.explain import Summary  # noqa: E402
from spectra.explain._words import describe_step  # noqa: E402
from spectra.inputs import Inputs, open_inputs  # noqa: E402
from spectra.report import Result  # noqa: E402
from spectra.score import AtOutput, Score  # noqa: E402
from spectra.severity._grades import Yardsticks  # noqa: E402
from support.realdata import DECODERS, Decoder  # noqa: E402

HEADER = (
    "| decoder | inputs | severity | V(1), V(2), V(4) | output, dBc | nearest, cubic | verdict "
    "| to blame | at its maps, at output | without it | output's flat field | grid dependence |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)
# RGB or gray in 0..1, in and out: judged as pictures. FSRCNN takes luma and chroma.
PICTURES = ("espcn", "lapsrn", "waifu2x", "faststyle", "carn", "taef2_autoencoder", "bicubic")


class Unit(torch.nn.Module):
    """A network that takes 0..255, taking 0..1."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(255 * x)


def bicubic(scale: int) -> torch.nn.Module:
    """Return plain interpolation: what a decoder has to beat."""
    return torch.nn.Upsample(scale_factor=scale, mode="bicubic")


BICUBIC = {
    f"bicubic_x{scale}": replace(
        DECODERS[f"espcn_x{scale}"], factory=bicubic, checkpoint=None, documented_db=None
    )
    for scale in (2, 3, 4)
}


def main() -> None:
    """Analyse the named decoders, all by default."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(DECODERS | BICUBIC)}")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    data = Path(os.environ.get("SPECTRA_DATA") or ROOT.parent / "shared" / "data")
    torch.set_num_threads(1)
    known = DECODERS | BICUBIC
    table = HEADER
    for name in arguments.names or known:
        started = time.perf_counter()
        row = analyse(name, known[name], data, arguments.results)
        print(f"{row}  <!-- {time.perf_counter() - started:.0f} s -->", flush=True)
        table += row + "\n"
    if arguments.out:
        arguments.out.write_text(table)


def analyse(name: str, decoder: Decoder, data: Path, results: Path | None) -> str:
    """Return the decoder's row of the table."""
    model, inputs = decoder.load(data), torch.from_numpy(decoder.inputs(data))
    given: Inputs | torch.Tensor = inputs
    if name.startswith(PICTURES):
        if decoder.range == (0, 255):
            model, inputs = Unit(model), inputs / 255
        given = replace(open_inputs(inputs, range=(0, 1)), kind="images")
    try:
        result = spectra.analyze(model, given)
    except NothingToAnalyseError:
        return (
            f"| {name} | {len(inputs)} x {_times(inputs.shape[1:])} | exit 4: no upsampling step |"
            + 9 * " |"
        )
    if results is not None:
        result.save(results / name, force=True)
        (results / f"{name}.txt").write_text(repr(result))
    return _row(name, inputs, result)


def _row(name: str, inputs: torch.Tensor, result: Result) -> str:
    summary, worst = result.summary, result.worst
    graded = summary.severity
    assert graded is not None
    seen = ", ".join(f"{v:.2f}" for v in graded.visibility) if graded.visibility else "by energy"
    cells = [
        name,
        f"{len(inputs)} x {_times(inputs.shape[1:])}",
        graded.word,
        seen if graded.word != "insufficient" else "",
        _energy(summary.output.score),
        _yardsticks(graded.yardsticks),
        summary.verdict,
        f"`{worst.label}` ({describe_step(worst)})" if worst else _nobody(summary),
        f"{_number(worst.score.told_dbc)}, {_number(worst.at_output.told_dbc)}" if worst else "",
        _without(worst.at_output) if worst else "",
        _number(summary.output.flat_field.settled_dbc) if summary.output.flat_field else "",
        _number(summary.output.grid_dependence_dbc),
    ]
    return f"| {' | '.join(cells)} |"


def _yardsticks(rows: Sequence[Yardsticks]) -> str:
    """Return what nearest and cubic read at the period that stands out most."""
    known = [r for r in rows if r.own_dbc is not None and r.cubic_dbc is not None]
    if not known:
        return ""
    row = max(known, key=lambda r: r.own_dbc - r.cubic_dbc)
    nearest, cubic = (_number(value) for value in (row.nearest_dbc, row.cubic_dbc))
    return f"{nearest}, {cubic} at {row.own_dbc:.1f} of {_times(row.period)}"


def _nobody(summary: Summary) -> str:
    if summary.origin is not None:
        return f"`{summary.origin.name}` ({summary.origin.type_name})"
    steps = ", ".join(f"`{step.name}`" for step in summary.blame.steps)
    return f"{summary.blame.standing}{': ' if steps else ''}{steps}"


def _without(there: AtOutput) -> str:
    if there.without_db is None:
        return ""
    interval = there.without_ci95_db
    return f"{there.without_db:.1f}" + (
        f" ({interval[0]:.1f} to {interval[1]:.1f})" if interval else ""
    )


def _energy(score: Score) -> str:
    if score.at_least:
        return f">= {score.asr_lower_dbc:.1f}"
    if score.asr_dbc is None:
        return score.reason or "" if score.asr_upper_dbc is None else f"< {score.asr_upper_dbc:.1f}"
    return f"{score.asr_dbc:.1f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _times(sides: tuple[int, ...]) -> str:
    return "x".join(map(str, sides))


if __name__ == "__main__":
    main()
