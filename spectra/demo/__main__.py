"""Score the three decoders on photographs and compare them: ``python -m spectra.demo``."""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

from skimage.io import imsave

from spectra.demo._compare import DECODERS, comparison_picture, comparison_table
from spectra.demo._photographs import write_photographs
from spectra.demo._weights import weights
from spectra.report import read_summary


def main() -> None:
    """Write the photographs, run the command on each decoder, print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m spectra.demo", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("spectra-out/demo"), help="folder to write"
    )
    out: Path = parser.parse_args().out
    images = out / "images"
    write_photographs(images)
    for name in DECODERS:
        analyze(name, images, out / name)
    imsave(out / "comparison.png", comparison_picture())

    print(
        "\nWhat the kernel of the upsampling steps changes; network, data, training are the same:\n"
    )
    print(comparison_table({name: read_summary(out / name / "summary.json") for name in DECODERS}))
    print(f"\nWrote    {out / 'comparison.png'}: {', '.join(DECODERS)} from left to right,")
    print("         below eight times what deviates from the mean over one period of the grid")
    for name in DECODERS:
        print(f"         {out / name / 'figures'}")


def analyze(name: str, images: Path, out: Path) -> None:
    """Run ``spectra analyze`` on a decoder as a user would, the command shown first."""
    command = [
        "analyze",
        shown(weights(name)),
        str(images),
        "--arch",
        f"spectra.demo:{name}",
        "--range",
        "0..1",
        "--out",
        str(out),
        "--force",
    ]
    print(f"\n$ spectra {shlex.join(command)}\n", flush=True)
    done = subprocess.run([sys.executable, "-m", "spectra_cli", *command], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def shown(path: Path) -> str:
    """Return a path relative to the working folder where it lies in it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


if __name__ == "__main__":
    main()
