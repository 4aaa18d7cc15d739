"""Second opinions: a peak of the spectrum, and the harmonics of the cross difference."""

from __future__ import annotations

import numpy as np

from images.scenes import SEED, dead_leaves

FALSE = 0.01  # share of clean scenes above the threshold of each
SCENES = 100


def spectral_peak(planes):
    """Return the height of the highest bin of the whole picture's spectrum over those around, dB.

    The log spectrum of the luma's Laplacian under a Hann window, less its median over 9x9 bins,
    at frequencies above 0.05 cycles/pixel: what forensic scripts look at.
    """
    from scipy import ndimage

    luma = planes.mean(0)
    residual = ndimage.laplace(luma)
    window = np.outer(*(np.hanning(side) for side in residual.shape))
    power = np.log(np.abs(np.fft.rfft2(residual * window)) ** 2 + 1e-9)
    above = power - ndimage.median_filter(power, 9, mode="wrap")
    fy, fx = np.fft.fftfreq(len(luma))[:, None], np.arange(power.shape[1]) / luma.shape[1]
    return float(10 / np.log(10) * above[np.hypot(fy, fx) > 0.05].max())


def synthbuster_harmonics(planes):
    """Return the largest of Synthbuster's harmonics of 1/8 over the mean of its neighbours, dB."""
    best = -np.inf
    for plane in planes:
        cross = np.abs(np.diff(np.diff(plane, axis=0), axis=1))
        height, width = (side // 8 * 8 for side in cross.shape)
        amplitude = np.abs(np.fft.fft2(cross[:height, :width]))
        for m in range(8):
            for n in range(5):
                if not (m or n):
                    continue
                y, x = m * height // 8, n * width // 8
                rows, columns = np.arange(y - 3, y + 4) % height, np.arange(x - 3, x + 4) % width
                near = amplitude[np.ix_(rows, columns)]
                mean = (near.sum() - amplitude[y, x]) / (near.size - 1)
                best = max(best, 20 * np.log10(amplitude[y, x] / mean))
    return float(best)


OPINIONS = {"peak": spectral_peak, "synthbuster": synthbuster_harmonics}


def thresholds(side):
    """Return the threshold of each opinion that one clean scene in a hundred exceeds."""
    rng = np.random.default_rng(SEED + 7 * side)
    pictures = [
        np.moveaxis(dead_leaves(rng, side), -1, 0).astype(np.float32)
        for _ in range(SCENES if side <= 256 else SCENES // 4)
    ]
    return {
        name: float(np.quantile([opinion(planes) for planes in pictures], 1 - FALSE))
        for name, opinion in OPINIONS.items()
    }
