"""Pictures looked at by workers, some at a time; what they see comes back in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra.cluster._bench import in_turn
from spectra.cluster._crew import Killed
from spectra.cluster._home import at_home
from spectra.cluster._sift import sift
from spectra.inputs import Dropped, each_picture, picture_source

if TYPE_CHECKING:
    from spectra.cluster._crew import Crew
    from spectra.cluster._sift import Trial
    from spectra.inputs._pictures import PictureSource

AT_ONCE = 16  # pictures of one task
Look = Callable[[Any], Any]


@dataclass(frozen=True)
class _Album:
    """Some of the pictures that names stand for, and what is asked of each."""

    named: tuple[str, ...]
    home: Path
    look: Look

    def see(self, numbers: range) -> list[Any]:
        """Return what some pictures show, or why each is dropped; fewer where there are no more."""
        return in_turn(lambda: self._see(numbers))

    def _see(self, numbers: range) -> list[Any]:
        with at_home(self.home):
            source = _source(self.named, self.home)
            found = each_picture(source, self.look, first=numbers.start, num=len(numbers))
            return list(found)

    @contextmanager
    def trial(self) -> Iterator[Trial]:
        """Yield what looks at one picture by its number."""
        yield lambda number: self._see(range(number, number + 1))


@lru_cache(1)
def _source(named: tuple[str, ...], _home: Path) -> PictureSource:
    """Return the pictures; a folder of a million is listed once a worker, not once a task."""
    return picture_source(list(named))


def look_at_pictures(crew: Crew, *, tick: Callable[[], None]) -> Callable[..., Iterator[Any]]:
    """Return what does as `spectra.inputs.each_picture` does, in several processes.

    A picture that ends its process each time is dropped, with the reason.

    Parameters
    ----------
    crew : Crew
        Who looks; every worker sees the pictures under the same names.
    tick : callable
        Called several times a second; what it raises ends the work.
    """

    def each(source: PictureSource, look: Look, *, num: int | None = None) -> Iterator[Any]:
        album = _Album(source.named, Path.cwd(), look)
        for numbers, found in crew.in_order(album.see, _tasks(num), tick=tick):
            killed = isinstance(found, Killed)
            seen = list(_one_by_one(crew, album, numbers, tick=tick)) if killed else found
            yield from seen
            if len(seen) < len(numbers):
                return

    return each


def _tasks(num: int | None) -> Iterator[range]:
    """Yield the numbers of the pictures of one task after the other, without end where none is."""
    start = 0
    while num is None or start < num:
        yield range(start, start + AT_ONCE if num is None else min(start + AT_ONCE, num))
        start += AT_ONCE


def _one_by_one(
    crew: Crew, album: _Album, numbers: range, *, tick: Callable[[], None]
) -> Iterator[Any]:
    """Yield what pictures show that ended two workers; those that do so each time are dropped."""
    ((_, killers),) = crew.in_order(partial(sift, album.trial), [numbers], tick=tick)
    reasons = {} if isinstance(killers, Killed) else killers
    alone = [range(number, number + 1) for number in numbers if number not in reasons]
    seen = {one.start: found for one, found in crew.in_order(album.see, alone, tick=tick)}
    for number in numbers:
        found = seen.get(number)
        if number in reasons or isinstance(found, Killed):
            reason = reasons.get(number, "ended each worker that looked at it")
            yield Dropped(_name(album, number), reason)
        elif found:
            yield found[0]


def _name(album: _Album, number: int) -> str:
    """Return what a picture is called."""
    readers = picture_source(list(album.named)).readers()
    return next(islice(readers, number, None)).source
