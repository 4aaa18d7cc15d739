"""Peak memory in MiB, each in a process of its own.

    python memory.py bare MODEL BATCH        one forward pass of so many inputs
    python memory.py analysis MODEL INPUTS   a whole analysis; on Linux also the peak of each stage

What is printed last is the peak of all.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import networks
import torch

from spectra.spectrum import _compiled

if TYPE_CHECKING:
    from timing import Table
    from torch import Tensor, nn

SIDES = {"unet": 256, "nafnet": 256, "sr": 64, "demo": 64}
STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def main() -> None:
    """Run what was asked for and print what it took."""
    what, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    _compiled.LEAST = sys.maxsize  # numba's compiler takes some 100 MiB of its own
    model = build(name).eval()
    if what == "bare":
        with torch.inference_mode():
            model(pictures(name, count))
        print(f"{peak():.0f}")
        return
    stages = Stages()
    batch = analysis(name, model, count, stages)
    for stage, most in stages.most.items():
        print(f"{stage}: {most:.0f}")
    print(f"batch: {batch}")
    print(f"{max([peak(), *stages.most.values()]):.0f}")


def build(name: str) -> nn.Module:
    """Return an untrained network; the small one is the demonstration's."""
    if name == "demo":
        from spectra import demo

        return demo.small()
    kind = {"unet": networks.UNet, "nafnet": networks.NAFNet, "sr": networks.SuperResolution}
    return kind[name]()


def pictures(name: str, count: int) -> Tensor:
    """Return random inputs."""
    return torch.rand(count, 3, SIDES[name], SIDES[name])


def analysis(name: str, model: nn.Module, count: int, stages: Stages) -> int:
    """Analyse a model, and return how many inputs ran at a time."""
    from spectra import Options, analyze
    from spectra.gather import _pass

    batches, batch_size = [], _pass.batch_size

    def noted(*arguments: object) -> int:
        batches.append(batch_size(*arguments))  # type: ignore[arg-type]
        return batches[-1]

    _pass.batch_size = noted  # type: ignore[assignment]
    side = SIDES[name]
    inputs = f"random:image?shape=3,{side},{side}&n={count}&seed=0"
    options = Options(num=None, batch=8 if name == "demo" else None)
    stages.begin("open")
    analyze(model, inputs, options=options, progress=stages)
    stages.begin("")
    return batches[-1]


class Stages:
    """Hears the progress of an analysis, and notes the peak between one word and the next."""

    def __init__(self) -> None:
        self.most: dict[str, float] = defaultdict(float)
        self._stage = ""

    def __call__(self, stage: str, _done: int, _total: int) -> None:
        self.begin(stage)

    def begin(self, stage: str) -> None:
        """Count what was taken until now for the last stage, and begin another one."""
        if self._stage:
            self.most[self._stage] = max(self.most[self._stage], peak())
        self._stage = stage
        with suppress(OSError):
            REFERENCES.write_text("5")


def peak() -> float:
    """Return the peak since the last stage began, or since ever where the system tells no more."""
    with suppress(OSError):
        lines = STATUS.read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bench_memory(table: Table) -> None:
    """Peak memory of whole analyses and of bare forward passes, each in a process of its own."""

    def told(*words: str) -> dict[str, float]:
        command = [sys.executable, __file__, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return {
            stage: float(value)
            for stage, _, value in (line.rpartition(": ") for line in done.stdout.splitlines())
        }

    table.title("Peak memory")
    for name in ("unet", "nafnet", "sr"):
        stages = told("analysis", name, "16")
        batch, whole = stages.pop("batch"), stages.pop("")
        bare = told("bare", name, f"{batch:.0f}")[""]
        table.note(f"{name}: bare forward of {batch:.0f} inputs", f"{bare:.0f} MiB")
        for stage, most in stages.items():
            table.note(f"{name}: {stage} / bare", f"{most / bare:.2f} x")
        table.at_most(f"{name}: analysis / bare", whole / bare, 1.3)
    few, many = (told("analysis", "demo", count)[""] for count in ("16", "1024"))
    table.note("demo: analysis of 16 inputs", f"{few:.0f} MiB")
    table.at_most("demo: growth from 16 to 1024 inputs", 100 * (many / few - 1), 2, "%")


if __name__ == "__main__":
    main()
