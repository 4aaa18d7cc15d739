"""From what was gathered to the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from spectra.images._cause import common_text
from spectra.images._grid import carries
from spectra.images._judge import judge
from spectra.images._levels import Levels
from spectra.images._points import FOLD
from spectra.images._ripple import PERIODS, at_period, ripple_db
from spectra.images._sentences import sentences
from spectra.images._spectrum import contrast_db
from spectra.images._stronger import Stronger
from spectra.images._summary import (
    CauseRow,
    ImagesSummary,
    KindRow,
    PictureRow,
    PointRow,
    ReferenceRow,
    SeenRow,
)
from spectra.images._test import ALARMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.images._album import Album, Together
    from spectra.images._gathered import Gathered
    from spectra.images._grid import Finding

BLOCKS = ("jpeg", "double_jpeg")
WORST = 5  # pictures that are named


def summarise(found: Gathered, *, version: str, reference: Gathered | None = None) -> ImagesSummary:
    """Return the answer on some pictures.

    Parameters
    ----------
    found : Gathered
        What they show.
    version : str
        Of spectra.
    reference : Gathered, optional
        What pictures of the same history show, which is taken out.
    """
    together = found.album.together()
    kinds = _kinds(found)
    kind = _commonest(together, kinds)
    period = period_of(together) if kind is None else kind.period
    causes = tuple(CauseRow(cause.id, cause.text) for cause in together.causes)
    other = None if reference is None else _reference(found, reference, period)
    severity = judge(together, found.shown)
    verdict = together.verdict
    if other is not None and other.explained:
        verdict, severity = "none", SeenRow("none")
    rows = tuple(found.rows)
    sizes = sorted({(row.height, row.width) for row in rows}, key=lambda s: (s[0] * s[1], s))
    summary = ImagesSummary(
        spectra_version=version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        source=found.source,
        count=len(rows) + len(found.dropped),
        used=len(rows),
        dropped=tuple(found.dropped),
        sizes=(sizes[0], sizes[-1]),
        verdict=verdict,
        severity=severity,
        period=period,
        direction=None if together.grid is None else together.grid.direction,
        points=point_rows(together.findings, found.album),
        causes=causes if kind is None else kind.causes,
        combined=together.combined,
        alarms=together.alarms,
        alarms_limit=ALARMS,
        showing=sum(row.verdict == "present" for row in rows),
        suspect=sum(row.verdict == "suspect" for row in rows),
        kinds=kinds,
        ripple_db=_mean_ripple(found, period),
        worst=_worst(found),
        reference=other,
        notes=tuple(found.notes),
        answer={},
    )
    return replace(summary, answer=sentences(summary, rows))


def period_of(together: Together) -> int | None:
    """Return the period of what pictures show together."""
    if any(cause.id in BLOCKS for cause in together.causes[:1]):
        return FOLD
    if together.grid is not None and together.grid.is_grid:
        return together.grid.period
    tiles = [cause for cause in together.causes if cause.id in ("tiles", "patch")]
    return together.seams if tiles else None


def point_rows(found: Sequence[Finding], album: Album) -> tuple[PointRow, ...]:
    """Return the points that stand out, each once, the clearest first."""
    rows = []
    for point in dict.fromkeys(each.point for each in found):
        held = [each for each in found if each.point == point]
        fy, fx = float(point.fy), float(point.fx)
        rows.append(
            PointRow(
                fy=fy,
                fx=fx,
                label=str(point),
                channels=tuple(dict.fromkeys(each.channel for each in held)),
                residuals=tuple(dict.fromkeys(each.residual for each in held)),
                alarms=min(each.alarms for each in held),
                spectrum_db=contrast_db(album.spectrum, fy, fx) if album.tiles else None,
            )
        )
    return tuple(rows)


def _kinds(found: Gathered) -> tuple[KindRow, ...]:
    """Return how many pictures share a verdict, a period and causes, the commonest first."""
    held: dict[tuple[object, ...], list[PictureRow]] = {}
    for row in found.rows:
        if row.verdict != "none":
            key = (row.verdict, row.period, *(cause.id for cause in row.causes))
            held.setdefault(key, []).append(row)
    commonest = sorted(held.values(), key=len, reverse=True)
    return tuple(
        KindRow(len(rows), rows[0].verdict, rows[0].period, _common_causes(rows))
        for rows in commonest
    )


def _common_causes(rows: Sequence[PictureRow]) -> tuple[CauseRow, ...]:
    """Return the causes of pictures of one kind, in words that are true of all of them."""
    each = zip(*(row.causes for row in rows), strict=True)
    return tuple(CauseRow(same[0].id, common_text([c.text for c in same])) for same in each)


def _commonest(together: Together, kinds: Sequence[KindRow]) -> KindRow | None:
    """Return the kind of most pictures, where each has its own origin and some show a grid.

    Those of one origin are told by what all of them show; so are pictures that only show
    something together.
    """
    shown = [kind for kind in kinds if kind.verdict == "present"]
    if together.combined != "own origins" or not shown:
        return None
    return shown[0]


def _mean_ripple(found: Gathered, period: int | None) -> float:
    at = period if period in PERIODS else FOLD
    return ripple_db(float(np.mean([at_period(each, at) for each in found.ripples])))


def _worst(found: Gathered) -> tuple[str, ...]:
    shown = [row for row in found.rows if row.verdict == "present"]
    return tuple(
        row.source for row in sorted(shown, key=lambda row: row.strength, reverse=True)[:WORST]
    )


def _reference(found: Gathered, reference: Gathered, period: int | None) -> ReferenceRow:
    """Return what the reference carries of the grid.

    It explains the grid where it shows the same, see `_is_same`, and neither its ripple nor its
    pattern, in luma and in colour, is shown to be the weaker one.
    """
    theirs = reference.album.together()
    change = Stronger.between(found.ripples, reference.ripples, period=period or FOLD)
    low, high = change.interval or (-np.inf, np.inf)
    luma, colour = (
        Levels.between(*([getattr(row, kind) for row in side.rows] for side in (found, reference)))
        for kind in ("luma_pattern", "colour_pattern")
    )
    return ReferenceRow(
        source=reference.source,
        used=len(reference.rows),
        verdict=theirs.verdict,
        period=period_of(theirs),
        ripple_db=change.second_db,
        difference=(change.difference, float(low), float(high)),
        levels=luma,
        explained=_is_same(found.album.together(), theirs, period)
        and change.which != "first"
        and luma.explains
        and colour.explains,
    )


def _is_same(own: Together, theirs: Together, period: int | None) -> bool:
    """Tell whether others show a grid of the same period, or its points, in the same channels.

    Blocks of compression are told by their votes, whatever points stand out besides. Seams of
    tiles explain no other period: a multiple of it says nothing of what lies between them.
    """
    their_period = period_of(theirs)
    if period is None or their_period is None:
        return False
    if all(side.causes[:1] and side.causes[0].id in BLOCKS for side in (own, theirs)):
        return their_period == period
    same = their_period == period
    return (same or theirs.grid is not None) and carries(
        theirs.findings, own.findings, same_period=same
    )
