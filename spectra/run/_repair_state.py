"""The file by which a repair that was stopped goes on."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from spectra import _walk as walk
from spectra.errors import ParameterError

if TYPE_CHECKING:
    from torch import nn

    from spectra._options import Options
    from spectra.load import LoadedModel
    from spectra.repair import Budget

SCHEMA = "spectra.repair-state/1"


@dataclass(frozen=True)
class StateFile:
    """Where a repair keeps how far it is; nowhere without a path.

    Attributes
    ----------
    path : Path or None
    mark : str
        Digest of the weights and the options: a state is that of one repair.
    """

    path: Path | None
    mark: str

    @classmethod
    def of(
        cls,
        path: str | Path | None,
        loaded: LoadedModel,
        model: nn.Module,
        *,
        options: Options,
        budget: Budget | None,
    ) -> StateFile:
        """Return the file of one repair, to which all that decides its course belongs."""
        digest = hashlib.sha256()
        course = {k: v for k, v in asdict(options).items() if k not in ("threads", "device")}
        train = None if budget is None else (budget.train, budget.passes)
        digest.update(repr((loaded.source, sorted(course.items()), train)).encode())
        for parameter in walk.parameters(model):
            digest.update(parameter.detach().cpu().double().numpy().tobytes())
        return cls(None if path is None else Path(path), digest.hexdigest())

    def load(self) -> dict[str, Any] | None:
        """Return the state of an earlier run; None where there is none.

        Raises
        ------
        ParameterError
            If the file is no such state, or that of another repair.
        """
        if self.path is None or not self.path.exists():
            return None
        try:
            state = torch.load(self.path, weights_only=True, map_location="cpu")
        except Exception as error:  # what torch raises for a file that is none of its own
            raise ParameterError(f"{self.path}: is no state of a repair: remove it") from error
        if not isinstance(state, dict) or state.get("schema") != SCHEMA:
            raise ParameterError(f"{self.path}: is no state of a repair: remove it")
        if state["mark"] != self.mark:
            raise ParameterError(
                f"{self.path}: is the state of another repair: of other weights, inputs or "
                "options; remove it to start anew"
            )
        return dict(state["state"])

    def save(self, state: dict[str, Any]) -> None:
        """Write a state in the place of the last, or not at all."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(f"{self.path.name}.new")
        torch.save({"schema": SCHEMA, "mark": self.mark, "state": state}, new)
        new.replace(self.path)

    def remove(self) -> None:
        """Remove the file of a repair that is done."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
