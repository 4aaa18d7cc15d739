"""Print how severe plain enlargements of photographs are, as docs/results/severity.md has it.

    python -m benchmarks.severity

A photograph of scikit-image is averaged to some 256 pixels, and over 2x2 or 4x4 of those; that is
enlarged again, and what lies above its base band is the grid: there is nothing else above it.
Then local lines, of the same and of checkerboards planted in places of bicubic enlargements.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import scipy
import skimage.data
import torch
from numpy.typing import NDArray
from skimage.transform import downscale_local_mean

from spectra.severity._grades import grade_pictures
from spectra.severity._seen_lines import see_lines
from spectra.severity._standing import where_lines_stand
from spectra.severity._visibility import Visibility, picture_visibility
from spectra.severity._yardsticks import enlarge
from spectra.spectrum import plan_maps

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


def board(period: int) -> NDArray[np.float64]:
    """Return a checkerboard of -1 and 1."""
    y, x = np.mgrid[:SIDE, :SIDE] // (period // 2)
    return np.where((y + x) % 2, 1.0, -1.0)


def dark(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 in the dark places of a picture and 0 elsewhere, with soft borders."""
    place: NDArray[np.float64] = scipy.special.expit((0.15 - picture.mean(0)) * 60)
    return place


def corner(_: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 in a sixteenth of a picture."""
    place = np.zeros((SIDE, SIDE))
    place[64:128, 96:160] = 1
    return place


def in_places() -> Iterator[tuple[str, int, NDArray[np.float64]]]:
    """Return what is called how, a period and twelve pictures of three channels."""
    photographs = [small(name, 1) for name in PHOTOGRAPHS]
    for factor in FACTORS:
        yield f"photographs, period {factor}", factor, _stacked(photographs)
    for factor, method in product(FACTORS, METHODS):
        large = [enlarged(small(name, factor), factor, method) for name in PHOTOGRAPHS]
        yield f"{method} x{factor}", factor, _stacked(large)
    for factor, levels in product(FACTORS, (2, 5, 10, 20)):
        large = [enlarged(small(name, factor), factor, "bicubic") for name in PHOTOGRAPHS]
        places: dict[str, tuple[Callable[..., NDArray[np.float64]], int]] = {
            "dark places": (dark, len(large)),
            "a sixteenth of three": (corner, 3),
        }
        for what, (place, first) in places.items():
            planted = [
                (p + (i < first) * levels / 255 * board(factor) * place(p)).clip(0, 1)
                for i, p in enumerate(large)
            ]
            yield f"{levels} levels of period {factor}, {what}", factor, _stacked(planted)


def lines_row(name: str, period: int, pictures: NDArray[np.float64]) -> str:
    """Return the row of some pictures: local lines, those of controls, and what is seen."""
    maps = torch.from_numpy(pictures).float()
    plan = plan_maps(maps.shape[1:], (period, period), count=len(maps))
    most = []
    for wrong in (False, True):
        found = [where_lines_stand(each, plan, wrong=wrong) for each in maps]
        most.append(max((255 * each.amplitude for each in found if each), default=0.0))
    seen = list(see_lines(maps, plan).pictures.values())
    graded = grade_pictures(seen) if seen else None
    values = ", ".join(f"{v:.2f}" for v in graded.visibility or ()) if graded else ""
    word = graded.word if graded else "none"
    return f"| {name} | {most[0]:.1f} | {most[1]:.1f} | {values} | {word} |"


def _stacked(pictures: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return pictures of one channel or three as three."""
    return np.stack([np.broadcast_to(p, (3, *p.shape[1:])) for p in pictures])


def main() -> None:
    """Print the tables as Markdown."""
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
    print("\n| local lines | most | of controls | V(1), V(2), V(4) | word |\n|---|---|---|---|---|")
    for case in in_places():
        print(lines_row(*case))


def _cell(one: Visibility) -> str:
    numbers = ", ".join(f"{v:.2f}" for v in one.values or ())
    detected = f", detectable at {one.detectable_zoom}x" if one.detectable_zoom else ""
    colour = ", chromatic" if one.chromatic else ""
    return f"{numbers} {grade_pictures([one]).word}{detected}{colour}"


if __name__ == "__main__":
    main()
