"""``spectra compare``: what changed between results, and did it help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra._printable import printable
from spectra.errors import NothingToAnalyseError, ParameterError
from spectra_cli import _options as options
from spectra_cli import _shard_options as shards
from spectra_cli._cluster import Staff, analysing
from spectra_cli._compare_logs import compare_logs
from spectra_cli._compare_pictures import compare_pictures
from spectra_cli._patterns import expanded
from spectra_cli._request import parse_request
from spectra_cli._terminal import Terminal, terminal_options
from spectra_cli._typed import OF_MODELS, options_typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.report import Comparison, Gate


@click.command(
    cls=options.SectionedCommand,
    epilog="Example: spectra compare 'epoch*.ckpt' --arch nets.py:build --inputs photos/ "
    "--range 0..1 --out training",
)
@click.argument("sources", nargs=-1, required=True, metavar="A B [C ...]")
@options.loading_options
@options.compared_inputs
@options.input_options
@options.compare_run_options
@shards.cluster_options
@options.comparison_options
@options.change_options
@terminal_options
@click.pass_obj
def compare(
    terminal: Terminal,
    /,
    sources: tuple[str, ...],
    *,
    inputs: tuple[str, ...],
    out: Path | None,
    force: bool,
    formats: tuple[str, ...],
    per_image: Path | None,
    as_json: bool,
    as_markdown: bool,
    explain: bool,
    fail_worse: float | None,
    fail_on: str | None,
    junit: Path | None,
    **given: Any,
) -> None:
    """Compare results with the first: what changed, and did it help.

    A, B, ... are folders that spectra analyze wrote, their summary.json, or models, which then
    are analysed on the same --inputs with the same options. Three or more that are numbered, as
    epoch1.ckpt to epoch9.ckpt, are put in the order of training. Of two folders of pictures it
    says whose grid is stronger. Of CSV files that spectra.Monitor wrote it says when a grid came.
    """
    from spectra import report

    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown: expected one of them")
    staff = Staff.take(given)
    named = expanded(sources)
    of_trainings = _are_logs(named)
    models = [] if of_trainings else [s for s in named if not report.Result.is_at(s)]
    if not models:
        _check_nothing_for_models()
    if out is not None:
        report.check_formats(formats, of="comparison")
        report.Comparison.check_apart(out, sources)
        terminal.prepare(out, force)
    if junit is not None:
        report.Comparison.check_junit(junit)
    if fail_worse is not None:
        report.Gate.check_worse(fail_worse)

    from spectra import run

    if of_trainings:
        if as_markdown or junit is not None:
            raise click.UsageError("--markdown and --junit: not of logs, expected --json")
        compare_logs(
            terminal,
            tuple(named),
            out=out,
            force=force,
            formats=formats,
            as_json=as_json,
            explain=explain,
            fail_worse=fail_worse,
            fail_on=fail_on,
        )
        return
    if _are_pictures(sources):
        compare_pictures(
            terminal,
            sources,
            staff=staff,
            num=given["num"],
            out=out,
            force=force,
            formats=formats,
            per_image=per_image,
            as_json=as_json,
            fail_worse=fail_worse,
            fail_on=fail_on,
        )
        return
    if per_image is not None:
        raise ParameterError(
            "--per-image: for two folders of pictures only, and these are models or results: "
            "leave it out"
        )
    terminal.batch = given["batch"]
    requests = [parse_request(model, inputs, {**given, "blame": False}) for model in models]
    first = requests[0] if requests else None
    with terminal.progress() as progress, analysing(staff, terminal, progress) as how:
        comparison = run.compare(
            *named,
            inputs=first.inputs if first else list(inputs) or None,
            options=first.options if first else None,
            loading=first.loading if first else None,
            **how,
        )
    wrote = out and comparison.save(out, force=force, checked=True, formats=formats)
    gates = _judged(comparison, fail_worse=fail_worse, fail_on=fail_on)
    if junit is not None:
        comparison.junit(junit, gates)
    with terminal.answering():
        if as_json:
            click.echo(comparison.json(), nl=False)
        elif as_markdown:
            click.echo(comparison.markdown(), nl=False)
        else:
            comparison.print(color=terminal.color, wrote=wrote, explain=explain)
        _tell(gates, beside=as_json or as_markdown)
    unjudged = [gate for gate in gates.values() if isinstance(gate, str)]
    if any(not isinstance(gate, str) and not gate.passed for gate in gates.values()):
        raise click.exceptions.Exit(1)
    if unjudged:
        raise NothingToAnalyseError(unjudged[0])


def _check_nothing_for_models() -> None:
    """Raise ParameterError where an option of models was typed: results are not run again."""
    typed = options_typed(click.get_current_context(), OF_MODELS)
    if typed:
        raise ParameterError(
            f"{', '.join(typed)}: for models only, and all given are results, which are compared "
            "as they are: leave such options out"
        )


def _are_logs(sources: Sequence[str]) -> bool:
    """Tell whether all sources are logs of trainings; one among others is refused."""
    from spectra.report import TrainingLog

    logs = [source for source in sources if TrainingLog.is_at(source)]
    if logs and len(logs) < len(sources):
        other = next(source for source in sources if source not in logs)
        raise ParameterError(f"{other}: is no log as {logs[0]} is: give logs, or results")
    return bool(logs)


def _are_pictures(sources: tuple[str, ...]) -> bool:
    """Tell whether two sources are pictures, and neither results nor models."""
    from spectra import report
    from spectra.inputs import holds_pictures

    if len(sources) != 2 or any(report.Result.is_at(source) for source in sources):
        return False
    return all(holds_pictures(source) for source in sources)


def _judged(
    comparison: Comparison, *, fail_worse: float | None, fail_on: str | None
) -> dict[str, Gate | str]:
    """Return what each gate says of the last result, or why it cannot judge it."""
    from spectra import report

    gates: dict[str, Gate | str] = {}
    if fail_worse is not None:
        change, known = comparison.pairs[-1].output.change, comparison.outcome != "not known"
        try:
            gates["fail-worse"] = report.Gate.not_worse(change, fail_worse, known=known)
        except NothingToAnalyseError as error:
            gates["fail-worse"] = f"{error}; {comparison.answer['helped']}"
    if fail_on is not None:
        try:
            gates["fail-on"] = report.Gate.on(comparison.models[-1].summary, fail_on)
        except NothingToAnalyseError as error:
            gates["fail-on"] = str(error)
    return gates


def _tell(gates: dict[str, Gate | str], *, beside: bool) -> None:
    """Print whether each gate passed; ``beside`` the answer where that is for a program."""
    for gate in gates.values():
        if isinstance(gate, str):
            click.echo(f"Gate     not judged: {printable(gate)}", err=beside)
        else:
            said = "passed" if gate.passed else "failed"
            click.echo(f"Gate     {said}: {printable(gate.text)}", err=beside)
