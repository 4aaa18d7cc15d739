"""A trained network under each attack of a list; what was found is kept and not found again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from spectra._text import brief
from spectra.attack import AttackSpec
from spectra.errors import LoadError
from spectra.study._adversarial import against
from spectra.study._checkpoint import write_whole
from spectra.study._sets import spread
from spectra.study._task import Task
from spectra.study._team import Team
from spectra.study._under_attack import families, under_attack

FILE = "attacks.json"
SCHEMA = "spectra.attacks/1"


def kept_under_attack(
    task: Task,
    model: nn.Module,
    folder: Path,
    attacks: Sequence[str],
    *,
    samples: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, dict[str, dict[str, float]]]:
    """Return what `under_attack` finds, sample by sample, by the whole text of each attack.

    It is written to ``attacks.json`` after each run, and what is there is read: an interrupted
    evaluation goes on.

    Parameters
    ----------
    task : Task
    model : Module
        The one that ``folder`` is the training of.
    folder : path
    attacks : sequence of str
        Such as ``pgd:eps=8/255,steps=10``; where no loss is named, the task's own is raised.
    samples : int, optional
        How many are attacked, evenly spread; all by default.
    progress : callable, optional
        Called with ``(what, done, total)`` before each run.

    Raises
    ------
    LoadError
        If the file there is no such one.
    """
    team = Team.present()
    path = folder / FILE
    part = replace(task, test=spread(task.test, samples))
    about = f"{part.test.source}, {len(part.test)} samples"
    found = _read(path, about)
    texts = [str(against(task, attack)) for attack in attacks]
    missing = {text: AttackSpec.parse(text) for text in texts if text not in found}
    runs = families(missing)
    for number, run in enumerate(runs):
        if progress is not None:
            progress(run[-1], number, len(runs))
        found |= under_attack(part, model, run, at_once=1, team=team)
        if team.writes:
            _write(path, {"schema": SCHEMA, "samples": about, "values": found})
    return {text: found[text] for text in texts}


def _write(path: Path, held: dict[str, Any]) -> None:
    text = json.dumps(held, indent=1) + "\n"
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def _read(path: Path, about: str) -> dict[str, dict[str, dict[str, float]]]:
    """Return what was found before on the same samples."""
    if not path.exists():
        return {}
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["samples"] != about:
            return {}
        return {text: dict(values) for text, values in held["values"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoadError(
            f"{path} holds no metrics under attacks ({brief(error)}): delete it to begin anew"
        ) from error
