"""``spectra swap``: other upsampling layers in a model, and what they change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectra_cli import _options as options
from spectra_cli._terminal import Terminal, terminal_options

LOADING = ("arch", "key", "strip_prefix", "strict", "trust")


@click.command(
    cls=options.SectionedCommand,
    epilog="Example: spectra swap deblur.pth photos/ --arch nets.py:build --with lctc7 --save",
)
@click.argument("model")
@click.argument("inputs", nargs=-1)
@options.swap_options
@options.loading_options
@options.input_options
@options.machine_options
@options.saving_options
@terminal_options
@click.pass_obj
def swap(
    terminal: Terminal,
    /,
    model: str,
    inputs: tuple[str, ...],
    *,
    remedy: str,
    init: str,
    layers: str,
    repair: int | None,
    save: bool,
    out: Path | None,
    force: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Show what other upsampling layers would change in MODEL; --save writes weights and plan.

    Measured on INPUTS: alias at each replaced step and at the output before and after, and the
    difference between both outputs; without INPUTS only cost and difference, on a random input.
    --repair N adapts the new layers to the model's own output without its grid.
    """
    from spectra import report

    default = report.default_directory(model)
    out = out or default.with_name(f"{default.name}-swap")
    if save:
        report.check_target(out, force)

    from spectra import analysis, swapping
    from spectra.load import load_model, parse_arch_args

    arguments = parse_arch_args(given.pop("arch_args"))
    loaded = load_model(model, arch_args=arguments, **{name: given.pop(name) for name in LOADING})
    source = inputs[0] if len(inputs) == 1 else list(inputs) or None
    with terminal.progress() as progress:
        trial = swapping.try_swap(
            loaded,
            source,
            remedy,
            layers=layers,
            init=init,  # type: ignore[arg-type]
            repair=repair,
            options=analysis.Options(**given),
            progress=progress,
        )
    wrote = report.write_swap(trial, out, force=force) if save else None
    text = report.encode_swap(trial) if as_json else report.render_swap(trial, wrote=wrote)
    click.echo(text, nl=False)
