"""Shortening what an error message quotes."""

import re
from collections.abc import Iterable

from spectra._names import near

SHOWN = 6


def brief(error: BaseException) -> str:
    """Return the first line of an error, without colours and shortened."""
    message = re.sub(r"\x1b\[\d*m", "", str(error)).strip()
    inner = re.search(r"WeightsUnpickler error:\s*(\S.*)", message)  # torch wraps it in its advice
    lines = inner.group(1).splitlines() if inner else message.splitlines()
    text = lines[0].split(" This file can still be loaded")[0] if lines else ""
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= 160 else f"{text[:157]}..."


def listed(items: Iterable[object], shown: int = SHOWN) -> str:
    """Return the first few ``items`` as text, with the count of the rest."""
    names = [str(item) for item in items]
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return (", ".join(names[:shown]) + rest) if names else "nothing"


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return a question with the nearest of ``names``, else the first of them.

    Examples
    --------
    >>> suggestion("lattent", ["latent", "image"]), suggestion("x", ["latent", "image"])
    ('did you mean latent?', 'expected one of latent, image')
    """
    names = list(names)
    close = near(name, names, cutoff=0.5, ignore_case=True)
    return (
        f"did you mean {' or '.join(close)}?" if close else f"expected one of {listed(names, 12)}"
    )


def gigabytes(count: int) -> str:
    """Return a number of bytes as people say it.

    Examples
    --------
    >>> gigabytes(3 << 30), gigabytes(1500)
    ('3.0 GiB', '1.5 KiB')
    """
    size, unit = float(count), "bytes"
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
