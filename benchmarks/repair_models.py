"""Take the grid out of published decoders by ``spectra repair`` and write the table.

    python -m benchmarks.repair_models [NAME ...] [--passes N] [--train T] [--out TABLE.md]

Needs the real data (``SPECTRA_DATA`` or ``../shared/data``), which are not part of the project;
``demo`` needs none. Inputs and decoders are those of ``repair_decoders.py``.
"""

import argparse
import os
import time
from pathlib import Path

import torch

from benchmarks.repair_decoders import DEFAULT, ROOT, load, number
from spectra import Options
from spectra.repair import Budget
from spectra.report import RepairReport
from spectra.run import repair_model
from support.realdata import DECODERS

HEADER = (
    "| decoder | CPU min | severity | output dBc | change, dB | worst place, before, aim, after | "
    "to the aim, before, after | to old | detail | cured |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


def main() -> None:
    """Repair the named decoders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"demo or of {', '.join(DECODERS)}")
    parser.add_argument("--passes", type=int, default=30)
    parser.add_argument("--train", default="behind", choices=["steps", "behind", "decoder"])
    parser.add_argument("--with", dest="remedy")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--pages", type=Path, help="folder for repair.html of each")
    arguments = parser.parse_args()
    data = Path(os.environ.get("SPECTRA_DATA") or ROOT.parent / "shared" / "data")
    torch.set_num_threads(1)
    table = HEADER
    for name in arguments.names or DEFAULT:
        model, inputs = load(name, data)
        span = None if name == "demo" else DECODERS[name].range
        started = time.process_time()
        report = repair_model(
            model,
            inputs,
            budget=Budget(train=arguments.train, passes=arguments.passes),
            unseen=True,
            remedy=arguments.remedy,
            options=Options(num=None, range=None if span is None else "{:g}..{:g}".format(*span)),
        )
        row = describe(name, report, time.process_time() - started)
        print(row, flush=True)
        table += row + "\n"
        if arguments.pages:
            report.save(arguments.pages / name, force=True)
    if arguments.out:
        arguments.out.write_text(table)


def describe(name: str, report: RepairReport, seconds: float) -> str:
    """Return the decoder's row of the table."""
    cure = report.cure
    interval = ""
    if cure.change_ci95_db is not None:
        interval = " ({:.1f} to {:.1f})".format(*cure.change_ci95_db)
    change = "" if cure.change_db is None else f"{cure.change_db:+.1f}{interval}"
    places = (255 * each for each in (cure.worst_before, cure.worst_aim, cure.worst_after))
    energies = (cure.locked_before_dbc, cure.locked_after_dbc)
    cells = [
        name,
        f"{seconds / 60:.1f}",
        f"{cure.severity_before} to {cure.severity_after}",
        ", ".join("none" if dbc is None else f"{dbc:.1f}" for dbc in energies),
        change,
        ", ".join(f"{each:.1f}" for each in places),
        f"{number(cure.aim_before_db)}, {number(cure.aim_psnr_db)}",
        number(cure.old_psnr_db),
        "" if cure.sharpness_db is None else f"{cure.sharpness_db:+.2f}",
        cure.cured if not cure.missing else f"{cure.cured}: {'; '.join(cure.missing)}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
