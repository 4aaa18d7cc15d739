"""What a user may decide about a run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spectra.errors import ParameterError
from spectra.load import check_options

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """The options of one run; the defaults fit most models.

    Attributes
    ----------
    range, mean, std, gray, multiple, crop, num
        How inputs are read, see `spectra.load.open_inputs`.
    batch : int, optional
        Inputs per forward pass; by default what fits 256 MiB of activations, at most 16.
    call : str
        The model's method to run, for example ``"decode"``.
    output : str or int, optional
        Which of several tensors that the model returns is its output: ``"audio"`` or a number;
        by default the largest map that comes through a step.
    steps : str, optional
        Only steps whose name matches this pattern are scored.
    layers : tuple of str
        Patterns of module names whose outputs are shown as well.
    device : str
        ``"auto"`` leaves the model where it is, or moves it to a GPU if there is one.
    threads : int, optional
        CPU threads; unchanged by default.
    seed : int
        Of the randomisation test and of drawn inputs.
    """

    range: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    gray: bool = False
    multiple: int | None = None
    crop: int | None = None
    num: int | None = 64
    batch: int | None = None
    call: str = "forward"
    output: str | int | None = None
    steps: str | None = None
    layers: tuple[str, ...] = ()
    device: str = "auto"
    threads: int | None = None
    seed: int = 0

    @property
    def reading(self) -> dict[str, Any]:
        """How inputs are read: arguments of `spectra.load.open_inputs`."""
        names = ("range", "mean", "std", "gray", "multiple", "crop", "num", "seed")
        return {name: getattr(self, name) for name in names}

    def check(self) -> None:
        """Raise ParameterError for what no model makes right: a range, a size, the device."""
        check_options(**self.reading)
        if self.device != "auto":
            check_device(self.device)


def check_device(name: str) -> None:
    """Raise ParameterError unless torch can use the device ``name`` here."""
    import torch

    try:
        torch.empty(0, device=torch.device(name))
    except (RuntimeError, AssertionError) as cause:
        raise ParameterError(f"device={name!r} cannot be used here: {cause}") from cause
