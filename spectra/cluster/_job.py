"""What a worker has to know to do its part of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra._options import Options
from spectra.cluster._home import at_home

if TYPE_CHECKING:
    from spectra.gather import PartByPart, PartFiles


@dataclass(frozen=True)
class Job:
    """A run whose parts any process measures that sees the same files.

    Attributes
    ----------
    model : str
        A file or name of a model, which each worker loads itself, once.
    loading : dict
        Arguments of `spectra.load.load_model`.
    inputs : str or list of str
        What each worker opens.
    options : Options
        The same for all; the number of threads is fixed.
    folder : Path
        Where the sums of finished parts go.
    home : Path
        The folder that relative names start from.
    left_out : int
        How many inputs are left out: a worker opens the run anew when there are more.
    """

    model: str
    inputs: Any
    loading: dict[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    folder: Path = Path()
    home: Path = field(default_factory=Path.cwd)
    left_out: int = 0

    @contextmanager
    def opened(self, files: PartFiles | None = None) -> Iterator[PartByPart]:
        """Load the model, open the inputs, and yield the parts; all names are taken from home.

        Parameters
        ----------
        files : PartFiles, optional
            By default those in the folder.
        """
        from spectra.gather import PartFiles
        from spectra.load import load_model
        from spectra.run import part_by_part

        with ExitStack() as stack:
            stack.enter_context(at_home(self.home))
            opened = part_by_part(
                load_model(self.model, **self.loading),
                self.inputs,
                files=files or PartFiles(self.folder),
                options=self.options,
            )
            yield stack.enter_context(opened)

    @contextmanager
    def trial(self) -> Iterator[Callable[[int], object]]:
        """Yield what runs one input by its number, by itself."""
        with self.opened() as parts:
            yield parts.trial
