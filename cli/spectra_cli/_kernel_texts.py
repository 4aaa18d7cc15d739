"""What ``spectra kernels`` is told about weights and inputs, read from text."""

from spectra.errors import ParameterError


def parse_named(texts: tuple[str, ...], option: str) -> dict[str, tuple[int, ...]]:
    """Return ``("up*=2", "deconv=2x1")`` as names and numbers; ``option`` is for the error.

    Examples
    --------
    >>> parse_named(("up*=2", "deconv=2x1"), "stride")
    {'up*': (2,), 'deconv': (2, 1)}
    """
    named = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        numbers = tuple(int(n) for n in value.split("x") if n.isdecimal() and len(n) < 5)
        if not name or not equals or len(numbers) != value.count("x") + 1 or min(numbers) < 1:
            message = f"{option}={text!r}: expected NAME=NUMBER, such as up.0=2 or 'up*=2x1'"
            raise ParameterError(message)
        named[name] = numbers
    return named


def parse_exponent(text: str) -> float:
    """Return the exponent of a spectrum: ``"white"`` is 0, a number stands for itself.

    Examples
    --------
    >>> parse_exponent("white"), parse_exponent("1/f^2"), parse_exponent("1.5")
    (0.0, 2.0, 1.5)
    """
    try:
        value = 0.0 if text == "white" else float(text.removeprefix("1/f^"))
    except ValueError:
        value = -1.0
    if not 0 <= value < 10:
        raise ParameterError(f"spectrum={text!r}: expected white, 1/f^2 or another exponent")
    return value
