"""Do score and causal measures agree on published decoders?

::

    python benchmarks/real_decoders.py --results DIR
    python -m benchmarks.calibration.trained DIR
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks.calibration.table import rank_correlation
from spectra.explain import StepRow, Summary
from spectra.report import read_summary
from spectra.score import Score

OF_OUTPUT: dict[str, Callable[[Summary], float | None]] = {
    "grid dependence of the model": lambda s: s.output.grid_dependence_dbc,
    "flat field of the output": lambda s: s.output.flat_field and s.output.flat_field.line_dbc,
}
OF_STEP: dict[str, Callable[[StepRow], float | None]] = {
    "flat field of the step": lambda row: row.flat_field.line_dbc,
    "out of band of the step": lambda row: row.out_of_band_dbc,
    "at the output": lambda row: row.at_output.locked_dbc,
}


def main() -> None:
    """Print the rank correlations over the decoders of a folder of results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    folder = parser.parse_args().results
    summaries = [read_summary(path) for path in sorted(folder.glob("*/summary.json"))]
    print("| locked energy of | against | Spearman | pairs |")
    print("| --- | --- | --- | --- |")
    for name, measure in OF_OUTPUT.items():
        pairs = [(_seen(s.output.score), measure(s)) for s in summaries]
        _print("output", name, pairs)
    rows = [row for summary in summaries for row in summary.steps]
    for name, of_row in OF_STEP.items():
        _print("step", name, [(_seen(row.score), of_row(row)) for row in rows])


def _seen(score: Score) -> float | None:
    """Return the locked energy where the test sees any; else it is chance."""
    return score.asr_dbc if score.verdict in ("present", "suspect") else None


def _print(place: str, name: str, pairs: list[tuple[float | None, float | None]]) -> None:
    rank, count = rank_correlation([a for a, _ in pairs], [b for _, b in pairs])
    print(f"| {place} | {name} | {rank:.2f} | {count} |")


if __name__ == "__main__":
    main()
