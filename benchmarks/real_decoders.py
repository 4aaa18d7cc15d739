"""Run ``spectra.analyze`` on the published decoders and write the table of verdicts.

    python benchmarks/real_decoders.py [NAME ...] [--out TABLE.md] [--results DIR]

Needs the real data (``SPECTRA_DATA`` or ``../shared/data``), which are not part of the project.
"""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import spectra  # noqa: E402
from spectra.errors import NothingToAnalyseError  # noqa: E402
from spectra.explain._words import describe_step  # noqa: E402
from spectra.report import Result  # noqa: E402
from spectra.score import Score  # noqa: E402
from support.realdata import DECODERS, Decoder  # noqa: E402

HEADER = (
    "| decoder | inputs | verdict | A dB | output dBc | period | worst step | its dBc "
    "| at output | its flat field | output's flat field | grid dependence |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)


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
    try:
        result = spectra.analyze(model, inputs)
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
    output = summary.output.score
    cells = [
        name,
        f"{len(inputs)} x {_times(inputs.shape[1:])}",
        summary.verdict,
        "weak"
        if output.told_dbc is None and output.p and output.p < 0.05
        else _number(output.a_db),
        _energy(output),
        _times(output.period) if output.period else "",
        f"`{worst.label}` ({describe_step(worst)})" if worst else "none",
        _number(worst.score.told_dbc) if worst else "",
        _number(worst.at_output.locked_dbc) if worst else "",
        _number(worst.flat_field.settled_dbc) if worst else "",
        _number(summary.output.flat_field.settled_dbc) if summary.output.flat_field else "",
        _number(summary.output.grid_dependence_dbc),
    ]
    return f"| {' | '.join(cells)} |"


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
