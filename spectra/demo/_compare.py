"""The three decoders side by side: in numbers and in one picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from scipy.ndimage import uniform_filter

from spectra._names import db_text
from spectra.demo._decoders import FACTOR, lctc, lctc_sinc, small
from spectra.demo._photographs import photographs
from spectra.demo._weights import weights

if TYPE_CHECKING:
    from spectra.explain import Summary
    from spectra.score import Score

DECODERS = {"small": small, "lctc": lctc, "lctc_sinc": lctc_sinc}
SHOWN = 9  # a picture with sharp and smooth parts
CROP = (slice(20, 116), slice(100, 196))
AMPLIFIED = 8
ENLARGED = 4


def comparison_table(summaries: Mapping[str, Summary]) -> str:
    """Return one line a decoder, and by how much the grid of each falls below the first's.

    Parameters
    ----------
    summaries : mapping of str to Summary
        The answers of `spectra.analyze`, the decoder to compare with first.

    Returns
    -------
    str
        Lines of text: verdict of the output, its grid-locked power over the rest (dBc, with
        its interval), A (dB), amplitude in grey levels of 255, and the change in dB.
    """
    scores = {name: summary.output.score for name, summary in summaries.items()}
    first = next(iter(scores.values()))
    head = f"{'decoder':10s} {'verdict':12s} {'grid, dBc':>9s} {'95 %':>16s} {'A, dB':>6s}"
    rows = [head + f" {'grey levels':>11s} {'change, dB':>10s}"]
    for name, score in scores.items():
        change = None if score is first else _difference(score.told_dbc, first.told_dbc)
        rows.append(
            f"{name:10s} {summaries[name].verdict:12s} {_number(score.told_dbc, 9)}"
            f" {_interval(score):>16s} {_number(score.a_db, 6)}"
            f" {_number(score.grey_levels, 11)} {_number(change, 10)}"
        )
    return "\n".join(rows)


def comparison_picture() -> NDArray[np.uint8]:
    """Return a crop of each decoder's output above its amplified deviation from the local mean.

    Returns
    -------
    ndarray of uint8, shape (y, x, 3)
        Columns are the decoders in the order of `DECODERS`. The mean over one period of the
        grid, 4x4 pixels, is taken away below, and what is left shown eight-fold about gray.
    """
    shown = torch.from_numpy(photographs()[SHOWN : SHOWN + 1])
    columns = [_column(_restored(name, shown)) for name in DECODERS]
    picture = np.concatenate(columns, axis=1).repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    return np.asarray(np.rint(255 * picture.clip(0, 1)), dtype=np.uint8)


@torch.no_grad()
def _restored(name: str, shown: torch.Tensor) -> NDArray[np.float32]:
    decoder = DECODERS[name]().eval()
    decoder.load_state_dict(load_file(weights(name)))
    restored: NDArray[np.float32] = decoder(shown)[0].permute(1, 2, 0).numpy()
    return restored


def _column(restored: NDArray[np.float32]) -> NDArray[np.float32]:
    deviation = restored - uniform_filter(restored, (FACTOR, FACTOR, 0))
    return np.concatenate([restored[CROP], 0.5 + AMPLIFIED * deviation[CROP]])


def _difference(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _number(value: float | None, width: int) -> str:
    return f"{'-':>{width}s}" if value is None else f"{db_text(value):>{width}s}"


def _interval(score: Score) -> str:
    if score.at_least:
        return "at least"
    if score.asr_ci95_dbc is None:
        return "-"
    low, high = score.asr_ci95_dbc
    return f"{db_text(low)} .. {db_text(high)}"
