"""What was typed is shown again, and what other commands take of it."""

import shlex

from spectra_cli._typed import command_line, shared_arguments
from spectra_cli.analyze import analyze
from spectra_cli.kernels import kernels
from spectra_cli.swap import swap

TYPED = (
    "m.pth 'my photos' more --range 0..1 --arch-arg x=1 --arch-arg y=2 --out o --fail-on faint "
    "--no-strict --gray --mean 0.5,0.5 --formats=json --steps 'up*' --layers a --force --explain"
)


def context():
    return analyze.make_context("analyze", shlex.split(TYPED))


def test_a_command_line_is_what_was_typed():
    assert shlex.split(command_line(context())) == ["spectra", "analyze", *shlex.split(TYPED)]


def test_shared_arguments_name_the_model_the_inputs_and_how_both_are_read():
    expected = (
        "m.pth 'my photos' more --range 0..1 --arch-arg x=1 --arch-arg y=2 --no-strict --gray "
        "--mean 0.5,0.5"
    )
    assert shared_arguments(context(), swap) == expected


def test_what_another_command_does_not_take_is_left_out():
    assert shared_arguments(context(), kernels) == "m.pth --arch-arg x=1 --arch-arg y=2 --no-strict"


def test_without_inputs_nothing_stands_for_them():
    assert shared_arguments(analyze.make_context("analyze", ["m.pth"]), swap) == "m.pth"


def test_the_other_command_understands_them():
    words = [*shlex.split(shared_arguments(context(), swap)), "--with", "lctc7"]
    given = swap.make_context("swap", words).params
    assert given["model"] == "m.pth"
    assert given["inputs"] == ("my photos", "more")
    assert given["arch_args"] == ("x=1", "y=2")
    assert given["range"] == "0..1"
    assert given["strict"] is False
