"""Compare pictures: whose grid is stronger, of two folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from spectra._options import Progress
from spectra.images import Stronger, gather
from spectra.inputs import each_picture
from spectra.report import PictureComparison
from spectra.run._images import report_of


def compare_pictures(
    first: str | Path,
    second: str | Path,
    *,
    num: int | None = None,
    progress: Progress | None = None,
    each: Callable[..., Iterable[Any]] = each_picture,
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
    each : callable
        Who looks at the pictures, see `spectra.images.gather`.

    Returns
    -------
    PictureComparison
        Its repr is what the command prints.

    Raises
    ------
    NothingToAnalyseError
        If there is no picture that can be used in one of them.
    """
    one, other = (
        gather(folder, num=num, progress=progress, each=each) for folder in (first, second)
    )
    reports = (report_of(one), report_of(other))
    sides = [report.summary for report in reports]
    shown = [s.period for s in sides if s.verdict == "present" and s.period is not None]
    period = max(shown, default=8)
    patterns = ([row.pattern for row in one.rows], [row.pattern for row in other.rows])
    stronger = Stronger.between(one.ripples, other.ripples, period=period, patterns=patterns)
    return PictureComparison(reports, stronger=stronger)
