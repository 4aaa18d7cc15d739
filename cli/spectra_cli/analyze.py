"""``spectra analyze``: score the upsampling steps of a model."""

from __future__ import annotations

from typing import Any

import click

from spectra_cli import _options as options
from spectra_cli import _shard_options as shards
from spectra_cli._cluster import Staff, measure_on
from spectra_cli._parts import answer, measure_shard, parts_beside
from spectra_cli._request import parse_request
from spectra_cli._terminal import Terminal, terminal_options
from spectra_cli._wanted import Wanted


@click.command(
    cls=options.SectionedCommand,
    epilog="Example: spectra analyze deblur.pth photos/ --arch nets.py:build --range 0..1",
)
@click.argument("model")
@click.argument("inputs", nargs=-1)
@options.loading_options
@options.input_options
@options.run_options
@shards.shard_options
@shards.cluster_options
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
    shard: str | None,
    wait: float | None,
    **given: Any,
) -> None:
    """Score the upsampling steps of MODEL on INPUTS.

    MODEL is a checkpoint, an ONNX graph, a local folder of Hugging Face or diffusers,
    pkg.mod:factory or path/file.py:factory. INPUTS are pictures, sound or volumes, a folder of
    them, an array (.npy, .npz, .pt), named variables (.nc, .zarr), mod:callable, or
    random:latent?shape=1,512&n=16. Without INPUTS only data-free probes run.
    """
    from spectra import report

    terminal: Terminal = context.obj
    staff = Staff.take(given)
    if shard is not None and staff.is_wanted:
        raise click.UsageError("--shard and --workers or --scheduler: expected one of them")
    wanted = Wanted.take(given, out=report.default_directory(model))
    if not list_only:
        wanted.prepare(terminal)

    terminal.batch = given["batch"]
    request = parse_request(model, inputs, given)
    if list_only:
        list_steps(terminal, request, as_json=wanted.as_json)
        return
    files = parts_beside(context, wanted.out)
    if shard is not None:
        measure_shard(context, request, files, wanted, shard=shard, wait=wait)
        return
    if staff.is_wanted:
        measure_on(staff, terminal, request, files)
    answer(context, request, files, wanted)


def list_steps(terminal: Terminal, request: Any, *, as_json: bool) -> None:
    """Print the steps of a model, without scoring them."""
    from spectra import report

    loaded = request.load()

    from spectra import run

    for text in loaded.notes:
        terminal.note(text)
    steps = report.StepList(run.list_steps(loaded, request.inputs, options=request.options))
    with terminal.answering():
        click.echo(steps.json() if as_json else steps.text(), nl=False)
