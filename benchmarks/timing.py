"""Interleaved timings: what is compared takes turns, so that a busy machine slows all alike."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

import torch

Work = Callable[[], object]


def now() -> float:
    """Return CPU seconds where one thread works, which other processes disturb least."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def medians(work: Mapping[str, Work], *, rounds: int) -> dict[str, float]:
    """Return the median seconds of each piece of work, each run once a round after a warm-up.

    Python collects its garbage between them, as in ``timeit``: with many libraries loaded one
    collection takes a quarter of a second, of whatever is running.
    """
    for run in work.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in work}
    gc.disable()
    try:
        for _ in range(rounds):
            for name, run in work.items():
                gc.collect()
                began = now()
                run()
                taken[name].append(now() - began)
    finally:
        gc.enable()
    return {name: median(seconds) for name, seconds in taken.items()}


def load() -> str:
    """Return the load of the machine over the last minute, and its cores."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


class Table:
    """Rows of a markdown table; a measured ratio stands beside its target."""

    HEAD = "| what | measured | target | |\n|---|---|---|---|"

    def __init__(self) -> None:
        self.met: list[bool] = []

    def title(self, text: str) -> None:
        """Begin a table."""
        print(f"\n### {text} ({load()})\n\n{self.HEAD}", flush=True)

    def at_most(self, what: str, value: float, target: float, unit: str = "x") -> None:
        """Add a row whose value should stay at or below its target."""
        self._row(what, f"{value:.2f} {unit}", f"<= {target:g} {unit}", value <= target)

    def at_least(self, what: str, value: float, target: float, unit: str = "x") -> None:
        """Add a row whose value should reach its target."""
        self._row(what, f"{value:.2f} {unit}", f">= {target:g} {unit}", value >= target)

    def note(self, what: str, value: str) -> None:
        """Add a row without a target."""
        print(f"| {what} | {value} | | |", flush=True)

    def grid(self, title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table of columns of its own, a row as soon as it is there."""
        print(f"\n### {title} ({load()})\n")
        print(f"| {' | '.join(header)} |\n{'|---' * len(header)}|", flush=True)
        for row in rows:
            print(f"| {' | '.join(row)} |", flush=True)

    def _row(self, what: str, measured: str, target: str, met: bool) -> None:
        self.met.append(met)
        print(f"| {what} | {measured} | {target} | {'met' if met else 'missed'} |", flush=True)
