"""What some of the inputs leave: sums that can be added, in a file of plain arrays."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra._files import open_zip
from spectra.errors import InputError
from spectra.inputs import Dropped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

HEADER = "header"
PLAIN = "biufc"  # kinds of NumPy's types that hold numbers and nothing else
DAMAGED = (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, MemoryError)


@dataclass
class Sums:
    """What a stretch of parts leaves on its way through a model.

    Attributes
    ----------
    added : dict of ndarray
        Sums over the inputs, by place and name: ``steps/0/total_1``.
    kept : dict of ndarray
        What the first inputs leave to be looked at; of one part only.
    dropped : list of Dropped
        Inputs that turned out to be of no use, in order.
    """

    added: dict[str, NDArray[Any]]
    kept: dict[str, NDArray[Any]] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)

    def add(self, later: Sums) -> None:
        """Add what later inputs left; a place that is in one of both only keeps its sums.

        Raises
        ------
        InputError
            If the arrays are not of the same shapes: they are of another plan.
        """
        for name, values in later.added.items():
            mine = self.added.setdefault(name, values)
            if mine is values:
                continue
            if (mine.shape, mine.dtype) != (values.shape, values.dtype):
                raise InputError(f"sums of {name} have shapes {mine.shape} and {values.shape}")
            np.add(mine, values, out=mine)
        self.kept = {**later.kept, **self.kept}
        self.dropped += later.dropped

    def of(self, place: str) -> dict[str, NDArray[Any]]:
        """Return the sums of one place by name."""
        start = f"{place}/"
        inside = {name: v for name, v in self.added.items() if name.rpartition("/")[0] == place}
        return {name.removeprefix(start): values for name, values in inside.items()}

    def write(self, file: Path, header: Mapping[str, Any]) -> None:
        """Write them to a zip of arrays, each with its checksum, as NumPy reads it."""
        arrays = {f"added/{name}": values for name, values in self.added.items()}
        arrays |= {f"kept/{name}": values for name, values in self.kept.items()}
        dropped = [asdict(each) for each in self.dropped]
        about = {**header, "dropped": dropped, "arrays": list(arrays)}
        text = np.frombuffer(json.dumps(about).encode(), np.uint8)
        with file.open("xb") as stream, zipfile.ZipFile(stream, "w") as archive:
            for name, values in {HEADER: text, **arrays}.items():
                with archive.open(name, "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, np.asarray(values), allow_pickle=False)

    @classmethod
    def read(cls, file: Path) -> tuple[Sums, dict[str, Any]]:
        """Return the sums in a file, and the header they were written with.

        Raises
        ------
        InputError
            If the file is damaged: an array is not what was written.
        OSError
            If it cannot be opened.
        """
        try:
            with open_zip(file) as archive:
                arrays = {item.filename: _array(archive, item) for item in archive.infolist()}
            about = json.loads(arrays.pop(HEADER).tobytes())
            if about.pop("arrays") != list(arrays):
                raise ValueError("arrays of other names")
            dropped = [Dropped(str(d["source"]), str(d["reason"])) for d in about.pop("dropped")]
        except DAMAGED as error:
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise InputError(f"{file} is damaged ({reason})") from error
        return cls(_inside(arrays, "added/"), _inside(arrays, "kept/"), dropped), about


def _array(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> NDArray[Any]:
    """Return one array, whose bytes are all in the file: what is packed could unpack to more."""
    if item.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{item.filename} is packed")
    stream = io.BytesIO(archive.read(item))  # raises where the checksum differs
    array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    if array.dtype.kind not in PLAIN:
        raise ValueError(f"{item.filename} holds no numbers")
    return array


def _inside(arrays: Mapping[str, NDArray[Any]], start: str) -> dict[str, NDArray[Any]]:
    return {n.removeprefix(start): values for n, values in arrays.items() if n.startswith(start)}
