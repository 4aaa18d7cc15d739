"""Many networks, one file each: what is missing is run, and all of it is read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import torch

from spectra.study._cell import Cell, cell, folder_of, read_cell, training_of
from spectra.study._hypotheses import Seed
from spectra.study._matched import matched
from spectra.study._variants import network_of

Done = Callable[[Cell, int, int], None]


@dataclass(frozen=True)
class Study:
    """Which networks, where their files are, and how many at a time.

    Attributes
    ----------
    network : str
        Of `NETWORKS`.
    variants : sequence of str
    seeds : sequence of int
    folder : Path
    steps : int, optional
        Updates of each, by default the network's own number.
    jobs : int
        Processes, each of one thread, so that no number depends on how many there are.
    """

    network: str
    variants: Sequence[str]
    seeds: Sequence[int]
    folder: Path
    steps: int | None = None
    jobs: int = 2

    def run(self, done: Done) -> None:
        """Run what is missing, seed by seed: what there is when it stops is whole pairs."""
        missing = [place for place in self._places() if self._read(*place) is None]
        if self.jobs == 1:
            for number, place in enumerate(missing, start=1):
                done(self._cell(*place), number, len(missing))
            return
        with ProcessPoolExecutor(
            self.jobs, initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            running = [pool.submit(self._cell, *place) for place in missing]
            try:
                for number, one in enumerate(as_completed(running), start=1):
                    done(one.result(), number, len(missing))
                for _ in pool.map(self.seed, self.seeds):  # what is missing at matched quality
                    pass
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def seed(self, seed: int) -> Seed:
        """Return the networks of a seed that are there; at matched quality if all are."""
        cells = {v: found for v in self.variants if (found := self._read(v, seed)) is not None}
        whole = set(cells) == set(network_of(self.network).variants)
        return Seed(cells, matched(cells, self.folder) if whole else {})

    def _places(self) -> Iterable[tuple[str, int]]:
        return [(variant, seed) for seed in self.seeds for variant in self.variants]

    def _read(self, variant: str, seed: int) -> Cell | None:
        training = training_of(self.network, variant, seed, steps=self.steps)
        return read_cell(folder_of(self.folder, self.network, variant, seed), training)

    def _cell(self, variant: str, seed: int) -> Cell:
        return cell(self.network, variant, seed, self.folder, steps=self.steps)
