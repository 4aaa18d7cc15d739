"""Print how severe plain enlargements of photographs are, as docs/results/severity.md has it.

    python -m benchmarks.severity

A photograph of scikit-image is averaged to some 256 pixels, and over 2x2 or 4x4 of those; that is
enlarged again, and what lies above its base band is the grid: there is nothing else above it.
"""

from collections import Counter
from itertools import product

import numpy as np
import scipy
import skimage.data
import torch
from numpy.typing import NDArray
from skimage.transform import downscale_local_mean

from spectra.severity._grades import grade_pictures
from spectra.severity._visibility import Visibility, picture_visibility
from spectra.severity._yardsticks import enlarge

PHOTOGRAPHS = (
    *("astronaut", "brick", "camera", "chelsea", "clock", "coffee", "grass", "gravel"),
    *("hubble_deep_field", "moon", "retina", "rocket"),
)
METHODS = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}
FACTORS = (2, 4)
SIDE = 256


def small(name: str, factor: int) -> NDArray[np.float64]:
    """Return a photograph averaged to 256 pixels over a factor, (C, y, x) in 0..1."""
    values = getattr(skimage.data, name)() / 255
    values = values[..., None] if values.ndim == 2 else values
    apart = min(values.shape[:2]) // SIDE * factor
    whole = downscale_local_mean(values, (apart, apart, 1))
    side = SIDE // factor
    y, x = ((n - side) // 2 for n in whole.shape[:2])
    return np.moveaxis(whole[y : y + side, x : x + side], -1, 0)


def enlarged(picture: NDArray[np.float64], factor: int, method: str) -> NDArray[np.float64]:
    """Return a picture enlarged as PyTorch does it, clipped as a picture is shown."""
    maps = torch.from_numpy(np.ascontiguousarray(picture))[None]
    return enlarge(maps, (factor, factor), METHODS[method])[0].numpy().clip(0, 1)


def without_grid(picture: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    """Return what of an enlarged picture lies strictly below ``1 / (2 factor)``, mirrored."""
    spectrum = scipy.fft.dctn(picture, axes=(1, 2))
    kept = np.zeros_like(spectrum)
    inside = np.s_[:, : SIDE // factor, : SIDE // factor]
    kept[inside] = spectrum[inside]
    return scipy.fft.idctn(kept, axes=(1, 2))


def seen(name: str, factor: int, method: str) -> Visibility:
    """Return how visible the grid of one enlargement is."""
    picture = enlarged(small(name, factor), factor, method)
    return picture_visibility(picture, without_grid(picture, factor))


def main() -> None:
    """Print both tables as Markdown."""
    found = {case: seen(*case) for case in product(PHOTOGRAPHS, FACTORS, METHODS)}
    for factor in FACTORS:
        print(f"\n| x{factor} |", " | ".join(METHODS), "|")
        print("|---" * (len(METHODS) + 1) + "|")
        for name in PHOTOGRAPHS:
            cells = (_cell(found[name, factor, method]) for method in METHODS)
            print(f"| {name} |", " | ".join(cells), "|")
    print("\n| all twelve | words | largest V(1), V(2), V(4) |\n|---|---|---|")
    for factor, method in product(FACTORS, METHODS):
        of_all = [found[name, factor, method] for name in PHOTOGRAPHS]
        words = Counter(grade_pictures([each]).word for each in of_all)
        largest = ", ".join(f"{v:.2f}" for v in grade_pictures(of_all).visibility or ())
        counted = ", ".join(f"{n} {word}" for word, n in words.most_common())
        print(f"| {method} x{factor} | {counted} | {largest} |")


def _cell(one: Visibility) -> str:
    numbers = ", ".join(f"{v:.2f}" for v in one.values or ())
    detected = f", detectable at {one.detectable_zoom}x" if one.detectable_zoom else ""
    colour = ", chromatic" if one.chromatic else ""
    return f"{numbers} {grade_pictures([one]).word}{detected}{colour}"


if __name__ == "__main__":
    main()
