"""Sums of finished parts in files: written by rename, found again by the run that goes on."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from spectra.errors import InputError, ParameterError, SpectraError
from spectra.gather._left_out import LEFT_OUT, left_out_text, read_left_out
from spectra.gather._parts import FIRST, parts_of
from spectra.gather._plan_file import PLAN, HeldPlan, plan_text
from spectra.gather._sums import Sums
from spectra.gather._tree import FAN, Stretch, Tree, is_stretch

if TYPE_CHECKING:
    from spectra.gather._plan import RunPlan

NAMED = 3  # missing parts that are named
NAME = re.compile(r"(?P<name>[a-z]+\d?)-(?P<start>\d{6,9})-(?P<stop>\d{6,9})\.npz")
WHOLE = rf"{re.escape(PLAN)}|{re.escape(LEFT_OUT)}|[a-z]+\d?-\d+-\d+\.npz"
OURS = re.compile(rf"{WHOLE}|\.(?:{WHOLE})\.[0-9a-f]{{8}}\.new")


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass
class PartFiles:
    """A folder of the sums of finished parts, beside the result that they are for.

    Each file holds the sums of a stretch of parts, see `spectra.gather._tree`. Several processes
    may write to one folder.

    Attributes
    ----------
    folder : Path
        Made when the first file is written.
    every : float
        Seconds from one writing to the next, and from the start to the first.
    only : bool
        Whether all parts have to be there: none is measured here.
    request : dict
        What was asked for, as plain values: it is written beside the plan, for who sums the parts.
    say : callable
        Is told, in a sentence, what of an earlier run is used.
    """

    folder: Path
    every: float = 60.0
    only: bool = False
    request: dict[str, Any] = field(default_factory=dict)
    say: Callable[[str], None] = _silent

    def __post_init__(self) -> None:
        self._plan: RunPlan | None = None
        self._written = time.monotonic()
        self._told = False

    @classmethod
    def beside(cls, target: Path, **options: Any) -> PartFiles:
        """Return the files of parts that belong to the result in a folder."""
        named = target if target.name.strip(".") else target.resolve()
        return cls(named.with_name(f"{named.name}.parts"), **options)

    @property
    def are_begun(self) -> bool:
        """Whether anything has been written, by this run or another."""
        return (self.folder / PLAN).exists()

    @property
    def are_due(self) -> bool:
        """Whether it is time to write again."""
        return time.monotonic() - self._written >= self.every

    def are_worth(self, count: int) -> bool:
        """Tell whether a run on so many inputs has parts to keep, or to find."""
        return self.only or parts_of(count) > 1

    def begin(self, plan: RunPlan) -> None:
        """Take over what is there of the same plan.

        Raises
        ------
        ParameterError
            If the folder holds parts of another plan.
        """
        self._plan = plan
        if not self.are_begun and not self.only:
            self._check_no_parts()
            return
        theirs = HeldPlan.read(self.folder).fields
        # sums are added in the same way wherever they were measured
        loose = ("device", "threads") if self.only else ()
        self._plan = replace(plan, fields=theirs)
        if differing := plan.differing(theirs, but=loose):
            raise ParameterError(
                f"{self.folder}: holds parts of another run: {'; '.join(differing)}; give the same "
                "options to go on with it, remove the folder to start anew, or choose another --out"
            )

    def write_plan(self) -> None:
        """Write the plan, so that others know what the parts are of."""
        assert self._plan is not None
        text = plan_text(self._plan, self.request)
        self._write(PLAN, lambda file: _write_text(file, text))

    def left_out(self) -> dict[int, str]:
        """Return the inputs that are left out of the run by number, and why."""
        return read_left_out(self.folder / LEFT_OUT)

    def leave_out(self, inputs: Mapping[int, str]) -> None:
        """Leave some more inputs out of the run: those that open it from now on do not read them.

        Parameters
        ----------
        inputs : mapping of int to str
            Numbers, and why each is of no use.
        """
        text = left_out_text({**self.left_out(), **inputs})
        self._write(LEFT_OUT, lambda file: _write_text(file, text))

    def stretches(self, name: str, start: int = 0) -> list[tuple[int, int]]:
        """Return the stretches of a pass that files hold, which begin at a part or after it."""
        try:
            matches = map(NAME.fullmatch, os.listdir(self.folder))
        except FileNotFoundError:
            return []
        held = [(int(m["start"]), int(m["stop"])) for m in matches if m and m["name"] == name]
        return [stretch for stretch in held if stretch[0] >= start]

    def find(self, name: str, start: int, parts: int) -> Stretch | None:
        """Return the longest stretch that begins at a part, of those that the tree can add next.

        None where it has to be measured; a file that is no good is set aside.

        Raises
        ------
        InputError
            Where all have to be there: if that part is missing, or its file damaged or foreign.
        """
        stops = sorted((b for a, b in self.stretches(name, start) if a == start), reverse=True)
        for stop in stops:
            if not is_usable(start, stop, parts):
                continue
            try:
                found = Stretch(start, stop, self.load(name, start, stop))
            except InputError as error:
                self._set_aside(error, self._path(name, start, stop))
            except FileNotFoundError:  # another process has put it into a longer one
                return self.find(name, start, parts)
            else:
                self._tell()
                return found
        if self.only and not self.is_inside(name, start, parts):
            raise InputError(self.missing_text(name, parts))
        return None

    def is_inside(self, name: str, part: int, parts: int) -> bool:
        """Tell whether a part lies in a stretch that begins before it."""
        held = self.stretches(name)
        return any(a < part < b and is_usable(a, b, parts) for a, b in held)

    def load(self, name: str, start: int, stop: int) -> Sums:
        """Return the sums of a stretch.

        Raises
        ------
        InputError
            If the file is damaged, or of another plan.
        """
        file = self._path(name, start, stop)
        sums, header = Sums.read(file)
        if header != self._header(name, start, stop):
            raise InputError(f"{file} is of another run, or not of the parts that its name says")
        return sums

    def keep(self, name: str, held: Sequence[Stretch]) -> None:
        """Write the sums of some stretches; remove what they replace.

        Raises
        ------
        SpectraError
            If they cannot be written; what was written before stays.
        """
        there = set(self.stretches(name))
        if not self.are_begun:
            self.write_plan()
        for stretch in held:
            if (stretch.start, stretch.stop) not in there:
                self._save(name, stretch)
        for start, stop in there:
            longer = (h for h in held if h.start <= start and stop <= h.stop)
            if any((h.start, h.stop) != (start, stop) for h in longer):
                self._path(name, start, stop).unlink(missing_ok=True)
        self._written = time.monotonic()

    def fold(self, name: str, part: int) -> None:
        """Put the branches that a part completes into one file each.

        Where two processes do so at once, both write the same.
        """
        length = FAN
        while True:
            start = part // length * length
            stop = start + length
            inside = [(a, b) for a, b in self.stretches(name, start) if b <= stop]
            if (start, stop) not in inside:
                if sum(b - a for a, b in inside) < length:
                    return
                try:
                    branch = Stretch(start, stop, self._branch(name, start, stop))
                except (FileNotFoundError, InputError):  # folded meanwhile, or for `find` to tell
                    return
                self.keep(name, [branch])
            length *= FAN

    def covered(self, name: str, parts: int) -> set[int]:
        """Return which of so many parts of a pass files hold."""
        held = [(a, b) for a, b in self.stretches(name) if is_usable(a, b, parts)]
        return {part for a, b in held for part in range(a, b)}

    def check_all_there(self, parts: int) -> None:
        """Raise InputError that names what is missing unless the first pass is there, or later."""
        if len(self.covered(FIRST, parts)) < parts:
            raise InputError(self.missing_text(FIRST, parts))

    def missing_text(self, name: str, parts: int) -> str:
        """Say which parts of a pass no file holds."""
        there = self.covered(name, parts)
        missing = parts - len(there)
        first = islice((part for part in range(parts) if part not in there), NAMED)
        named = ", ".join(f"{name}-{part:06d}" for part in first)
        more = f" and {missing - NAMED} more" if missing > NAMED else ""
        again = "" if name == FIRST else "maps share content, and inputs run again without it: "
        return (
            f"{self.folder}: {again}{missing} of {parts} parts are missing: {named}{more}; run the "
            "same spectra analyze --shard again for them, or without --shard to measure them here"
        )

    def clear(self) -> None:
        """Remove the folder, and in it what was written of the run."""
        with suppress(FileNotFoundError):
            for file in os.listdir(self.folder):
                if OURS.fullmatch(file):
                    (self.folder / file).unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _branch(self, name: str, start: int, stop: int) -> Sums:
        """Return the sum of a branch whose parts are all in files."""
        tree = Tree()
        at = start
        while at < stop:
            ends = [b for a, b in self.stretches(name, at) if a == at and b <= stop]
            end = max((b for b in ends if is_stretch(at, b)), default=at)
            tree.push(Stretch(at, end, self.load(name, at, end)))
            at = end
        return tree.total()

    def _set_aside(self, error: InputError, file: Path) -> None:
        """Rename a file that is no good, so that its parts are measured anew; or raise."""
        if self.only:
            raise InputError(f"{error}: remove it, and run the same shards again") from error
        with suppress(OSError):
            file.replace(bad := file.with_name(f"{file.name}.bad"))
            self.say(f"{error}: set aside as {bad.name}, its parts are measured anew")

    def take_over(self, name: str, parts: int) -> None:
        """Say now whether parts of an earlier run are used, and not of those that come later.

        Parameters
        ----------
        name : str
            Of the pass that begins.
        parts : int
            How many parts it has.
        """
        if self.covered(name, parts):
            self._tell()
        self._told = True

    def _tell(self) -> None:
        if not self._told and not self.only:
            self._told = True
            self.say(f"goes on with the finished parts in {self.folder}")

    def _check_no_parts(self) -> None:
        """Raise where parts lie in the folder whose plan nobody knows."""
        if self.folder.exists() and any(map(NAME.fullmatch, os.listdir(self.folder))):
            raise ParameterError(f"{self.folder}: holds parts without a {PLAN}: remove the folder")

    def _header(self, name: str, start: int, stop: int) -> dict[str, Any]:
        assert self._plan is not None
        return {"plan": self._plan.hash, "pass": name, "start": start, "stop": stop}

    def _path(self, name: str, start: int, stop: int) -> Path:
        return self.folder / f"{name}-{start:06d}-{stop:06d}.npz"

    def _save(self, name: str, stretch: Stretch) -> None:
        header = self._header(name, stretch.start, stretch.stop)
        path = self._path(name, stretch.start, stretch.stop)
        self._write(path.name, lambda file: stretch.sums.write(file, header))

    def _write(self, name: str, write: Callable[[Path], None]) -> None:
        """Write a file under another name, and rename it: whole, or not there."""
        new = self.folder / f".{name}.{token_hex(4)}.new"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                write(new)
                new.replace(self.folder / name)
            finally:
                new.unlink(missing_ok=True)
        except OSError as error:
            raise SpectraError(
                f"{self.folder / name} cannot be written: {error.strerror or error}; finished "
                "parts are kept, and the same command goes on with them"
            ) from error


def is_usable(start: int, stop: int, parts: int) -> bool:
    """Tell whether the tree takes a stretch: as one of its own, or as the whole."""
    return stop <= parts and (is_stretch(start, stop) or (start, stop) == (0, parts))


def _write_text(file: Path, text: str) -> None:
    file.write_text(text)
