"""A comparison for a build server: JUnit's XML, one case for each result and each gate."""

from __future__ import annotations

import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from spectra._files import read_head
from spectra._printable import printable
from spectra.errors import ParameterError, SpectraError

if TYPE_CHECKING:
    from spectra.report._comparison import Comparison
    from spectra.report._gate import Gate


XML = b"<?xml"


def check_junit(path: str | PathLike[str]) -> None:
    """Raise ParameterError unless a file can be written at ``path``, before a long run."""
    file = Path(path)
    if file.is_dir():
        raise ParameterError(f"{path}: is a folder: expected a file such as junit.xml")
    if file.exists() and not (file.is_file() and read_head(file, len(XML)) == XML):
        message = f"{path}: is no XML file, and not replaced: expected a file such as junit.xml"
        raise ParameterError(message)
    if not file.parent.is_dir():
        raise ParameterError(f"{path}: cannot be written: there is no folder {file.parent}")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise ParameterError(f"{path}: cannot be written: {file.parent} is not writable")


def write_junit(
    path: str | PathLike[str], comparison: Comparison, gates: Mapping[str, Gate | str]
) -> None:
    """Write a comparison as JUnit's XML, complete or not at all.

    Parameters
    ----------
    path : path
        The file; an old one is replaced.
    comparison : Comparison
        Each of its pairs is a case, skipped where nothing is known of the change.
    gates : mapping of str to Gate or str
        By option: what each gate says, or why it could not judge. Only these fail.

    Raises
    ------
    SpectraError
        If the file cannot be written.
    """
    file = Path(path)
    new = file.with_name(f".{file.name}.{token_hex(4)}.new")
    try:
        new.write_bytes(junit_of(comparison, gates))
        new.replace(file)
    except OSError as error:
        raise SpectraError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        new.unlink(missing_ok=True)


def junit_of(comparison: Comparison, gates: Mapping[str, Gate | str]) -> bytes:
    """Return a comparison as JUnit's XML; names with what XML cannot hold are escaped."""
    suite = ET.Element("testsuite", name="spectra compare", timestamp=comparison.created[:19])
    for pair in comparison.pairs:
        case = _case(suite, "output", f"{pair.after} against {pair.before}")
        if pair.outcome == "not known":
            ET.SubElement(case, "skipped", message=printable(pair.answer["helped"]))
        text = "\n".join(f"{name}: {printable(said)}" for name, said in pair.answer.items())
        ET.SubElement(case, "system-out").text = text
    for option, gate in gates.items():
        case = _case(suite, "gate", f"{option} of {comparison.models[-1].name}")
        if isinstance(gate, str):
            ET.SubElement(case, "error", message=printable(gate))
        elif not gate.passed:
            ET.SubElement(case, "failure", message=printable(gate.text))
        else:
            ET.SubElement(case, "system-out").text = printable(gate.text)
    for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(kind, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _case(suite: ET.Element, group: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=f"spectra.{group}", name=printable(name))
