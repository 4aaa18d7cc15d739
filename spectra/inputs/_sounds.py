"""Sound: found, checked file by file, and read again when its turn comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from spectra._hertz import rate_text
from spectra._text import brief, listed
from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs._decode import UnusableError
from spectra.inputs._input_set import Dropped
from spectra.inputs._inputs import Inputs, Origin
from spectra.inputs._once import Once
from spectra.inputs._prepare import Preparation, centre
from spectra.inputs._sound_files import Sounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 61440  # samples of the middle of each file: 2^12 times 15, which most strides divide
MULTIPLES = (7680, 64, 1)  # of which the length is one, the first that is short enough
SPAN = (-1.0, 1.0)  # full scale of sound
MOST_VALUES = 1 << 26  # that are read of one file, whatever its header says that it holds


@dataclass(frozen=True)
class _Recording:
    """A file that can be used: what it holds, not its values."""

    path: Path
    channels: int
    length: int
    rate: int


def open_sounds(named: Sounds, how: Preparation, once: Once) -> Inputs:
    """Return the middles of files of sound as inputs (channel, time), equal in length.

    Each file is opened once here, so that what cannot be used is known before anything runs, and
    again when it is needed and ``once`` does not keep it. Only the middle is read, in full scale
    -1..1.

    Raises
    ------
    NothingToAnalyseError
        If no file can be used; the reasons are given.
    """
    found, dropped = _check_all(named.files, how)
    found, others = _of_one_rate(found)
    dropped += others
    if not found:
        raise NothingToAnalyseError(_nothing(named, dropped, how))
    length = _common_length(found, how)
    alike = len({recording.channels for recording in found}) == 1
    mono = how.gray or not alike
    read = _Middle(length, mono, once, of=len(found[: how.num]))
    kept, equal = _different(found[: how.num], read)
    dropped += equal
    if not kept:
        raise NothingToAnalyseError(_nothing(named, dropped, how))
    channels = Preparation(mean=how.mean, std=how.std).channels(
        1 if mono else kept[0].channels, named.source
    )
    span = how.range or SPAN

    def samples(first: int = 0) -> Iterator[Tensor]:
        for recording in islice(kept, first, None):
            yield Preparation(mean=how.mean, std=how.std).values(torch.from_numpy(read(recording)))

    return Inputs(
        source=named.source,
        kind="sound",
        count=len(named.files),
        used=len(kept),
        dropped=tuple(dropped),
        shape=(channels, length),
        bounds=how.bounds(span, channels),
        notes=(*_describe(kept, named, length=length, mono=mono), *how.notes()),
        origins=tuple(Origin(str(one.path), None, (one.length,)) for one in kept),
        samples=samples,
        sample_rate=float(kept[0].rate),
        once=once,
    )


def _check_all(paths: Sequence[Path], how: Preparation) -> tuple[list[_Recording], list[Dropped]]:
    """Return the files that can be used, and those dropped on the way."""
    found: list[_Recording] = []
    dropped: list[Dropped] = []
    for path in paths:
        try:
            found.append(_facts(path, how.crop or 1))
        except UnusableError as problem:
            dropped.append(Dropped(str(path), str(problem)))
    return found, dropped


def _facts(path: Path, least: int) -> _Recording:
    """Return what a file holds; raise UnusableError with the reason why it is useless."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            recording = _Recording(path, file.channels, file.frames, file.samplerate)
    except (soundfile.SoundFileError, OSError) as error:
        raise UnusableError(f"cannot be read as sound ({brief(error)})") from error
    if recording.length < least:
        raise UnusableError(f"{recording.length} samples are fewer than {least}")
    return recording


def _of_one_rate(found: list[_Recording]) -> tuple[list[_Recording], list[Dropped]]:
    """Return the files of the commonest sample rate, and the others as dropped."""
    if not found:
        return found, []
    ((rate, _),) = Counter(recording.rate for recording in found).most_common(1)
    reason = f"is not at {rate_text(rate)} as most: expected files of one sample rate"
    return (
        [one for one in found if one.rate == rate],
        [
            Dropped(str(one.path), f"its sample rate {rate_text(one.rate)} {reason}")
            for one in found
            if one.rate != rate
        ],
    )


def _common_length(found: Sequence[_Recording], how: Preparation) -> int:
    """Return how many samples of each file are used: as asked for, else what the shortest has."""
    if how.crop:
        return how.crop
    least = min(LONGEST, *(recording.length for recording in found))
    multiple = how.multiple or next(m for m in MULTIPLES if m <= least)
    return max(least // multiple * multiple, 1)


@dataclass(frozen=True)
class _Middle:
    """Reads so many samples of the middle of a file, one of so many files, each once."""

    length: int
    mono: bool
    once: Once
    of: int

    def __call__(self, recording: _Recording) -> NDArray[np.float32]:
        """Return the values, shape (channel, length)."""
        values = self.once.get(recording.path)
        if values is None:
            values = _read(recording, self.length, mono=self.mono)
            self.once.put(recording.path, values, of=self.of)
        return values


def _different(
    found: Sequence[_Recording], read: Callable[[_Recording], NDArray[np.float32]]
) -> tuple[list[_Recording], list[Dropped]]:
    """Return the files whose middles are finite, vary and differ, and why the others are not."""
    kept: list[_Recording] = []
    dropped: list[Dropped] = []
    seen: dict[bytes, Path] = {}
    for recording in found:
        try:
            values = read(recording)
        except InputError as problem:
            dropped.append(Dropped(str(recording.path), str(problem)))
            continue
        twin = seen.setdefault(blake2b(values.tobytes(), digest_size=16).digest(), recording.path)
        repeated = None if twin is recording.path else f"the same values as {twin.name}"
        if reason := _useless(values) or repeated:
            dropped.append(Dropped(str(recording.path), reason))
        else:
            kept.append(recording)
    return kept, dropped


def _useless(values: NDArray[np.float32]) -> str | None:
    """Return why the middle of a file is of no use, if it is none."""
    if not np.isfinite(values).all():
        return "holds NaN or infinite values"
    silent = bool((values == values.flat[0]).all())
    return "silent: all values of its middle are equal" if silent else None


def _read(recording: _Recording, length: int, *, mono: bool) -> NDArray[np.float32]:
    """Return the middle of a file, float32 of shape (channel, length)."""
    import soundfile

    if length * recording.channels > MOST_VALUES:
        text = f"{length} samples of {recording.channels} channels"
        raise InputError(f"{text} are more than {MOST_VALUES} values: expected a smaller crop")
    (window,) = centre((recording.length,), (length,))
    try:
        with soundfile.SoundFile(recording.path) as file:
            file.seek(window.start)
            values = file.read(length, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise InputError(f"cannot be read as sound ({brief(error)})") from error
    if values.shape != (length, recording.channels):
        raise InputError("ends before the length that it declares")
    values = values.mean(1, keepdims=True) if mono else values
    return np.ascontiguousarray(values.T)


def _describe(
    kept: Sequence[_Recording], named: Sounds, *, length: int, mono: bool
) -> Iterator[str]:
    """Yield what was assumed in reading files of sound."""
    yield f"sound of {rate_text(kept[0].rate)} in full scale -1..1"
    lengths = sorted({recording.length for recording in kept})
    if lengths != [length]:
        ends = dict.fromkeys((lengths[0], lengths[-1]))
        yield f"the middle {length} samples of {' to '.join(map(str, ends))}"
    if mono and any(recording.channels > 1 for recording in kept):
        yield "channels mixed to one"
    if len(kept) < len(named.files):
        yield f"{len(kept)} of {len(named.files)} files used, in sorted order"
    if named.skipped:
        yield f"{named.skipped} other files skipped"


def _nothing(named: Sounds, dropped: Sequence[Dropped], how: Preparation) -> str:
    """Say why no file can be used, and what to type where all are silent."""
    reasons = listed((f"{Path(one.source).name}: {one.reason}" for one in dropped), 3)
    text = f"{named.source} holds no sound that can be used: {reasons}; expected "
    if all(one.reason.startswith("silent") for one in dropped):
        return f"{text}sound; what a model makes of silence is shown by --probe silence"
    long = f" of at least {how.crop} samples" if how.crop else " with sound in them"
    return f"{text}wav or flac files{long}"
