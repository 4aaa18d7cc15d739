"""Whether two results are of the same inputs, in the same order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spectra.compared._side import Side
    from spectra.explain import Summary

SAME = 1e-4  # of a sum: devices and threads round differently by less
READING = ("range", "mean", "std", "gray", "multiple", "crop", "num", "seed")


def difference_of_inputs(before: Side, after: Side) -> str | None:
    """Return why the inputs are not known to be the same; None where they are.

    The sums of the control row tell: the total and the level of each of 16 groups of inputs agree
    only where the groups hold the same inputs. Two models may have no period in common, and inputs
    that are no maps leave no such sums; there what they are called, how many they are and how they
    were read has to be the same.

    Parameters
    ----------
    before, after : Side
        The two results.
    """
    old, new = before.summary, after.summary
    if not old.inputs.used or not new.inputs.used:
        return "no inputs"
    if old.inputs.used != new.inputs.used:
        return f"{old.inputs.used} inputs before, {new.inputs.used} after"
    if old.inputs.shape != new.inputs.shape:
        return "inputs of another size"
    if not before.places or not after.places:
        return "no sums are stored beside the numbers (spectra.nc)"
    if (before.prints or after.prints) and not _agree(before, after):
        return "other inputs"
    if any(name.startswith("level") for name in before.prints.keys() & after.prints.keys()):
        return None
    return None if _named_alike(old, new) else "other inputs, as far as their names tell"


def _agree(before: Side, after: Side) -> bool:
    """Tell whether the sums of the inputs that both sides cut alike agree to rounding."""
    first, second = before.prints, after.prints
    shared = first.keys() & second.keys()
    return bool(shared) and all(
        first[name].shape == second[name].shape
        and np.allclose(
            first[name],
            second[name],
            rtol=SAME,
            atol=SAME * float(np.abs(first[name]).max(initial=0.0)),
            equal_nan=True,
        )
        for name in shared
    )


def _named_alike(old: Summary, new: Summary) -> bool:
    """Tell whether inputs have the same name and were read alike."""
    options = [[summary.run.options.get(name) for name in READING] for summary in (old, new)]
    return old.inputs == new.inputs and options[0] == options[1]
