"""The argument of the paper in one picture: rejection against kernel size.

    python figures/rejection_against_size.py [KERNELS.JSON ...] [--out FILE.png]

The curve is the least-error kernel of each size, full dots are sizes 3, 7, 11, ...; lines are
the interpolators that nobody trains; diamonds are the layers of factor 2 in tables that ``spectra
kernels`` wrote, or of the demonstration decoders. Same script, same bytes.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

from matplotlib.figure import Figure

from spectra.demo import weights
from spectra.kernel import rejection_db, transposed_conv
from spectra.load import load_model
from spectra.plot import rejection_figure
from spectra.probe import equivalent_kernel
from spectra.report import KernelTable

Points = dict[str, tuple[int, float]]


def demonstration() -> Points:
    """Return size and rejection of the steps of the decoders that come with spectra.

    Parallel kernels are one: the sum that they make.
    """
    points: Points = {}
    for decoder in ("small", "lctc", "lctc_sinc"):
        model = load_model(weights(decoder), arch=f"spectra.demo:{decoder}").model
        for step in ("up1", "up2"):
            found = equivalent_kernel(model.get_submodule(step), 16, (2, 2))
            kernel = transposed_conv(found.taps, stride=2, padding=found.padding)
            points[f"{decoder}/{step}"] = (kernel.size[0], rejection_db(kernel))
    return points


def tabulated(tables: Iterable[KernelTable]) -> Points:
    """Return size and rejection of all square layers of factor 2."""
    return {
        f"{table.model.source}/{row.name}": (row.kernel_size[0], row.measures.rejection_db)
        for table in tables
        for row in table.layers
        if row.measures is not None
        and row.measures.rejection_db is not None
        and set(row.stride) == {2}
        and len(row.kernel_size) == 2
        and len(set(row.kernel_size)) == 1
    }


def draw(points: Points) -> Figure:
    """Return the figure."""
    return rejection_figure(points)


def main() -> None:
    """Write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=Path("rejection_against_size.png"))
    arguments = parser.parse_args()
    tables = [KernelTable.read(path) for path in arguments.tables]
    points = tabulated(tables) if tables else demonstration()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    draw(points).savefig(arguments.out, dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
