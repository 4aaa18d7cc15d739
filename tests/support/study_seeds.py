"""Seeds of a study whose numbers were put in by hand."""

from spectra.study._cell import Cell
from spectra.study._hypotheses import Seed
from spectra.study._matched import MATCHED_ATTACK, Matched

VARIANTS = ("shuffle1", "shuffle3", "tc3", "lctc7", "lctc11", "block11")
NOISE = (0.3, -0.2, 0.1, -0.4, 0.2, 0.0, -0.1, 0.25, -0.15, 0.05)


def a_cell(variant, seed, *, level=0.0, dead=False):
    """Return a cell whose every number is the level, noise of its own aside."""
    wobble = NOISE[(3 * seed + VARIANTS.index(variant)) % len(NOISE)]
    value = level + wobble
    return Cell(
        "nafnet",
        variant,
        seed,
        training={"steps": 4},
        parameters=100,
        clean={"psnr": 31.0, "ssim": 0.9},
        attacked={MATCHED_ATTACK: {"quality": {"psnr": value}, "kept": {"psnr": value}}},
        alias={"output": -value, "output_attacked": -value, "change": 0.0},
        bounds=(),
        rejection={},
        line={},
        untrained={},
        dead=dead,
        seconds=1.0,
    )


def seeds(levels, *, count=10, dead=()):
    """Return seeds in which each variant is better than others by its level."""
    made = []
    for seed in range(count):
        cells = {
            v: a_cell(v, seed, level=levels.get(v, 0.0), dead=(v, seed) in dead) for v in VARIANTS
        }
        matched = {
            v: Matched(31.0, 4, 31.0, c.attacked[MATCHED_ATTACK]["quality"]["psnr"])
            for v, c in cells.items()
            if not c.dead
        }
        made.append(Seed(cells, matched))
    return made
