"""How often two compressions on the same blocks are told, and one is not taken for two.

    python -m benchmarks.images.twice [--number 24]

Prints a table: of each pair of qualities, in how many pictures of 256 px two are told, and in
brackets of how many the first quality is right to one. In the row *once*, and where both qualities
are the same, two are told wrongly. First with the file's own table, as of a JPEG that is opened,
then of decoded pictures.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks")]

from images import kinds, scenes  # noqa: E402
from spectra.images._jpeg import standard_table  # noqa: E402
from spectra.images._twice import earlier_compression  # noqa: E402
from spectra.images._votes import luma_of  # noqa: E402

QUALITIES = (50, 65, 75, 85, 90, 95)
SIDE = 256


def told(picture, quality):
    """Return the first compression that is told; ``quality`` is the file's, None for no file."""
    planes = np.ascontiguousarray(np.moveaxis(picture, -1, 0).astype(np.float32))
    table = None if quality is None else standard_table(quality)
    return earlier_compression(luma_of(planes), (0, 0), table)


def cell(pictures, first, last, *, file):
    """Return how many of some pictures are told, and of how many the quality is right to one."""
    count = right = 0
    for scene in pictures:
        once = scene if first is None else kinds.jpeg(scene, None, quality=first)
        found = told(kinds.jpeg(once, None, quality=last), last if file else None)
        count += found is not None
        right += found is not None and first is not None and abs(found.quality - first) <= 1
    return count, right


def main():
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=24, help="scenes")
    number = parser.parse_args().number
    pictures = scenes.scenes(SIDE, number)
    for file in (True, False):
        print(f"Of {number} pictures, {'the file at hand' if file else 'no file at hand'}:\n")
        print("| first | " + " | ".join(f"then {q}" for q in QUALITIES) + " |")
        print("|---" * (len(QUALITIES) + 1) + "|")
        for first in (None, *QUALITIES):
            cells = [cell(pictures, first, last, file=file) for last in QUALITIES]
            name = "once" if first is None else str(first)
            shown = [f"{n}" if first is None or not file else f"{n} ({r})" for n, r in cells]
            print(f"| {name} | " + " | ".join(shown) + " |")
        print()


if __name__ == "__main__":
    main()
