"""What stands behind ``--stride``, ``--shuffle`` and ``--spectrum``."""

import pytest

from spectra.errors import ParameterError
from spectra_cli._kernel_texts import parse_exponent, parse_named


def test_names_and_numbers_are_told_apart():
    assert parse_named(("up*=2", "a=b=2x1"), "stride") == {"up*": (2,), "a=b": (2, 1)}


@pytest.mark.parametrize(("text", "exponent"), [("white", 0), ("1/f^2", 2), ("1.5", 1.5)])
def test_a_spectrum_is_an_exponent(text, exponent):
    assert parse_exponent(text) == exponent


@pytest.mark.parametrize("text", ["up", "up=", "=2", "up=x", "up=0", "up=2x", "up=-2"])
def test_a_name_without_a_number_is_refused(text):
    with pytest.raises(ParameterError, match="expected NAME=NUMBER"):
        parse_named((text,), "stride")


@pytest.mark.parametrize("text", ["pink", "-1", "1/f^", "nan"])
def test_an_unknown_spectrum_is_refused(text):
    with pytest.raises(ParameterError, match="expected white, 1/f"):
        parse_exponent(text)
