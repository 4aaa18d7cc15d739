"""``spectra merge``: the result of a run whose parts were measured in shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectra.errors import InputError, ParameterError
from spectra_cli import _options as options
from spectra_cli import _shard_options as shards
from spectra_cli._parts import answer, parts_beside
from spectra_cli._request import code_of, parse_request
from spectra_cli._terminal import Terminal, terminal_options
from spectra_cli._wanted import Wanted
from spectra_cli.analyze import analyze

SUFFIX = ".parts"


@click.command(
    cls=options.SectionedCommand, epilog="Example: spectra merge spectra-out/deblur --fail-above 3"
)
@click.argument("out", metavar="OUT", type=options.FILE)
@shards.merge_options
@shards.merged_options
@options.gate_options
@terminal_options
@click.pass_context
def merge(
    context: click.Context, /, out: Path, *, trust: bool, device: str | None, **given: Any
) -> None:
    """Add up the parts that spectra analyze --shard left beside OUT, and write the result there.

    The result is the same as of one run of spectra analyze. Model and inputs are opened again, as
    they were typed there, for what is measured once. Parts that are missing, damaged or of
    another run are named, and nothing is written.
    """
    from spectra.gather import HeldPlan, PartFiles

    terminal: Terminal = context.obj
    target = out.with_name(out.name.removesuffix(SUFFIX)) if out.name.endswith(SUFFIX) else out
    wanted = Wanted.take({**given, "out": given.pop("target")}, out=target)
    wanted.prepare(terminal)
    there = PartFiles.beside(target)
    asked = HeldPlan.read(there.folder)
    there.check_all_there(asked.parts)
    typed = context_of(context, asked.request, device=device)
    params = dict(typed.params)
    check_trusted(params, trust=trust)
    for name in ("list_only", "shard", "wait", "workers", "scheduler"):
        params.pop(name)
    Wanted.take(params, out=target)

    terminal.batch = params["batch"]
    request = parse_request(params.pop("model"), params.pop("inputs"), params)
    answer(typed, request, parts_beside(typed, target, only=True), wanted)


def context_of(
    context: click.Context, request: dict[str, Any], *, device: str | None
) -> click.Context:
    """Return the context of the command that the shards ran, without its result.

    Raises
    ------
    InputError
        If what was typed is not in the plan file.
    """
    words = request.get("arguments")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(
            "the plan beside it names no command: its parts were measured from Python, and "
            "spectra.analyze(model, inputs, files=...) adds them up"
        )
    words = [*words, "--device", device] if device is not None else words
    return analyze.make_context("analyze", list(words), parent=context.parent, obj=context.obj)


def check_trusted(params: dict[str, Any], *, trust: bool) -> None:
    """Raise ParameterError where the shards were asked to run code, and nobody says so here.

    A file beside the parts says what to run, and anybody who can write there could have put it.
    """
    code = code_of(params)
    if code and not trust:
        raise ParameterError(
            f"the shards ran code of {', '.join(dict.fromkeys(code))}: --trust runs it here as well"
        )
