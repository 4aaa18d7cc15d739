"""``spectra analyze``: score the upsampling steps of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectra._printable import printable
from spectra_cli import _options as options
from spectra_cli._request import parse_request
from spectra_cli._terminal import Terminal, terminal_options
from spectra_cli._typed import command_line, shared_arguments
from spectra_cli.swap import swap


@click.command(
    cls=options.SectionedCommand,
    epilog="Example: spectra analyze deblur.pth photos/ --arch nets.py:build --range 0..1",
)
@click.argument("model")
@click.argument("inputs", nargs=-1)
@options.loading_options
@options.input_options
@options.run_options
@options.result_options
@options.gate_options
@terminal_options
@click.pass_context
def analyze(
    context: click.Context,
    /,
    model: str,
    inputs: tuple[str, ...],
    *,
    list_only: bool,
    out: Path | None,
    force: bool,
    formats: tuple[str, ...],
    as_json: bool,
    explain: bool,
    fail_above: float | None,
    fail_on: str | None,
    baseline: Path | None,
    **given: Any,
) -> None:
    """Score the upsampling steps of MODEL on INPUTS.

    MODEL is a checkpoint, a local folder of Hugging Face or diffusers, pkg.mod:factory or
    path/file.py:factory. INPUTS are pictures, a
    folder of them, an array (.npy, .npz, .pt, .nc), mod:callable, or
    random:latent?shape=1,512&n=16. Without INPUTS only data-free probes run.
    """
    from spectra import report

    terminal: Terminal = context.obj
    out = out or report.default_directory(model)
    if not list_only:
        report.check_formats(formats, of="analysis")
        terminal.prepare(out, force)
    if fail_above is not None:
        report.Gate.check_limit(fail_above)
    before = report.Gate.read_baseline(baseline) if baseline else None

    terminal.batch = given["batch"]
    request = parse_request(model, inputs, given)
    loaded = request.load()

    from spectra import run

    if list_only:
        for text in loaded.notes:
            terminal.note(text)
        steps = report.StepList(run.list_steps(loaded, request.inputs, options=request.options))
        with terminal.answering():
            click.echo(steps.json() if as_json else steps.text(), nl=False)
        return

    with terminal.progress() as progress:
        result = run.analyze(loaded, request.inputs, options=request.options, progress=progress)
    result = result.asked_by(command_line(context), arguments=shared_arguments(context, swap))
    wrote = result.save(out, force=force, checked=True, formats=formats)
    terminal.note_size(wrote)
    terminal.answer(result, as_json=as_json, wrote=wrote, explain=explain)
    gates = []
    if fail_above is not None:
        gates.append(report.Gate.above(result.summary, fail_above))
    if fail_on is not None:
        gates.append(report.Gate.on(result.summary, fail_on))
    if before is not None:
        gates.append(report.Gate.against(result.summary, before))
    with terminal.answering():
        for gate in gates:
            said = "passed" if gate.passed else "failed"
            click.echo(f"Gate     {said}: {printable(gate.text)}", err=as_json)
    if not all(gate.passed for gate in gates):
        raise click.exceptions.Exit(1)
