"""Work given to several processes from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from spectra.errors import ClusterError, SpectraError
from spectra_cli._parts import kept
from spectra_cli._stop import StopRequest, stop

if TYPE_CHECKING:
    from spectra.cluster import Crew
    from spectra.gather import PartFiles
    from spectra_cli._request import Request
    from spectra_cli._terminal import Progress, Terminal


@dataclass(frozen=True)
class Staff:
    """Who does the work: so many processes here, those of a cluster, or this one alone.

    Attributes
    ----------
    workers : int or None
        Processes to start on this machine.
    scheduler : str or None
        Address or file of a cluster that is there.
    """

    workers: int | None
    scheduler: str | None

    @classmethod
    def take(cls, given: dict[str, Any]) -> Staff:
        """Take the options out of those that were given, and check them."""
        staff = cls(given.pop("workers"), given.pop("scheduler"))
        if staff.is_wanted:
            from spectra.cluster import check_cluster

            check_cluster(workers=staff.workers, scheduler=staff.scheduler)
        return staff

    @property
    def is_wanted(self) -> bool:
        """Whether anybody else is to work."""
        return self.workers is not None or self.scheduler is not None

    @contextmanager
    def hired(self, terminal: Terminal) -> Iterator[Crew]:
        """Have the workers inside the block; where it fails, show what they logged."""
        from spectra.cluster import hire

        with hire(workers=self.workers, scheduler=self.scheduler) as crew:
            try:
                yield crew
            except StopRequest:
                raise
            except Exception as error:
                if isinstance(error, ClusterError) or not isinstance(error, SpectraError):
                    for line in crew.logs():
                        terminal.note(line)
                raise


def measure_on(staff: Staff, terminal: Terminal, request: Request, files: PartFiles) -> None:
    """Have all parts of an analysis measured by others.

    Parameters
    ----------
    staff : Staff
        Who measures.
    terminal : Terminal
    request : Request
        The model, the inputs, and how they run.
    files : PartFiles
        Where finished parts go.
    """
    from spectra.cluster import Job, measure_parts

    job = Job(request.model, request.inputs, request.loading, request.options)
    with kept(terminal, files), terminal.progress() as progress:
        measure_parts(
            partial(staff.hired, terminal), job, files, progress=progress, say=terminal.note
        )


@contextmanager
def looking(staff: Staff, terminal: Terminal) -> Iterator[dict[str, Any]]:
    """Yield who looks at pictures, as an argument of `spectra.run.measure_images`; else nothing."""
    if not staff.is_wanted:
        yield {}
        return
    from spectra.cluster import look_at_pictures

    with staff.hired(terminal) as crew:
        yield {"each": look_at_pictures(crew, tick=stop.check)}


@contextmanager
def analysing(staff: Staff, terminal: Terminal, progress: Progress) -> Iterator[dict[str, Any]]:
    """Yield how `spectra.run.compare` goes through models and tells about it, as its arguments."""
    if not staff.is_wanted:
        yield {"progress": progress}
        return
    from spectra.cluster import map_in

    with staff.hired(terminal) as crew:
        yield {"each": map_in(crew, progress=progress)}
