"""Compare pictures: whose grid is stronger, of two folders."""

from __future__ import annotations

from pathlib import Path

from spectra._options import Progress
from spectra.images import Stronger, gather
from spectra.report import PictureComparison
from spectra.run._images import report_of


def compare_pictures(
    first: str | Path,
    second: str | Path,
    *,
    num: int | None = None,
    progress: Progress | None = None,
) -> PictureComparison:
    """Compare the grids of two folders of pictures, which need not correspond.

    Parameters
    ----------
    first, second : str or Path
        See `spectra.measure_images`.
    num : int, optional
        At most so many pictures of each.
    progress : callable, optional
        Called as ``progress(what, done, total)``.

    Returns
    -------
    PictureComparison
        Its repr is what the command prints.

    Raises
    ------
    NothingToAnalyseError
        If there is no picture that can be used in one of them.
    """
    one, other = (gather(each, num=num, progress=progress) for each in (first, second))
    reports = (report_of(one), report_of(other))
    sides = [each.summary for each in reports]
    shown = [s.period for s in sides if s.verdict == "present" and s.period is not None]
    period = max(shown, default=8)
    return PictureComparison(
        reports, stronger=Stronger.between(one.ripples, other.ripples, period=period)
    )
