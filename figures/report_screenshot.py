"""The first screen of a report, as a browser shows it.

    python figures/report_screenshot.py REPORT.HTML --out FILE.png

Needs Chromium (or Chrome) on the path. The picture has 256 colours, so that it stays small.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

SIZE = (1200, 740)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--hide-scrollbars",
)


def screenshot(report: Path, out: Path) -> None:
    """Write what the first screen of ``report`` shows to the PNG file ``out``."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("no Chromium on the path: expected chromium or google-chrome")
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder) / "shown.png"
        command = [
            browser,
            *FLAGS,
            f"--user-data-dir={folder}/profile",
            f"--window-size={SIZE[0]},{SIZE[1]}",
            f"--screenshot={shown}",
            report.resolve().as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True)
        picture = Image.open(shown).convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(out, optimize=True)


def main() -> None:
    """Write the picture that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    screenshot(arguments.report, arguments.out)


if __name__ == "__main__":
    main()
