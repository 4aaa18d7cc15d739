"""What was typed, to be shown beside the result and typed again."""

from __future__ import annotations

import shlex
from collections.abc import Collection

import click
from click.core import ParameterSource

KEY = f"{__name__}.typed"
OF_MODELS = ("Model", "Inputs", "Run", "Workers")  # sections that say how a model is run
OWN = {"steps", "layers", "out", "force", "formats", "as_json"}  # which differ for each command


def remember(context: click.Context, arguments: list[str]) -> None:
    """Keep the arguments of a command as they were typed."""
    context.meta[KEY] = list(arguments)


def command_line(context: click.Context) -> str:
    """Return the command as it was typed, quoted for a shell."""
    return shlex.join(["spectra", context.info_name or "", *context.meta[KEY]])


def shared_arguments(context: click.Context, other: click.Command) -> str:
    """Return what of it ``other`` takes as well: model, inputs, and how both are read.

    Parameters
    ----------
    context : Context
        Of the running command.
    other : Command
        Another command; its own options of these names mean the same.
    """
    names = {parameter.name or "" for parameter in other.params} - OWN
    return shlex.join(typed_arguments(context, names))


def typed_arguments(context: click.Context, names: Collection[str]) -> list[str]:
    """Return what was typed for some parameters, arguments before options, to be typed again."""
    parser = context.command.make_parser(context)
    given, _, order = parser.parse_args(args=list(context.meta[KEY]))
    words: list[str] = []
    counts: dict[str, int] = {}
    for parameter in sorted(order, key=lambda each: isinstance(each, click.Option)):
        name = parameter.name or ""
        if name not in names:
            continue
        value = given[name]
        if parameter.multiple if isinstance(parameter, click.Option) else parameter.nargs == -1:
            counts[name] = counts.get(name, -1) + 1
            value = value[counts[name]] if isinstance(parameter, click.Option) else value
        words += _words(parameter, value)
    return words


def options_typed(context: click.Context, sections: Collection[str]) -> list[str]:
    """Return the options of some sections of the help text that were typed, as ``--no-strict``."""
    return [
        _words(parameter, context.params[parameter.name])[0]
        for parameter in context.command.params
        if parameter.name in context.params
        and getattr(parameter, "section", None) in sections
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]


def _words(parameter: click.Parameter, value: object) -> list[str]:
    """Return a parameter and its value as words of a command line."""
    if isinstance(parameter, click.Option):
        if not parameter.is_flag:
            return [parameter.opts[0], str(value)]
        return [parameter.opts[0] if value else parameter.secondary_opts[0]]
    if isinstance(value, list | tuple):
        return [str(word) for word in value]
    return [value] if isinstance(value, str) else []  # click has a sentinel for none
