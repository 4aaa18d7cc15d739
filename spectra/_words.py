"""Counts and lists in words, the same wherever they stand."""

from collections.abc import Sequence

NAMED = 3  # things that a sentence names before it counts the others


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> counted(1, "note"), counted(2, "note")
    ('1 note', '2 notes')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def input_noun(kind: str) -> str:
    """Return what one input of a kind is called."""
    return {"images": "picture", "sound": "recording", "latent": "latent"}.get(kind, "input")


def listed(labels: Sequence[str]) -> str:
    """Return names in a row, the last ones counted where there are many.

    Examples
    --------
    >>> listed(["a", "b"]), listed(list("abcde"))
    ('a, b', 'a, b, c and 2 more')
    """
    if len(labels) <= NAMED + 1:
        return ", ".join(labels)
    return f"{', '.join(labels[:NAMED])} and {len(labels) - NAMED} more"
