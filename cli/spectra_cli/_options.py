"""Options that commands share, in sections of the help text."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]


class SectionedCommand(click.Command):
    """A command whose help text lists the options by section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by section, in the order of declaration, the general ones last."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if isinstance(parameter, click.Option) and record:
                section = getattr(parameter, "section", "General")
                sections.setdefault(section, []).append(record)
        sections["General"] = sections.pop("General")
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


class SectionedOption(click.Option):
    """An option that knows its section."""

    def __init__(self, *args: Any, section: str = "General", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


def option(section: str, *flags: str, **attributes: Any) -> Decorator[Any]:
    """Return a decorator that adds one option to a command."""
    return click.option(*flags, cls=SectionedOption, section=section, **attributes)


def together(*decorators: Decorator[Any]) -> Decorator[Any]:
    """Return the decorators as one, in the order in which the help text lists them."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _pairs(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, object]:
    """Return ``NAME=VALUE`` texts as a mapping; values are Python literals or else text."""
    pairs: dict[str, object] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE")
        try:
            pairs[name] = literal_eval(value)
        except (ValueError, SyntaxError):
            pairs[name] = value
    return pairs


def _numbers(_: click.Context, __: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    try:
        return None if text is None else tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no list of numbers like 0.5,0.5,0.5") from error


def _names(_: click.Context, __: click.Parameter, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


MODEL, INPUTS, RUN, RESULT, GATE = "Model", "Inputs", "Run", "Result", "Gate"
COUNT = click.IntRange(min=1)
FILE = click.Path(path_type=Path)

loading_options = together(
    option(
        MODEL, "--arch", help="Builds the model: pkg.mod:factory, file.py:factory, spandrel:NAME."
    ),
    option(
        *(MODEL, "--arch-arg", "arch_args"),
        multiple=True,
        metavar="NAME=VALUE",
        callback=_pairs,
        help="Argument of the factory; repeat for more.",
    ),
    option(MODEL, "--key", help="Where the weights are in the checkpoint."),
    option(MODEL, "--strip-prefix", metavar="TEXT", help="Removed from the names of the weights."),
    option(MODEL, "--strict/--no-strict", default=True, help="Refuse weights that do not fit."),
    option(MODEL, "--trust", is_flag=True, help="Run code that the file carries."),
)
input_options = together(
    option(
        INPUTS, "--range", metavar="A..B", help="Values the model expects: 0..1, -1..1, 0..255."
    ),
    option(
        INPUTS, "--mean", metavar="M,M,M", callback=_numbers, help="Subtract from the channels."
    ),
    option(INPUTS, "--std", metavar="S,S,S", callback=_numbers, help="Divide the channels by."),
    option(INPUTS, "--gray", is_flag=True, help="Read pictures as one channel."),
    option(INPUTS, "--multiple", type=COUNT, metavar="PX", help="Crop to a multiple of this."),
    option(INPUTS, "--crop", type=COUNT, metavar="PX", help="Crop to this size."),
    option(
        INPUTS,
        "--num",
        type=COUNT,
        metavar="N",
        default=64,
        show_default=True,
        help="How many to use.",
    ),
    option(
        INPUTS,
        "--batch",
        type=COUNT,
        metavar="N",
        help="How many at a time [default: what fits 256 MiB].",
    ),
)
run_options = together(
    option(
        RUN, "--call", default="forward", show_default=True, help="Method of the model to call."
    ),
    option(RUN, "--steps", metavar="GLOB", help="Only the steps whose name matches."),
    option(
        *(RUN, "--layers"),
        multiple=True,
        metavar="GLOB",
        help="Also the outputs of these modules; repeat for more.",
    ),
    option(RUN, "--device", default="auto", show_default=True, help="auto, cpu or cuda."),
    option(RUN, "--threads", type=COUNT, metavar="N", help="CPU threads."),
    option(
        RUN,
        "--seed",
        type=int,
        metavar="N",
        default=0,
        show_default=True,
        help="Of everything random.",
    ),
)
result_options = together(
    option(RESULT, "--out", type=FILE, metavar="DIR", help="Where to [default: spectra-out/NAME]."),
    option(RESULT, "--force", is_flag=True, help="Replace an old result."),
    option(
        *(RESULT, "--formats"),
        default="json,nc,png",
        show_default=True,
        callback=_names,
        help="Of json, nc, png, pdf.",
    ),
    option(RESULT, "--json", "as_json", is_flag=True, help="Print JSON and nothing else."),
)
gate_options = together(
    option(
        GATE, "--fail-above", metavar="DB", type=float, help="Exit 1 if A of the output is above."
    ),
    option(
        *(GATE, "--baseline"),
        type=FILE,
        metavar="SUMMARY.JSON",
        help="Exit 1 if a row is above the same row there.",
    ),
)
