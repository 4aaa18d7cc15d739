"""Networks stopped early, where they are as good on clean inputs as the worst of their seed.

A worse network can look robust because it does little. So each network is attacked once more as it
was when it first reached the clean quality with which the worst of its seed ended.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from spectra import remedy
from spectra.errors import LoadError
from spectra.study._cell import SIGNS, Cell, folder_of, read_json, write_json
from spectra.study._evaluate import evaluate
from spectra.study._train import evaluated_weights
from spectra.study._trivial import PRIMARY
from spectra.study._under_attack import under_attack
from spectra.study._variants import BUDGET, STEPS, build, network_of

ROUNDING = 1e-4  # of quality, between a network and the same one with its kernels merged
MATCHED_ATTACK = f"pgd:{BUDGET},steps={STEPS[-1]}"


@dataclass(frozen=True)
class Matched:
    """A network as it was when it reached a clean quality.

    Attributes
    ----------
    level : float
        The quality that had to be reached.
    step : int
        The first evaluated update at which it was.
    clean, attacked : float
        Quality then, without and under PGD of 20 steps.
    """

    level: float
    step: int
    clean: float
    attacked: float


def matched(cells: dict[str, Cell], folder: Path) -> dict[str, Matched]:
    """Return the networks of one seed that are not dead at one clean quality.

    Parameters
    ----------
    cells : dict of str to Cell
        Of one network and seed: every variant.
    folder : Path
        Of the whole study. What was measured before is read.
    """
    alive = {name: cell for name, cell in cells.items() if not cell.dead}
    if not alive:
        return {}
    name = PRIMARY[network_of(next(iter(alive.values())).network).task().name]
    level = min(SIGNS[name] * cell.clean[name] for cell in alive.values()) * SIGNS[name]
    return {variant: _at(level, cell, name, folder) for variant, cell in alive.items()}


def _at(level: float, cell: Cell, name: str, folder: Path) -> Matched:
    """Return one network as it was when its quality ``name`` was first at ``level``."""
    own = folder_of(folder, cell.network, cell.variant, cell.seed)
    path = own / "matched.json"
    if path.exists():
        known = read_json(path)
        if known.get("level") == level:
            return Matched(**known)
    step = _first_step(own, level, name)
    from safetensors.torch import load_file

    network, task = build(cell.network, cell.variant, cell.seed), network_of(cell.network).task()
    network.load_state_dict(load_file(evaluated_weights(own, step)))
    network = remedy.merged(network.eval())
    attacked = under_attack(task, network, [MATCHED_ATTACK])[MATCHED_ATTACK]["quality"][name]
    made = Matched(level, step, clean=evaluate(task, network)[name], attacked=attacked)
    write_json(path, asdict(made))
    return made


def _first_step(own: Path, level: float, name: str) -> int:
    """Return the first evaluated update at which a network was as good; the last always was."""
    rows = read_json(own / "training.json")["history"]
    reached = (
        int(row["step"])
        for row in rows
        if row["step"] > 0
        and row["values"]
        and SIGNS[name] * row["values"][name] >= SIGNS[name] * level - 1e-6
    )
    step = next(reached, None)
    if step is None:
        raise LoadError(f"{own} never reached {name} {level:g}: expected its last row to")
    return step
