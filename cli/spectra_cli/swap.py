"""``spectra swap``: other upsampling layers in a model, and what they change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectra_cli import _options as options
from spectra_cli._request import parse_request
from spectra_cli._terminal import Terminal, terminal_options

UNSAVED = "nothing: --save writes the weights, the plan and a report"


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
    steps: str | None,
    layers: tuple[str, ...],
    repair: int | None,
    save: bool,
    out: Path | None,
    force: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Show what other upsampling layers would change in MODEL; --save writes weights, plan, report.

    Measured on INPUTS: alias at each replaced step and at the output before and after, and the
    difference between both outputs; without INPUTS only cost and difference, on a random input.
    --repair N adapts the new layers to the model's own output without its grid.
    """
    from spectra import report

    default = report.default_directory(model)
    out = out or default.with_name(f"{default.name}-swap")
    if save:
        terminal.prepare(out, force)

    from spectra.remedy import parse_remedy

    parse_remedy(remedy)
    terminal.batch = given["batch"]
    steps, given["layers"] = choose_steps(terminal, steps, layers)
    request = parse_request(model, inputs, given)
    loaded = request.load()

    from spectra import run

    with terminal.progress() as progress:
        trial = run.try_swap(
            loaded,
            request.inputs,
            remedy,
            steps=steps,
            init=init,  # type: ignore[arg-type]
            repair=repair,
            options=request.options,
            progress=progress,
        )
    wrote = trial.save(out, force=force, checked=True) if save else None
    with terminal.answering():
        click.echo(trial.json() if as_json else trial.text(wrote=wrote or UNSAVED), nl=False)


def choose_steps(
    terminal: Terminal, steps: str | None, layers: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """Return the pattern of the steps to swap, and those of modules to analyse as well.

    ``--layers`` was once what ``--steps`` is now, and is so still where it stands alone.
    """
    if steps is None and layers:
        terminal.note(
            f"--layers {layers[-1]} is now called --steps {layers[-1]}: --layers adds the outputs "
            "of modules, as in spectra analyze"
        )
        return layers[-1], ()
    return "*" if steps is None else steps, layers
