"""What a user may decide about a run."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """The options of one run; the defaults fit most models.

    Attributes
    ----------
    range, mean, std, gray, multiple, crop, num, layout
        How inputs are read, see `spectra.inputs.open_inputs`.
    batch : int, optional
        Inputs per forward pass; by default what fits 256 MiB of activations, at most 16.
    bgr : bool
        Whether pictures are given in the order blue, green, red.
    call : str
        The model's method to run, for example ``"decode"``.
    call_args : mapping
        What the method is given beside the inputs, by parameter: numbers, texts, tensors, or the
        name of a file of one, ``"prompt.pt"``. A tensor of one row is repeated for each input.
    output : str or int, optional
        Which of several tensors that the model returns is its output: ``"audio"`` or a number;
        by default the largest map that comes through a step.
    steps : str, optional
        Only steps whose name matches this pattern are scored.
    layers : tuple of str
        Patterns of module names whose outputs are shown as well.
    blame : bool
        Whether the grid is taken out of each step's maps to see what the output loses: up to ten
        more passes of at most 16 inputs.
    attack : str, optional
        Also run attacked inputs, and say what that does to the output and its grid: an attack as
        `spectra.attack.AttackSpec` reads it, such as ``"pgd:eps=8/255,steps=5"``.
    targets : str, optional
        What the output of each input should be, which the attack drives it away from; by default
        the model's own clean output. See `spectra.inputs.open_targets`.
    device : str
        ``"auto"`` leaves the model where it is, or moves it to a GPU if there is one.
    threads : int, optional
        CPU threads; unchanged by default.
    sample_rate : float, optional
        Samples a second of the model's output along time, by which its frequencies are told in
        Hz; by default what the inputs' files say.
    probe : str, optional
        Also what the model makes of a constant: ``"silence"``, or ``"constant=-11.5"`` for the
        value that its inputs have in silence. See `spectra.probe.parse_probe`.
    seed : int
        Seed of the randomisation test and of drawn inputs.
    """

    range: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    gray: bool = False
    multiple: int | None = None
    crop: int | None = None
    num: int | None = 64
    batch: int | None = None
    bgr: bool = False
    call: str = "forward"
    call_args: Mapping[str, object] = field(default_factory=dict, hash=False)
    output: str | int | None = None
    steps: str | None = None
    layers: tuple[str, ...] = ()
    blame: bool = True
    attack: str | None = None
    targets: str | None = None
    device: str = "auto"
    threads: int | None = None
    sample_rate: float | None = None
    layout: str | None = None
    probe: str | None = None
    seed: int = 0

    @property
    def reading(self) -> dict[str, Any]:
        """How inputs are read: arguments of `spectra.inputs.open_inputs`."""
        names = ("range", "mean", "std", "gray", "multiple", "crop", "num", "seed", "bgr", "layout")
        return {name: getattr(self, name) for name in names}

    @property
    def told(self) -> dict[str, Any]:
        """All options as JSON can hold them: of a tensor its shape."""
        constants = {name: _plain(value) for name, value in self.call_args.items()}
        return {**asdict(replace(self, call_args={})), "call_args": constants}


def _plain(value: object) -> object:
    if hasattr(value, "shape"):
        return f"tensor {tuple(value.shape)}"
    return value if isinstance(value, bool | int | float | str) else str(value)
