"""``spectra images``: what grid pictures carry, without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectra._printable import printable
from spectra_cli import _options as options
from spectra_cli import _shard_options as shards
from spectra_cli._cluster import Staff, looking
from spectra_cli._terminal import Terminal, terminal_options


@click.command(
    cls=options.SectionedCommand,
    epilog="Example: spectra images generated/ --ref photographs/ --fail-on visible",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@options.picture_options
@shards.cluster_options
@options.picture_result_options
@options.picture_gate_options
@terminal_options
@click.pass_obj
def images(
    terminal: Terminal,
    /,
    paths: tuple[str, ...],
    *,
    ref: tuple[str, ...],
    out: Path | None,
    force: bool,
    formats: tuple[str, ...],
    per_image: Path | None,
    as_json: bool,
    explain: bool,
    fail_above: float | None,
    fail_on: str | None,
    **given: Any,
) -> None:
    """Ask pictures for a grid: its period, in how many of them, and what left it.

    PATH is a folder, a pattern, pictures (PNG, JPEG, WebP, TIFF, of 8 or 16 bits), an array
    (.npy, .npz, .nc) or a video. JPEG, demosaicing, enlargement, patches, tiles and decoders are
    told apart where that is possible. Nothing is resized.
    """
    from spectra import report

    staff = Staff.take(given)
    default = report.default_directory(paths[0])
    out = out or default.with_name(f"{default.name}-images")
    report.check_formats(formats, of="images")
    terminal.prepare(out, force)
    if fail_above is not None:
        report.Gate.check_limit(fail_above)
    if per_image is not None:
        report.PictureReport.check_csv(per_image)

    from spectra import run

    with terminal.progress() as progress, looking(staff, terminal) as each:
        found = run.measure_images(
            list(paths), ref=list(ref) or None, progress=progress, **given, **each
        )
    wrote = found.save(out, force=force, checked=True, formats=formats)
    if per_image is not None:
        found.write_csv(per_image)
    terminal.note_size(wrote)
    terminal.answer(found, as_json=as_json, wrote=wrote, explain=explain)
    gates = []
    if fail_above is not None:
        gates.append(report.Gate.ripple_above(found.summary, fail_above))
    if fail_on is not None:
        gates.append(report.Gate.pictures_on(found.summary, fail_on))
    with terminal.answering():
        for gate in gates:
            said = "passed" if gate.passed else "failed"
            click.echo(f"Gate     {said}: {printable(gate.text)}", err=as_json)
    if not all(gate.passed for gate in gates):
        raise click.exceptions.Exit(1)
