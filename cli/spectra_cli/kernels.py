"""``spectra kernels``: measure the upsampling kernels of a model, without any data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectra_cli import _options as options
from spectra_cli._kernel_texts import parse_exponent, parse_named
from spectra_cli._terminal import Terminal, terminal_options


@click.command(
    cls=options.SectionedCommand,
    epilog="Example: spectra kernels dcgan.pth --stride 'gen.*=2'",
)
@click.argument("model")
@options.weight_options
@options.kernel_options
@options.table_options
@terminal_options
@click.pass_obj
def kernels(
    terminal: Terminal,
    /,
    model: str,
    *,
    strides: tuple[str, ...],
    shuffles: tuple[str, ...],
    spectrum: str,
    out: Path | None,
    force: bool,
    formats: tuple[str, ...],
    as_json: bool,
    arch_args: tuple[str, ...],
    **given: Any,
) -> None:
    """Measure the upsampling kernels of MODEL: phases, rejection, sinc, what its size allows.

    MODEL is a checkpoint, with --arch or without, pkg.mod:factory or path/file.py:factory.
    Weights alone do not always say which of them are transposed: what is certain, and what is
    not, is told.
    """
    from spectra import report

    default = report.default_directory(model)
    out = out or default.with_name(f"{default.name}-kernels")
    report.check_formats(formats, of="kernels")
    terminal.prepare(out, force)

    from spectra import load

    named, factors = parse_named(strides, "stride"), parse_named(shuffles, "shuffle")
    exponent = parse_exponent(spectrum)
    arguments = load.parse_arch_args(arch_args)
    load.check_source(model, arch=given["arch"], trust=given["trust"])

    from spectra import run

    with terminal.progress() as progress:
        table = run.measure_kernels(
            model,
            arch_args=arguments,
            strides=named,
            shuffles={name: numbers[0] for name, numbers in factors.items()},
            exponent=exponent,
            progress=progress,
            **given,
        )
    wrote = table.save(out, force=force, checked=True, formats=formats)
    terminal.answer(table, as_json=as_json, wrote=wrote)
