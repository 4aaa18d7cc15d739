"""A page in one file, which asks for nothing from anywhere and runs nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spectra import __version__
from spectra._printable import printable


def render(template: str, **facts: Any) -> bytes:
    """Return a page as UTF-8.

    Parameters
    ----------
    template : str
        Its name in the folder ``templates``.
    **facts
        What it shows. Every text is escaped, and what cannot be printed in it is told as Python
        would.
    """
    page = _environment().get_template(template).render(version=__version__, **facts)
    return page.encode("utf-8", errors="backslashreplace")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("spectra.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: Any) -> Any:
    """Return what stands in the page for a value: nothing for None, and texts in one line."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value
