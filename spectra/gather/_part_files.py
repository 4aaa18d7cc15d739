"""Sums of finished parts in files: written by rename, found again by the run that goes on."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from spectra._files import read_whole
from spectra.errors import InputError, ParameterError, SpectraError
from spectra.gather._parts import parts_of
from spectra.gather._sums import Sums
from spectra.gather._tree import FAN, Stretch, Tree, is_stretch

if TYPE_CHECKING:
    from spectra.gather._plan import RunPlan

PLAN, LEFT_OUT, SCHEMA = "plan.json", "left-out.json", "spectra.parts/1"
NAME = re.compile(r"(?P<name>[a-z]+\d?)-(?P<start>\d{6,})-(?P<stop>\d{6,})\.npz")
UNFINISHED = re.compile(r"\.(?:plan\.json|left-out\.json|[a-z]+\d?-\d+-\d+\.npz)\.[0-9a-f]{8}\.new")


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

    def are_worth(self, count: int) -> bool:
        """Tell whether a run on so many inputs has parts to keep, or to find."""
        return self.only or parts_of(count) > 1

    def asked(self) -> dict[str, Any]:
        """Return the plan file as it stands in the folder.

        Raises
        ------
        InputError
            If there is none, or none that this version reads.
        """
        file = self.folder / PLAN
        try:
            held = json.loads(read_whole(file))
        except FileNotFoundError as error:
            raise InputError(
                f"{self.folder} holds no {PLAN}: expected the folder that spectra analyze --shard "
                "writes parts to"
            ) from error
        except (OSError, ValueError) as error:
            raise InputError(f"{file} cannot be read: {error}") from error
        if not isinstance(held, dict) or held.get("schema") != SCHEMA:
            raise InputError(f"{file} is no plan of spectra analyze ({SCHEMA})")
        return held

    def begin(self, plan: RunPlan) -> None:
        """Take over what is there of the same plan.

        Raises
        ------
        ParameterError
            If the folder holds parts of another plan.
        """
        self._plan = plan
        if not (self.folder / PLAN).exists() and not self.only:
            self._check_no_parts()
            return
        theirs = self.asked().get("plan")
        # sums are added in the same way wherever they were measured
        loose = ("device", "threads") if self.only else ()
        if isinstance(theirs, dict):
            self._plan = replace(plan, fields=theirs)
        if differing := plan.differing(theirs, but=loose):
            raise ParameterError(
                f"{self.folder}: holds parts of another run: {'; '.join(differing)}; give the same "
                "options to go on with it, remove the folder to start anew, or choose another --out"
            )

    def write_plan(self) -> None:
        """Write the plan, so that others know what the parts are of."""
        assert self._plan is not None
        about = {
            "schema": SCHEMA,
            "hash": self._plan.hash,
            "plan": self._plan.fields,
            "inputs": self._plan.inputs,
            "request": self.request,
        }
        text = json.dumps(about, indent=1)
        self._write(PLAN, lambda file: _write_text(file, text))

    def left_out(self) -> dict[int, str]:
        """Return the inputs that are left out of the run by number, and why.

        Raises
        ------
        InputError
            If the file that says so is damaged.
        """
        file = self.folder / LEFT_OUT
        try:
            held = json.loads(read_whole(file))
            return {int(number): str(reason) for number, reason in held.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            raise InputError(f"{file} cannot be read ({error}): remove it") from error

    def leave_out(self, inputs: Mapping[int, str]) -> None:
        """Leave some more inputs out of the run: those that open it from now on do not read them.

        Parameters
        ----------
        inputs : mapping of int to str
            Numbers, and why each is of no use.
        """
        every = {**self.left_out(), **inputs}
        text = json.dumps({str(number): every[number] for number in sorted(every)}, indent=1)
        self._write(LEFT_OUT, lambda file: _write_text(file, text))

    @property
    def are_due(self) -> bool:
        """Whether it is time to write again."""
        return time.monotonic() - self._written >= self.every

    @property
    def are_begun(self) -> bool:
        """Whether anything has been written, by this run or another."""
        return (self.folder / PLAN).exists()

    def stretches(self, name: str, start: int = 0) -> Iterator[tuple[int, int]]:
        """Yield the stretches of a pass that files hold, which begin at a part or after it."""
        with suppress(FileNotFoundError):
            for file in os.scandir(self.folder):
                match = NAME.fullmatch(file.name)
                if match and match["name"] == name and int(match["start"]) >= start:
                    yield int(match["start"]), int(match["stop"])

    def find(self, name: str, start: int, parts: int) -> Stretch | None:
        """Return the longest stretch that begins at a part, of those that the tree can add next.

        None where it has to be measured; a damaged file is removed.

        Raises
        ------
        InputError
            Where all have to be there: if that part is missing, or its file damaged or foreign.
        """
        stops = sorted((b for a, b in self.stretches(name, start) if a == start), reverse=True)
        for stop in stops:
            if not _is_usable(start, stop, parts):
                continue
            try:
                found = Stretch(start, stop, self.load(name, start, stop))
            except InputError as error:
                if self.only:
                    raise
                self.say(str(error))
                self._path(name, start, stop).unlink(missing_ok=True)
            except FileNotFoundError:  # another process has put it into a longer one
                return self.find(name, start, parts)
            else:
                self._tell(stop)
                return found
        if self.only and not self.is_inside(name, start, parts):
            raise InputError(self.missing_text(name, parts))
        return None

    def is_inside(self, name: str, part: int, parts: int) -> bool:
        """Tell whether a part lies in a stretch that begins before it."""
        held = self.stretches(name)
        return any(a < part < b and _is_usable(a, b, parts) for a, b in held)

    def load(self, name: str, start: int, stop: int) -> Sums:
        """Return the sums of a stretch.

        Raises
        ------
        InputError
            If the file is damaged, or of another plan.
        """
        assert self._plan is not None
        file = self._path(name, start, stop)
        sums, header = Sums.read(file)
        if header != self._header(name, start, stop):
            raise InputError(f"{file} is of another plan, or not what its name says: remove it")
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
            if (start, start + length) in self.stretches(name, start):
                length *= FAN
                continue
            inside = [(a, b) for a, b in self.stretches(name, start) if b <= start + length]
            if sum(b - a for a, b in inside) < length:
                return
            try:
                sums = self._branch(name, start, start + length)
            except (FileNotFoundError, InputError):  # folded meanwhile, or for `find` to report
                return
            self.keep(name, [Stretch(start, start + length, sums)])
            length *= FAN

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

    def covered(self, name: str) -> set[int]:
        """Return the parts of a pass that files hold."""
        return {part for a, b in self.stretches(name) for part in range(a, b)}

    def missing_text(self, name: str, parts: int) -> str:
        """Say which parts of a pass no file holds."""
        missing = sorted(set(range(parts)) - self.covered(name))
        named = ", ".join(f"{name}-{part:06d}" for part in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        return (
            f"{self.folder}: {len(missing)} of {parts} parts are missing: {named}{more}; run the "
            "same spectra analyze --shard again for them, or without --shard to measure them here"
        )

    def clear(self) -> None:
        """Remove the folder, and in it what was written of the run."""
        with suppress(FileNotFoundError):
            for file in list(os.scandir(self.folder)):
                if (
                    file.name in (PLAN, LEFT_OUT)
                    or NAME.fullmatch(file.name)
                    or UNFINISHED.fullmatch(file.name)
                ):
                    Path(file).unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _tell(self, stop: int) -> None:
        if not self._told and not self.only and self._plan is not None:
            self._told = True
            self.say(f"goes on with the finished parts in {self.folder}")

    def _check_no_parts(self) -> None:
        """Raise where parts lie in the folder whose plan nobody knows."""
        if self.folder.exists() and any(NAME.fullmatch(f.name) for f in os.scandir(self.folder)):
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


def _is_usable(start: int, stop: int, parts: int) -> bool:
    """Tell whether the tree takes a stretch: as one of its own, or as the whole."""
    return stop <= parts and (is_stretch(start, stop) or (start, stop) == (0, parts))


def _write_text(file: Path, text: str) -> None:
    file.write_text(text)
