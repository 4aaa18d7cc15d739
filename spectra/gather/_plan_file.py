"""The plan of a run as a file beside its parts: what they are of, and who asked for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectra._files import read_whole
from spectra.errors import InputError
from spectra.gather._parts import parts_of

if TYPE_CHECKING:
    from pathlib import Path

    from spectra.gather._plan import RunPlan

PLAN, SCHEMA = "plan.json", "spectra.parts/1"


@dataclass(frozen=True)
class HeldPlan:
    """What a plan file holds.

    Attributes
    ----------
    fields : dict
        Those of the plan.
    parts : int
        Number of parts.
    request : dict
        What was asked for, as plain values.
    """

    fields: dict[str, Any]
    parts: int
    request: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> HeldPlan:
        """Read the plan file in a folder.

        Raises
        ------
        InputError
            If there is none, or none that this version reads.
        """
        file = folder / PLAN
        try:
            held = json.loads(read_whole(file))
        except FileNotFoundError as error:
            raise InputError(
                f"{folder} holds no {PLAN}: expected the folder that spectra analyze --shard "
                "writes parts to"
            ) from error
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{file} cannot be read: {error}") from error
        kinds = {"plan": dict, "parts": int, "request": dict}
        known = isinstance(held, dict) and held.get("schema") == SCHEMA
        if not known or any(not isinstance(held.get(name), kind) for name, kind in kinds.items()):
            raise InputError(f"{file} is no plan of spectra analyze ({SCHEMA})")
        return cls(held["plan"], held["parts"], held["request"])


def plan_text(plan: RunPlan, request: Mapping[str, Any]) -> str:
    """Return what a plan file holds of a run."""
    about = {
        "schema": SCHEMA,
        "hash": plan.hash,
        "plan": plan.fields,
        "parts": parts_of(plan.inputs),
        "request": request,
    }
    return json.dumps(about, indent=1)
