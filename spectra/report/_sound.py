"""What a result of signals holds beside: spectrograms with their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spectra._hertz import is_signal, line_frequencies, time_period
from spectra.report._scales import in_hertz

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from spectra.explain import Summary
    from spectra.gather import Passed
    from spectra.probe import ConstantLines

LONGEST = 1 << 17  # samples that a spectrogram shows: three seconds at 44.1 kHz
FRAMES = 400  # of a spectrogram, about
WINDOW = 1024  # samples of a frame
SHORTEST = 128  # samples, below which there is no spectrogram
MARKED = 6  # lines of a step that are marked
FLOOR_DB = -140.0


def spectrograms(
    summary: Summary, passed: Passed, constant: ConstantLines | None
) -> xr.Dataset | None:
    """Return the spectrogram of the loudest output, and that of the output under a constant.

    Parameters
    ----------
    summary : Summary
        The run.
    passed : Passed
        What the inputs left.
    constant : ConstantLines or None
        The output under the constant that was asked for.

    Returns
    -------
    Dataset or None
        ``output_db`` and ``constant_db`` in dB over a sine of amplitude 1, by time and ``f`` in
        cycles/sample, with ``f_hz`` and seconds where the rate is known; ``line`` and
        ``line_step`` are the first lines of each step. None where the output is no sound: no rate
        is known, and no constant was asked for.
    """
    import xarray as xr

    rate = summary.run.sample_rate
    waves = {
        "output": _loudest(passed),
        "constant": None if constant is None else constant.output,
    }
    known = {name: wave for name, wave in waves.items() if wave is not None}
    shown = {name: wave for name, wave in known.items() if wave.size >= SHORTEST}
    if not shown or (rate is None and constant is None):
        return None
    size = min(WINDOW, *(1 << (wave.size // 8).bit_length() for wave in shown.values()))
    lines = _lines(summary)
    variables: dict[str, Any] = {
        "line": ("line", [f for _, f in lines], {"units": "cycles/sample"}),
        "line_step": ("line", np.array([step for step, _ in lines], np.int64)),
    }
    for name, wave in shown.items():
        values, centres = _spectrogram(wave[:LONGEST], size)
        variables[f"{name}_db"] = ((f"{name}_time", "f"), values, {"units": "dBFS"})
        unit = {"units": "sample" if rate is None else "s"}
        variables[f"{name}_time"] = (f"{name}_time", centres / (rate or 1.0), unit)
    f = np.arange(size // 2 + 1) / size
    data = xr.Dataset(variables).assign_coords(f=("f", f, {"units": "cycles/sample"}))
    data.attrs |= {"window": f"periodic Hann of {size} samples"}
    if constant is not None:
        data.attrs |= {"constant": str(constant.probe)}
    return data if rate is None else in_hertz(data, rate)


def _loudest(passed: Passed) -> NDArray[np.float32] | None:
    """Return the first channel of the output with most power, of those that are looked at."""
    few = passed.few
    if few is None or few.outputs is None or few.outputs.is_complex():
        return None
    if not is_signal(few.outputs.shape[1:]):
        return None
    waves = few.outputs[:, 0].flatten(1).detach().float().cpu().numpy()
    waves = waves[np.isfinite(waves).all(1)]
    return waves[np.argmax(waves.var(1))] if len(waves) else None


def _lines(summary: Summary) -> list[tuple[int, float]]:
    """Return the first lines of each step, in cycles/sample of the output."""
    periods = [time_period(step.period_in_output) or 1 for step in summary.steps]
    return [
        (number, f)
        for number, period in enumerate(periods)
        for f in line_frequencies(period, 1.0, periods)[:MARKED]
    ]


def _spectrogram(
    wave: NDArray[np.float32], size: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the power of frames over that of a sine of amplitude 1, and their centres."""
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    window = hann(size, sym=False)
    hop = max(size // 4, wave.size // FRAMES)
    transform = ShortTimeFFT(window, hop, fs=1.0, mfft=size)
    amplitude = 2 * np.abs(transform.stft(wave.astype(np.float64))) / window.sum()
    level = 20 * np.log10(np.maximum(amplitude, 10 ** (FLOOR_DB / 20)))
    return level.T.astype(np.float32), np.asarray(transform.t(wave.size), float)
