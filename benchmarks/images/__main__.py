"""How often pictures of known history are told for what they are, and clean ones are not.

    python -m benchmarks.images [--out docs/results/images.md] [--keep FOLDER]

Needs Kodak's pictures (``SPECTRA_DATA`` or ``../shared/data``) for half of the scenes. Each cell is
kept in a folder as soon as it is done, and a run goes on where another one was stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests")]

from images import kinds, opinions, published, scenes, speed, table  # noqa: E402
from spectra.images._album import Album  # noqa: E402
from spectra.images._picture import look_at  # noqa: E402
from spectra.images._spectrum import tile_spectrum  # noqa: E402
from spectra.images._summarise import period_of  # noqa: E402

SIZES = {128: 12, 256: 16, 512: 6}
LARGE = {1024: 2, 2048: 1}
FEW = ("clean", "JPEG 85, blocks from (0, 0)", "enlarged by 2, bicubic", "demosaicing, linear")
NULL_TRIALS = 100
GROUPS = (4, 16)
GROUPED = 256
MANY = 256  # pictures of one history together, for kinds that few of them show
FAINT = (
    "clean",
    "JPEG 98, blocks from (0, 0)",
    "JPEG 98, blocks from (5, 3)",
    "enlarged by 5/4, bicubic",
    "reduced by 3/4, lanczos",
    "pattern of 2 px, 0.5 grey level",
)


def main() -> None:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "images.md")
    parser.add_argument("--keep", type=Path, default=ROOT / "spectra-out" / "images-cells")
    arguments = parser.parse_args()
    arguments.keep.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()

    def cell(name, run):
        path = arguments.keep / f"{name}.json".replace("/", "-").replace(" ", "-")
        if not path.exists():
            path.write_text(json.dumps(run()))
            print(f"{name}  <!-- {time.perf_counter() - started:.0f} s -->", flush=True)
        return json.loads(path.read_text())

    times = cell("speed", speed.ratios)
    nulls = {name: cell(f"null {name}", partial(null, name)) for name in scenes.NULLS}
    limits = {
        side: cell(f"thresholds {side}", partial(opinions.thresholds, side)) for side in SIZES
    }
    asked = [(kind, side, n) for side, n in SIZES.items() for kind in kinds.KINDS]
    asked += [(kind, side, n) for side, n in LARGE.items() for kind in FEW]
    cells = {
        (kind, side): cell(f"{kind} {side}", partial(measure, kind, side, n, limits.get(side)))
        for kind, side, n in asked
    }
    many = {kind: cell(f"many {kind}", partial(measure_many, kind)) for kind in FAINT}
    made = cell("published decoders", published.outputs)
    sizes = [*SIZES, *LARGE]
    text = table.page(
        cells, nulls, times, made, many=many, sizes=sizes, groups=GROUPS, trials=NULL_TRIALS
    )
    arguments.out.write_text(text)


def planes_of(picture):
    """Return a picture as planes in grey levels."""
    return np.ascontiguousarray(np.moveaxis(picture, -1, 0), np.float32)


def null(name):
    """Return how often scenes without a grid are said to have one, or perhaps one."""
    rng = np.random.default_rng([scenes.SEED, zlib.crc32(name.encode())])
    seen = [look_at(planes_of(scenes.NULLS[name](rng))) for _ in range(NULL_TRIALS)]
    named = [each.causes[0].id for each in seen if each.verdict == "present"]
    return {
        "present": len(named),
        "suspect": sum(each.verdict == "suspect" for each in seen),
        "named": sorted(set(named)),
    }


def measure(name, side, number, limits):
    """Return what is found in pictures of one kind and size, singly and in groups."""
    kind = kinds.KINDS[name]
    rng = np.random.default_rng([scenes.SEED, zlib.crc32(name.encode()), side])
    small = max(round(side / kind.factor), 24)
    pictures = [kind.make(scene, rng) for scene in scenes.scenes(small, number)]
    seen = [look_at(planes_of(picture)) for picture in pictures]
    result = {"number": number, "single": count(kind, [told(each) for each in seen])}
    if limits:
        result["opinions"] = {
            opinion: sum(measured(planes_of(picture)) > limits[opinion] for picture in pictures)
            for opinion, measured in opinions.OPINIONS.items()
        }
    for group in GROUPS if side == GROUPED else ():
        parts = [range(start, start + group) for start in range(0, number - group + 1, group)]
        result[str(group)] = {
            "of": len(parts),
            **count(kind, [told_together(seen, pictures, part) for part in parts]),
        }
    return result


def measure_many(name):
    """Return what is found in many pictures of one kind, singly and all together."""
    kind = kinds.KINDS[name]
    rng = np.random.default_rng([scenes.SEED, zlib.crc32(name.encode()), MANY])
    small = max(round(GROUPED / kind.factor), 24)
    album, single = Album(), []
    for scene in scenes.scenes(small, MANY):
        planes = planes_of(kind.make(scene, rng))
        seen = look_at(planes)
        single.append(told(seen))
        album.add(seen, *tile_spectrum(planes[0]))
    together = album.together()
    causes = [cause.id for cause in together.causes]
    return {
        "of": len(single),
        "single": count(kind, single),
        "together": count(kind, [(together.verdict, period_of(together), causes)]),
        "named": causes if together.verdict == "present" else [],
    }


def told(seen):
    """Return the verdict, the period and the causes of one picture."""
    return seen.verdict, seen.period, [cause.id for cause in seen.causes]


def told_together(seen, pictures, part):
    """Return the same of several pictures together."""
    album = Album()
    for index in part:
        album.add(seen[index], *tile_spectrum(planes_of(pictures[index])[0]))
    together = album.together()
    return together.verdict, period_of(together), [cause.id for cause in together.causes]


def count(kind, answers):
    """Return how many answers detect, have the right period, and name the right cause."""
    present = [(period, causes) for verdict, period, causes in answers if verdict == "present"]
    named: dict[str, int] = {}
    for _, causes in present:
        named["/".join(causes)] = named.get("/".join(causes), 0) + 1
    return {
        "present": len(present),
        "suspect": sum(verdict == "suspect" for verdict, _, _ in answers),
        "period": sum(period in kind.periods for period, _ in present),
        "cause": sum(bool(set(causes[:3]) & set(kind.causes)) for _, causes in present),
        "alone": sum(len(causes) == 1 and causes[0] in kind.causes for _, causes in present),
        "named": named,
    }


if __name__ == "__main__":
    main()
