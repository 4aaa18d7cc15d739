"""Runs whose parts are kept in files: from a model and inputs to the answer, or a share of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from spectra.errors import ParameterError
from spectra_cli._request import code_of
from spectra_cli._typed import command_line, shared_arguments, typed_arguments
from spectra_cli._wanted import GATES, RESULT

if TYPE_CHECKING:
    from pathlib import Path

    from spectra.gather import PartFiles
    from spectra_cli._request import Request
    from spectra_cli._terminal import Terminal
    from spectra_cli._wanted import Wanted

NOT_ASKED = {
    *RESULT,
    "shard",
    "wait",
    "workers",
    "scheduler",
    "list_only",
}  # options that the sums do not depend on
CONTENT = "maps share content, and inputs run again without it: "


def parts_beside(context: click.Context, out: Path, **options: Any) -> PartFiles:
    """Return the files of parts beside a result, with what was typed to measure them."""
    from spectra.gather import PartFiles

    names = {parameter.name or "" for parameter in context.command.params} - NOT_ASKED
    request = {"arguments": typed_arguments(context, names)}
    return PartFiles.beside(out, request=request, say=context.obj.note, **options)


def answer(context: click.Context, request: Request, files: PartFiles, wanted: Wanted) -> None:
    """Analyse, write the result and print the answer; parts that are kept meanwhile go then.

    Parameters
    ----------
    context : Context
        Of ``spectra analyze``, as it was typed.
    request : Request
        The model, the inputs, and how they run.
    files : PartFiles
        Where finished parts are.
    wanted : Wanted
        The options of the result.
    """
    terminal: Terminal = context.obj
    loaded = request.load()

    from spectra import run
    from spectra_cli.swap import swap

    with kept(terminal, files), terminal.progress() as progress:
        result = run.analyze(
            loaded, request.inputs, options=request.options, progress=progress, files=files
        )
    result = result.asked_by(command_line(context), arguments=shared_arguments(context, swap))
    wanted.save(terminal, result)
    files.clear()
    wanted.judge(terminal, result)


@contextmanager
def kept(terminal: Terminal, files: PartFiles) -> Iterator[None]:
    """Say what is kept where the block ends early."""
    try:
        yield
    except BaseException:
        if files.are_begun and not files.only:
            terminal.note(
                f"finished parts are kept in {files.folder}: the same command goes on with them"
            )
        raise


def measure_shard(
    context: click.Context,
    request: Request,
    files: PartFiles,
    wanted: Wanted,
    *,
    shard: str,
    wait: float | None,
) -> None:
    """Measure the parts of one shard, and say what is still missing.

    Parameters
    ----------
    context, request, files, wanted
        As of `answer`.
    shard : str
        ``i/n`` or ``auto``.
    wait : float or None
        Seconds to wait for others.
    """
    from spectra.gather import Share

    terminal: Terminal = context.obj
    share = Share.parse(shard)
    for name in GATES:
        if context.params.get(name) is not None:
            option = name.replace("_", "-")
            raise ParameterError(f"--{option} with --shard: give it to spectra merge")
    loaded = request.load()

    from spectra import gather, run

    with kept(terminal, files), terminal.progress() as progress:
        opened = run.part_by_part(
            loaded, request.inputs, files=files, options=request.options, progress=progress
        )
        with opened as parts:
            done = gather.measure_share(parts, share, wait=wait or 0.0, progress=progress)
            missing, current = parts.missing(), parts.current
    about = {
        "shard": share.index,
        "of": share.count,
        "measured": done[0],
        "found": done[1],
        "pass": current.name if current else None,
        "missing": missing,
        "folder": str(files.folder),
    }
    with terminal.answering():
        if wanted.as_json:
            click.echo(json.dumps(about))
        else:
            merging = f"spectra merge {wanted.out}{' --trust' * bool(code_of(context.params))}"
            click.echo(_sentence(about, merging))


def _sentence(about: dict[str, Any], merging: str) -> str:
    """Return what a shard has done and what is to be done, as a line."""
    done = f"{about['measured']} parts measured, {about['found']} were there"
    begin = f"Shard    {about['shard']}/{about['of']}: {done}; "
    if about["pass"] is None:
        return f"{begin}all are there: {merging}"
    missing = len(about["missing"])
    if about["pass"] == "pass":
        return f"{begin}{missing} are missing; when the other shards have ended: {merging}"
    return f"{begin}{CONTENT}{missing} parts are missing; run all shards once more"
