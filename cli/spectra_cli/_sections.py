"""Sections of a command's help text, and options that know theirs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click

from spectra_cli import _typed

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]


class SectionedCommand(click.Command):
    """A command whose help text lists the options by section, and that knows what was typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments as they were typed, then parse them."""
        _typed.remember(ctx, args)
        return super().parse_args(ctx, args)

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

    def __init__(self, *args: Any, section: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


def option(*flags: str, **attributes: Any) -> Callable[..., Decorator[Any]]:
    """Return `click.option` of these arguments, which still lacks its section."""
    return partial(click.option, *flags, cls=SectionedOption, **attributes)


def section(title: str, *options: Callable[..., Decorator[Any]]) -> Decorator[Any]:
    """Return a decorator that adds ``options`` to a command as one section of its help."""

    def decorate(command: Command) -> Command:
        for add in reversed(options):
            command = add(section=title)(command)
        return command

    return decorate
