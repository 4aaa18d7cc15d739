"""The tables of the census, as markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from statistics import median

from census.catalogue import Part
from census.compare import Comparison
from census.cost import Cost
from census.whole import Analysed

PACKAGES = (
    "torch",
    "torchvision",
    "timm",
    "segmentation-models-pytorch",
    "diffusers",
    "transformers",
    "monai",
    "spandrel",
)
LARGE_S = 0.02
TITLES: Mapping[Part, str] = {"developed": "Developed on", "held": "Held apart", "all": "All"}


def versions() -> str:
    """Return the versions of the libraries in one line."""
    return ", ".join(f"{name} {version(name)}" for name in PACKAGES)


def detailed(
    part: Part,
    rows: Sequence[Comparison],
    costs: Mapping[str, Cost],
    analysed: Mapping[str, Analysed],
    *,
    rounds: int,
) -> str:
    """Return one part: its totals, and a row a decoder."""
    lines = [
        f"## {TITLES[part]}",
        "",
        *totals(rows, costs, analysed, rounds=rounds),
        "",
        "| decoder | counted | found | other kind | missed | false | constant | spread "
        "| bare, ms | discovery / bare | streaming / bare | analyze |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(_row(row, costs.get(row.name), analysed.get(row.name)) for row in rows),
    ]
    return "\n".join(lines)


def totals(
    rows: Sequence[Comparison],
    costs: Mapping[str, Cost],
    analysed: Mapping[str, Analysed],
    *,
    rounds: int,
) -> list[str]:
    """Return the sums of a part, as a list of markdown."""
    decoders = [row for row in rows if not row.encoder]
    encoders = [row for row in rows if row.encoder]
    expected = sum(row.expected for row in decoders)
    found = sum(row.found for row in decoders)
    renamed = sum(row.renamed.total() for row in decoders)
    false = sum(row.false.total() for row in decoders)
    false_in_encoders = sum(row.false.total() for row in encoders)
    whole = sum(row.found == row.expected and row.error is None for row in decoders)
    lines = [
        f"- **{found} of {expected} steps found ({_percent(found, expected)})**, "
        f"{renamed} more in the right module under another kind; "
        f"{whole} of {len(decoders)} decoders complete.",
        f"- False reports: {false} in decoders, {false_in_encoders} in {len(encoders)} encoders.",
    ]
    failed = [row for row in rows if row.error]
    if failed:
        lines.append(f"- Failed: {len(failed)}.")
    if analysed:
        ran = sum(found.ran for found in analysed.values())
        clean = sum(found.ran and not found.faults for found in analysed.values())
        scored = sum(found.scored for found in analysed.values())
        steps = sum(found.steps for found in analysed.values())
        judged = sum(found.verdict not in ("", "insufficient") for found in analysed.values())
        lines.append(
            f"- Analyze: {clean} of {ran} without a fault, {len(analysed) - ran} take no such "
            f"inputs; {judged} outputs with a verdict, {scored} of {steps} steps with a number, "
            "the others with a reason."
        )
    taken = [costs[row.name] for row in decoders if row.name in costs]
    if taken:
        large = [c for c in taken if c.bare_s > LARGE_S]
        lines += [
            f"- Streaming / bare: {_spread([c.streaming for c in large])} over the {len(large)} "
            f"decoders above 20 ms; {_spread([c.streaming for c in taken])} over all {len(taken)}.",
            f"- Discovery / bare: {_spread([c.discovery for c in large])} above 20 ms; "
            f"{_spread([c.discovery for c in taken])} over all.",
            f"- Times are medians of {rounds} interleaved rounds, CPU seconds of one thread, on "
            "inputs doubled until a pass takes 100 ms where the decoder allows, and at the "
            "library's own width where the catalogue says so.",
        ]
    return lines


def misses(rows: Iterable[Comparison]) -> str:
    """Return what was missed, renamed, reported falsely, or failed: one line each."""
    lines = []
    for row in rows:
        if row.error:
            lines.append(f"- {row.name}: failed, {row.error}")
        lines += [
            f"- {row.name}: missed `{_path(site.module)}` {site.kind} x {times}"
            for site, times in row.missed.items()
        ]
        lines += [
            f"- {row.name}: `{_path(module)}` is {was}, found as {named} x {times}"
            for (module, was, named), times in row.renamed.items()
        ]
        lines += [
            f"- {row.name}: false `{_path(site.module)}` {site.kind} x {times}"
            for site, times in row.false.items()
        ]
    return "\n".join(lines) or "- None."


def faults(analysed: Mapping[str, Analysed]) -> str:
    """Return what failed when the whole command ran: one line each."""
    lines = [f"- {name}: {fault}" for name, found in analysed.items() for fault in found.faults]
    return "\n".join(lines) or "- Nothing."


def _row(row: Comparison, taken: Cost | None, found: Analysed | None) -> str:
    cells = [
        row.name + (" (encoder)" if row.encoder else ""),
        *map(str, (row.expected, row.found, row.renamed.total(), row.missed.total())),
        *map(str, (row.false.total(), row.constant, row.spread)),
        f"{1000 * taken.bare_s:.0f}" if taken else "",
        f"{taken.discovery:.1f}" if taken else "",
        f"{taken.streaming:.2f}" if taken else "",
        _analyze(found) if found else "",
    ]
    if row.error:
        cells[2] = "failed"
    return f"| {' | '.join(cells)} |"


def _analyze(found: Analysed) -> str:
    """Return verdict and energy of the output, or its reason, and the steps with a number."""
    if found.faults:
        return f"FAILED: {found.faults[0].stage}: {found.faults[0].kind}"
    if not found.steps:
        return found.told
    return f"{found.verdict}: {found.told}; {found.scored} of {found.steps} steps"


def _spread(ratios: Sequence[float]) -> str:
    return f"median {median(ratios):.2f}, worst {max(ratios):.2f}" if ratios else "none"


def _path(module: str) -> str:
    """Return a module path as the library has it."""
    return module.removeprefix("model.") if module not in ("", "model") else module or "(call)"


def _percent(found: int, expected: int) -> str:
    return f"{100 * found / expected:.1f} %" if expected else "none expected"
