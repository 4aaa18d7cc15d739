"""Text of others is printed in one line, steers no terminal, and can be recovered."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra._printable import encode_json, printable
from spectra.errors import LoadError

anything = st.text(st.characters(codec=None), max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),  # OSC: sets the title of the window
        ("\x9b31m", r"\x9b31m"),  # CSI in one character
        ("a\nb\r\tc\0", r"a\nb\r\tc\x00"),
        ("\u202egnp.exe", r"\u202egnp.exe"),  # turns the direction of writing
        (os.fsdecode(b"\xff.png"), r"\udcff.png"),
        ("back\\slash\n", r"back\\slash\n"),
        ("Übung №3 — 写真\u3000.png", "Übung №3 — 写真\u3000.png"),
        ("C:\\nets\\unet.pth", "C:\\nets\\unet.pth"),
    ],
)
def test_what_steers_a_terminal_is_escaped_and_the_rest_stays(text, expected):
    assert printable(text) == expected


@given(text=anything)
def test_printed_text_is_one_line_of_unicode_and_can_be_recovered(text):
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    shown.encode()
    if shown != text:  # as Python reads its own escapes
        plain = shown.encode("ascii", "backslashreplace").decode("ascii")
        assert plain.encode("ascii").decode("unicode_escape") == text


@given(text=anything)
def test_json_holds_any_text_so_that_it_can_be_recovered(text):
    encoded = encode_json({text: [text]})
    shown = encoded.decode()
    assert printable(shown.replace("\n", "")) == shown.replace("\n", "")
    ((name, (value,)),) = json.loads(encoded).items()
    assert name == value
    assert value == (text if _is_unicode(text) else printable(text))


def _is_unicode(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def test_an_error_is_one_line_whatever_it_quotes():
    assert str(LoadError("up\x1b[31m\n.weight is missing")) == r"up\x1b[31m\n.weight is missing"
