"""All numbers of a study in one file, so that its tables can be made anew without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spectra._text import brief
from spectra.errors import LoadError
from spectra.study._cell import SCHEMA, cell_from, read_json
from spectra.study._hypotheses import Seed
from spectra.study._matched import Matched


def saved(network: str, seeds: Sequence[Seed]) -> dict[str, Any]:
    """Return the numbers of one network's seeds as plain values."""
    return {
        "schema": SCHEMA,
        "network": network,
        "seeds": [
            {
                "cells": {name: asdict(cell) for name, cell in seed.cells.items()},
                "matched": {name: asdict(one) for name, one in seed.matched.items()},
            }
            for seed in seeds
        ],
    }


def read_seeds(path: Path, network: str) -> list[Seed]:
    """Return what `saved` told of a network.

    Raises
    ------
    LoadError
        If the file is none of these, or of another network.
    """
    text = read_json(path)
    if text.get("schema") != SCHEMA or text.get("network") != network:
        raise LoadError(
            f"{path} holds no numbers of {network}: expected a file that --save wrote, and "
            f"--network {text.get('network', network)}"
        )
    try:
        return [
            Seed(
                {name: cell_from(cell, path) for name, cell in seed["cells"].items()},
                {name: Matched(**one) for name, one in seed["matched"].items()},
            )
            for seed in text["seeds"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise LoadError(f"{path} is damaged ({brief(error)}): write it anew with --save") from error
