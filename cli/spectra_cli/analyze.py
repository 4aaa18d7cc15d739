"""``spectra analyze``: score the upsampling steps of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra_cli import _options as options
from spectra_cli._request import parse_request
from spectra_cli._terminal import Terminal, terminal_options

if TYPE_CHECKING:
    from spectra.explain import Summary


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
@click.pass_obj
def analyze(
    terminal: Terminal,
    /,
    model: str,
    inputs: tuple[str, ...],
    *,
    list_only: bool,
    out: Path | None,
    force: bool,
    formats: tuple[str, ...],
    as_json: bool,
    fail_above: float | None,
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

    out = out or report.default_directory(model)
    if not list_only:
        report.check_formats(formats)
        report.check_target(out, force)
    if fail_above is not None:
        report.check_limit(fail_above)
    before = report.read_baseline(baseline) if baseline else None

    request = parse_request(model, inputs, given)
    loaded = request.load()

    from spectra import analysis

    if list_only:
        for text in loaded.notes:
            terminal.note(text)
        found = analysis.list_steps(loaded, request.inputs, options=request.options)
        click.echo(report.encode_steps(found) if as_json else report.render_steps(found), nl=False)
        return

    with terminal.progress() as progress:
        result = analysis.analyze(
            loaded, request.inputs, options=request.options, progress=progress
        )
    wrote = report.write_result(result, out, force=force, formats=formats)
    if as_json:
        click.echo(report.encode_summary(result.summary), nl=False)
    else:
        report.print_answer(result.summary, terminal.console(), wrote=wrote)
    judge(result.summary, fail_above, before, err=as_json)


def judge(summary: Summary, fail_above: float | None, before: Summary | None, *, err: bool) -> None:
    """Say what the gates that were asked for say; exit 1 if one failed."""
    from spectra.report import gate_above, gate_baseline

    gates = []
    if fail_above is not None:
        gates.append(gate_above(summary, fail_above))
    if before is not None:
        gates.append(gate_baseline(summary, before))
    for gate in gates:
        click.echo(f"Gate     {'passed' if gate.passed else 'failed'}: {gate.text}", err=err)
    if not all(gate.passed for gate in gates):
        raise click.exceptions.Exit(1)
