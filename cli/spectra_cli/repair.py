"""``spectra repair``: a model back without the grid in its output, and the proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectra_cli import _options as options
from spectra_cli._repair_options import repair_options, repaired_options
from spectra_cli._request import parse_request
from spectra_cli._terminal import Terminal, terminal_options

SECONDS = 60
NO_SWAP = ("training", "spin", "filter")


@click.command(
    cls=options.SectionedCommand,
    epilog="Example: spectra repair style.pth photos/ --arch nets.py:build --range 0..1",
)
@click.argument("model")
@click.argument("inputs", nargs=-1, required=True)
@repair_options
@options.loading_options
@options.input_options
@options.machine_options
@repaired_options
@terminal_options
@click.pass_obj
def repair(
    terminal: Terminal,
    /,
    model: str,
    inputs: tuple[str, ...],
    *,
    train: str,
    passes: int,
    minutes: float | None,
    remedy: str | None,
    steps: str,
    unseen: bool,
    out: Path | None,
    force: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Take the grid out of what MODEL makes, without labels, and prove it.

    Layers of the model learn its own output without its grid from every second of INPUTS; severity,
    worst place, fidelity and detail are measured on the others. Written are the new weights,
    repair.html with places before and after, and repair.json. A run that was stopped goes on where
    it was when it is started again. Where training does not cure it and a layer behind the output
    does, that layer is written instead.
    """
    from spectra import report

    default = report.default_directory(model)
    out = out or default.with_name(f"{default.name}-repair")
    terminal.prepare(out, force)
    terminal.batch = given["batch"]
    request = parse_request(model, inputs, given)
    if remedy not in (None, *NO_SWAP):
        from spectra.errors import ParameterError
        from spectra.remedy import parse_remedy

        try:
            parse_remedy(remedy)
        except ParameterError as error:
            raise ParameterError(f"{error}; or without a swap {', '.join(NO_SWAP)}") from None
    loaded = request.load()

    from spectra import run
    from spectra.repair import Budget

    seconds = None if minutes is None else SECONDS * minutes
    with terminal.progress() as progress:
        repaired = run.repair_model(
            loaded,
            request.inputs,
            budget=Budget(train=train, passes=passes, seconds=seconds),  # type: ignore[arg-type]
            remedy=remedy,
            steps=steps,
            unseen=unseen,
            options=request.options,
            state=out.with_name(f"{out.name}.state"),
            progress=progress,
        )
    wrote = repaired.save(out, force=force, checked=True)
    with terminal.answering():
        click.echo(repaired.json() if as_json else repaired.text(wrote=wrote), nl=False)
