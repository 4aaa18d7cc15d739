"""Which inputs of a run are left out, as a file says that all who measure it read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from spectra._files import read_whole
from spectra.errors import InputError

LEFT_OUT = "left-out.json"


def read_left_out(file: Path) -> dict[int, str]:
    """Return the inputs that are left out by number, and why; none where there is no file.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    try:
        held = json.loads(read_whole(file))
        return {int(number): str(reason) for number, reason in held.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{file} cannot be read ({error}): remove it") from error


def left_out_text(inputs: Mapping[int, str]) -> str:
    """Return what the file says, in the order of the inputs."""
    return json.dumps({str(number): inputs[number] for number in sorted(inputs)}, indent=1)
