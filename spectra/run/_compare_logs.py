"""Compare logs of trainings: when the grid came, and in which it is stronger at the end."""

from __future__ import annotations

from pathlib import Path

from spectra.errors import ParameterError
from spectra.report import TrainingLog, TrainingReport


def compare_logs(*paths: str | Path) -> TrainingReport:
    """Compare what `spectra.Monitor` logged of one training or of several.

    Parameters
    ----------
    *paths : str or Path
        Its CSV files. Of one, the last measurement is compared with the first; of several, the
        last ones.

    Returns
    -------
    TrainingReport
        Its repr is what the command prints.

    Raises
    ------
    ParameterError
        If there is none.
    InputError
        If a file is no such log, or is damaged.
    """
    if not paths:
        raise ParameterError("no log given: expected a CSV file of spectra.Monitor, or several")
    logs = [TrainingLog.read(path) for path in paths]
    alike = len({log.name for log in logs}) < len(logs)
    named = [log.named(str(p)) if alike else log for log, p in zip(logs, paths, strict=True)]
    return TrainingReport(tuple(named))
