"""CPU seconds until the command answers, or says why it cannot."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from timing import Table
from torch import nn

ROUNDS = 5
SPECTRA = ("-m", "spectra_cli")


def bench_start(table: Table) -> None:
    """Add what starting, refusing and importing take; the targets are those of an idle core."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save({"up.weight": torch.ones(8, 3, 4, 4)}, folder / "bare.pth")
        torch.save(nn.ConvTranspose2d(8, 3, 4, 2), folder / "module.pth")
        used = _least(
            {
                "help": (*SPECTRA, "--help"),
                "missing": (*SPECTRA, "analyze", "nothing.pth"),
                "bare": (*SPECTRA, "analyze", "bare.pth"),
                "module": (*SPECTRA, "analyze", "module.pth"),
                "torch": ("-c", "import torch"),
                "both": ("-c", "import torch, xarray"),
                "analysis": ("-c", "import torch, xarray, spectra.run._analyze"),
            },
            folder,
        )
    table.title("Start-up; the targets are for an idle core")
    table.at_most("spectra --help", used["help"], 0.3, "CPU s")
    table.at_most("spectra analyze of a missing file", used["missing"], 0.5, "CPU s")
    table.at_most("spectra analyze of weights without a model", used["bare"], 3, "CPU s")
    table.at_most("spectra analyze of a pickled module", used["module"], 3, "CPU s")
    table.note("import torch", f"{used['torch']:.2f} CPU s")
    beyond = used["analysis"] - used["both"]
    table.at_most("import spectra.run beyond torch and xarray", beyond, 0.5, "CPU s")


def _least(commands: dict[str, Sequence[str]], folder: Path) -> dict[str, float]:
    """Return the least CPU seconds of each command, which take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, arguments in commands.items():
            before = children_cpu()
            subprocess.run(
                [sys.executable, *arguments], cwd=folder, capture_output=True, check=False
            )
            seconds[name].append(children_cpu() - before)
    return {name: min(taken) for name, taken in seconds.items()}


def children_cpu() -> float:
    """Return the CPU seconds of all finished subprocesses."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
