"""What a repair made of a model: the record behind ``repair.json``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spectra._printable import encodable, encode_json
from spectra.report._folder import writing

if TYPE_CHECKING:
    from spectra.remedy import Cost, Plan
    from spectra.repair import Cure, Views
    from spectra.repair._cure import Cured

REBUILD = """\
from pathlib import Path
from safetensors.torch import load_file
from spectra.remedy import rebuild
net = rebuild({net}, Path("plan.json").read_text())
net.load_state_dict(load_file("model.safetensors"))
"""
RELOAD = """\
from safetensors.torch import load_file
net = {net}
net.load_state_dict(load_file("model.safetensors"))
"""
BEHIND = """\
from spectra.repair import Filtered
net = Filtered.load({net}, "filter.safetensors")
"""
WRAP = """\
import json
from pathlib import Path
from spectra.repair import Shifts, Spun
facts = json.loads(Path("repair.json").read_text())["spin"]
net = Spun({net}, Shifts(**facts))
"""


Way = Literal["training", "filter"]


@dataclass(frozen=True)
class Other:
    """How another way to repair the same model did, which was not taken.

    Attributes
    ----------
    way : {"training", "filter"}
    cured : {"yes", "partly", "no"}
        On the same inputs.
    missing : tuple of str
        Why it is not "yes".
    """

    way: Way
    cured: Cured
    missing: tuple[str, ...]


@dataclass(frozen=True)
class RepairReport:
    """What a repair made of a model.

    Attributes
    ----------
    source, inputs : str
        The model, and the inputs.
    learned, held_out : int
        How many inputs it was repaired from, and how many others it is judged by.
    cure : Cure
        How it does on the others.
    aim : dict
        What the outputs should be, why, and what else was tried.
    training : dict or None
        Stages, layers, passes and seconds; None without training.
    spin : dict or None
        Arguments of `spectra.repair.Shifts`, where the model is wrapped instead.
    layer : dict or None
        What the layer behind the model takes out, where there is one instead.
    plan : Plan or None
        What was swapped; None where all layers are the model's own.
    other : Other or None
        How the other way did, where two were tried.
    before, after : Cost
        Cost of the model and of the repaired one.
    seconds : float
        How long all of it took.
    seed : int
        Of everything random.
    views : Views
        Places before and after, and spectra.
    model : torch.nn.Module
        The repaired model.
    """

    source: str
    inputs: str
    learned: int
    held_out: int
    cure: Cure
    aim: dict[str, Any]
    before: Cost
    after: Cost
    seconds: float
    seed: int
    views: Views = field(repr=False, compare=False)
    model: Any = field(repr=False, compare=False)
    training: dict[str, Any] | None = None
    spin: dict[str, Any] | None = None
    layer: dict[str, Any] | None = None
    plan: Plan | None = None
    other: Other | None = None

    def beside(self, way: Way, cured: Cured, missing: tuple[str, ...]) -> RepairReport:
        """Return the same, which tells how another way did."""
        return replace(self, other=Other(way, cured, missing))

    @property
    def rebuild(self) -> str:
        """Lines of Python that make the repaired model again in its folder."""
        if self.layer is not None:
            lines = BEHIND
        elif self.spin is not None:
            lines = WRAP
        else:
            lines = RELOAD if self.plan is None else REBUILD
        return lines.format(net="MyNet()")

    def text(self, *, wrote: str | PathLike[str] | None = None) -> str:
        """Return the answer as text; ``wrote`` says where it was written, if it was."""
        from spectra._printable import printable
        from spectra.report._repair_text import repair_lines

        lines = repair_lines(self) + ([("Wrote", str(wrote))] if wrote else [])
        return "".join(f"{label:<9} {printable(line)}\n" for label, line in lines)

    def json(self) -> bytes:
        """Return the answer as JSON (schema ``spectra.repair/1``), without model and pictures."""
        names = [name for name in self.__dataclass_fields__ if name not in ("views", "model")]
        return encode_json(
            {"schema": "spectra.repair/1", **{name: getattr(self, name) for name in names}}
        )

    def save(
        self, directory: str | PathLike[str], *, force: bool = False, checked: bool = False
    ) -> Path:
        """Write a folder, or nothing.

        It holds ``model.safetensors`` (of a trained model) or ``filter.safetensors`` (of a layer
        behind it), ``plan.json`` (where layers were swapped), ``repair.json``, ``repair.html`` and
        ``figures``.

        Parameters
        ----------
        directory : path
            Folder to make.
        force : bool
            Replace an old result.
        checked : bool
            See `spectra.report.Trial.save`.

        Raises
        ------
        ParameterError
            If the folder exists and ``force`` is not given, or it cannot be created.
        """
        from spectra.report._figure_files import save_figures
        from spectra.report._repair_page import draw_repair, repair_page  # loads jinja2

        figures = draw_repair(self)
        with writing(directory, force=force, checked=checked) as folder:
            if self.layer is not None:
                self.model.save(folder / "filter.safetensors")
            elif self.spin is None:
                (folder / "model.safetensors").write_bytes(self._weights())
            if self.plan is not None:
                (folder / "plan.json").write_text(self.plan.to_json(), encoding="utf-8")
            (folder / "repair.json").write_bytes(self.json())
            (folder / "repair.html").write_bytes(repair_page(self, figures))
            save_figures(figures, folder=folder / "figures", formats=("png",))
        return Path(directory)

    def _weights(self) -> bytes:
        """Return the repaired weights as a safetensors file, whose names are Unicode."""
        from safetensors.torch import save

        state = self.model.state_dict()
        return save({encodable(k): value.detach().cpu().clone() for k, value in state.items()})
