"""A training that was interrupted goes on where its last checkpoint was written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from spectra._process import random_states, set_random_states
from spectra._text import brief
from spectra.errors import LoadError, SpectraError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file, all of it or nothing: what was there stays until the new one is complete.

    Raises
    ------
    SpectraError
        If it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, RuntimeError, SafetensorError) as error:  # of Python's and others' writers
        raise SpectraError(
            f"{path} cannot be written ({brief(error)}): expected a folder that can be written to, "
            "with room on its disk"
        ) from error
    finally:
        if part.is_file():
            part.unlink()


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` and the random states of this moment."""
    everything = {**state, "random": _plain(random_states())}
    write_whole(path, lambda part: torch.save(everything, part))


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Return what `save_checkpoint` wrote, None where there is nothing.

    Raises
    ------
    LoadError
        If the file is no checkpoint.
    """
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        state["random"]
    except Exception as error:
        raise LoadError(
            f"{path} is no checkpoint of a training ({brief(error)}): delete it to begin anew"
        ) from error
    return state


def restore_random(state: dict[str, Any]) -> None:
    """Go on with the random states of a checkpoint."""
    own, (kind, keys, *rest), python = state["random"]
    numbers = np.array(keys, dtype=np.uint32)
    version, words, gauss = python
    set_random_states((own, (kind, numbers, *rest), (version, tuple(words), gauss)))


def _plain(states: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return random states without arrays, which a checkpoint is not trusted to hold."""
    own, (kind, keys, *rest), python = states
    return own, (kind, keys.tolist(), *rest), python
