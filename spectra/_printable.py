"""Foreign text made safe to print: names in files may steer a terminal or be no text at all."""

import json
import re
import unicodedata
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return ``text`` in one line, without characters that steer a terminal.

    What cannot be printed is escaped as Python would (a newline becomes ``\n``, the byte ff
    of a file name that is no UTF-8 ``\udcff``). Where something is escaped, backslashes are
    doubled, so that the text can be recovered.

    Examples
    --------
    >>> printable("a\x1b[31mb"), printable("Übung 3.png"), printable("C:\\nets\\a.pth")
    ('a\\x1b[31mb', 'Übung 3.png', 'C:\\nets\\a.pth')
    """
    if all(map(_is_safe, text)):
        return text
    return "".join(c if _is_safe(c) and c != "\\" else _escaped(c) for c in text)


def _is_safe(c: str) -> bool:
    return c.isprintable() or unicodedata.category(c) == "Zs"  # spaces of other widths


def _escaped(c: str) -> str:
    return c.encode("unicode_escape").decode("ascii")


def encode_json(content: Any) -> bytes:
    """Return plain data as indented JSON that prints safely and ends with a newline.

    Every text can be recovered. What a terminal would take for a command is escaped as JSON
    does; a text that is no Unicode, which no JSON holds, becomes `printable`.

    Parameters
    ----------
    content : dict, list, str, int, float, bool, None, or what msgspec turns into these
        However nested.
    """
    import msgspec  # not before: what has no result to write starts without it

    plain = encodable(msgspec.to_builtins(content, str_keys=True))
    text = msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n"
    return "".join(c if _is_safe(c) or c == "\n" else json.dumps(c)[1:-1] for c in text).encode()


def encodable(content: Any) -> Any:
    """Return plain data with `printable` texts in place of those that are no Unicode."""
    if isinstance(content, str):
        return printable(content) if _SURROGATE.search(content) else content
    if isinstance(content, dict):
        return {encodable(name): encodable(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [encodable(value) for value in content]
    return content
