"""Take steps' grids away where the fault is known, and print what that shows.

    python -m benchmarks.without                      # maps, planted decoders, two of one period
    python -m benchmarks.without maps chains pairs    # some of them
    python -m benchmarks.without NAME ...             # published decoders, such as faststyle_wave

The published decoders need the real data (``SPECTRA_DATA`` or ``../shared/data``), which are not
part of the project.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks.calibration import upsampling  # noqa: E402
from benchmarks.calibration.clean import photo  # noqa: E402
from benchmarks.calibration.pictures import DATA  # noqa: E402
from spectra import Options, capture, gather, score, spectrum  # noqa: E402
from spectra.explain._blame import blame, relation  # noqa: E402
from spectra.inputs import open_inputs  # noqa: E402
from spectra.probe._locked_part import LockedPart  # noqa: E402
from spectra.probe._removed import Removals  # noqa: E402
from spectra.probe._without import without  # noqa: E402
from spectra.score import LockedChange  # noqa: E402
from spectra.score._energy import locked_energy, locked_lattice, ratio_dbc  # noqa: E402
from spectra.signals import power_law_noise  # noqa: E402
from support.planted_decoders import Parallel, chain, latents  # noqa: E402

INPUTS = 16
FLOOR_DBC = -40.0  # below which no step is named
REACHES = (1, 2, 3, 5)


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", default=["maps", "chains", "pairs"])
    tables = {"maps": maps, "chains": chains, "pairs": pairs}
    for name in parser.parse_args().what:
        for line in tables[name]() if name in tables else published(name):
            print(line, flush=True)
        print()


def maps() -> Iterator[str]:
    """Yield what is found in clean maps, and what is left of upsampled ones."""
    yield "| clean maps, 16 inputs | period | lattice points opened | taken out |"
    yield "|---|---|---|---|"
    for name, values in _clean():
        for period in (2, 4) if values.shape[-1] > 16 else (2,):
            part = _fitted(values, period)
            taken = part.locked(values, range(len(values))).square().mean()
            said = (
                "nothing"
                if not part.found
                else f"{10 * np.log10(float(taken / values.var())):.1f} dB"
            )
            yield f"| {name} | {period} | {'some' if part.found else 'none'} | {said} |"
    yield ""
    yield f"| step, input | before, dBc | {' | '.join(f'R = {r}' for r in REACHES)} |"
    yield "|---|---|" + "---|" * len(REACHES)
    for name, values in _upsampled():
        left = [
            _locked_dbc(_fitted(values, 2, reach=r).without(values, range(len(values))))
            for r in REACHES
        ]
        cells = " | ".join(f"{dbc:.1f}" for dbc in left)
        yield f"| {name} | {_locked_dbc(values):.1f} | {cells} |"


def chains() -> Iterator[str]:
    """Yield what the removal of each step does in decoders of three, one of them with a fault."""
    yield "| fault, broken step | output, dBc | step 0 | step 1 | step 2 | named |"
    yield "|---|---|---|---|---|---|"
    cases = [(None, "none", 0.0, False)]
    for fault, amount, norm in (
        ("gain", 0.05, False),
        ("gain", 0.3, False),
        ("nearest", 0.0, False),
        ("taps", 0.4, False),
        ("gain", 0.1, True),
        ("nearest", 0.0, True),
    ):
        cases += [(broken, fault, amount, norm) for broken in range(3)]
    for broken, fault, amount, norm in cases:
        found, output_dbc, _ = _removals(chain(broken, fault, amount, norm=norm), latents(INPUTS))
        steps = " | ".join(_told(step.output) for step in found.steps)
        size = f" {amount:g}" if amount else ""
        title = f"{fault}{size}{', instance norms' if norm else ''}"
        where = "" if broken is None else f", {broken}"
        yield f"| {title}{where} | {_number(output_dbc)} | {steps} | {_named(found, output_dbc)} |"


def pairs() -> Iterator[str]:
    """Yield what the removal of each of two steps of one period does, and of both."""
    yield "| signs | output, dBc | a: a quarter, whole | b: a quarter, whole | both | told |"
    yield "|---|---|---|---|---|---|"
    for signs in ((1, 1), (1, -1), (1, -0.7), (0, 0)):
        net, x = Parallel(signs), latents(INPUTS, side=32)
        found, output_dbc, _ = _removals(net, x)
        a, b = (
            f"{_told(found.steps[i].quarter)}, {_told(found.steps[i].at_period)}" for i in (1, 2)
        )
        both, told = "not measured", None
        if found.together:
            both, told = _told(found.together[0].at_period), relation(found, 0)
        said = (
            "nothing"
            if told is None
            else told[0] + ("" if told[1] is None else f", {' ab'[told[1]]}")
        )
        yield f"| {signs} | {_number(output_dbc)} | {a} | {b} | {both} | {said} |"


def published(name: str) -> Iterator[str]:
    """Yield what the removal of each step of a published decoder does."""
    from support.realdata import DECODERS

    decoder = DECODERS[name]
    x = torch.from_numpy(decoder.inputs(DATA))[:INPUTS]
    started = time.perf_counter()
    found, output_dbc, labels = _removals(decoder.load(DATA).eval(), x)
    yield f"{name}: output {_number(output_dbc)} dBc, {_named(found, output_dbc)},"
    yield f"{found.forwards} passes of {found.inputs} inputs, {time.perf_counter() - started:.0f} s"
    yield ""
    yield "| step | output | own period | a quarter, own period |"
    yield "|---|---|---|---|"
    for label, step in zip(labels, found.steps, strict=True):
        if step.reason:
            yield f"| {label} | {step.reason} | | |"
        else:
            cells = (_told(c) for c in (step.output, step.own, step.quarter))
            yield f"| {label} | {' | '.join(cells)} |"
    for one in found.together:
        names = " + ".join(labels[i] for i in one.steps)
        yield f"| {names} | {one.reason or _told(one.output)} | {_told(one.own)} | |"


def _removals(net: nn.Module, x: Tensor) -> tuple[Removals, float | None, list[str]]:
    """Return what taking steps away shows, the output's locked energy, and the steps' labels."""
    inputs = open_inputs(x)
    with capture.quiet(net):
        example = capture.example_input(net, inputs)
        steps = capture.find_steps(net, example, Options(), progress=_silent)
        passed = gather.run(net, steps, inputs, Options(), progress=_silent)
    scores = score.run(passed, inputs, seed=0, progress=_silent)
    found = without(net, passed, scores, inputs, seed=0, progress=_silent)
    return found, scores.output.asr_dbc, [step.label for step in steps.steps]


def _silent(stage: str, done: int, total: int) -> None:
    """Report no progress."""


def _named(found: Removals, output_dbc: float | None) -> str:
    named = blame(found, output_dbc=output_dbc, floor_dbc=FLOOR_DBC)
    steps = " and ".join(map(str, named.steps))
    return str(named.step) if named.standing == "step" else f"{named.standing} {steps}".strip()


def _told(change: LockedChange | None) -> str:
    """Return a change in dB with its interval, or as much of it as is known."""
    if change is None:
        return "?"
    if change.ci95_db is not None and change.db is not None:
        low, high = change.ci95_db
        return f"{change.db:.1f} ({low:.1f}, {high:.1f})"
    upper = "" if change.upper_db is None else f" (to {change.upper_db:.1f})"
    return ("no grid left" if change.db is None else f"{change.db:.1f}") + upper


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"


def _clean() -> Iterator[tuple[str, Tensor]]:
    for side in (16, 32, 64, 96):
        for name, exponent in (("white", 0.0), ("1/f", 2.0)):
            yield f"{name}, {side} px", _noise(2, side, exponent)
    rng = np.random.default_rng(0)
    yield "photographs, 128 px", torch.from_numpy(photo(INPUTS, 128, rng, "tuning"))


def _upsampled() -> Iterator[tuple[str, Tensor]]:
    rng = np.random.default_rng(3)
    near = upsampling.interpolation("nearest", 2, 2, 2)
    uneven = upsampling.Step((2, 2), 1 + 0.3 * rng.normal(size=(1, 1, 3, 3)), origin=1)
    steps = {
        "nearest": near,
        "transposed 3x3, taps of 1 +- 0.3": uneven,
        "transposed 4x4, as trained": upsampling.trained_like(rng, 4, 2, 2, 1),
        "shuffle, random 3x3": upsampling.shuffled(rng, 2, 2, 1, icnr=False),
    }
    for name, step in steps.items():
        for content, exponent in (("white", 0.0), ("1/f", 2.0)):
            low = _noise(step.kernel.shape[1], 48, exponent).numpy()
            yield f"{name}, {content}", torch.from_numpy(step(low).astype(np.float32))


def _noise(channels: int, side: int, exponent: float) -> Tensor:
    shape = (INPUTS, channels, side, side)
    values = power_law_noise(shape, seed=5, exponent=exponent, axes=2)
    return torch.from_numpy(values.astype(np.float32))


def _fitted(values: Tensor, period: int, reach: int | None = None) -> LockedPart:
    part = LockedPart((period, period), count=len(values), reach=reach)
    part.add(values)
    part.fit()
    return part


def _locked_dbc(values: Tensor) -> float:
    plan = spectrum.plan_maps(values.shape[1:], (2, 2), count=len(values))
    sums = spectrum.MapStatistics(plan)
    sums.update(values, first=0)
    lattice = locked_lattice(sums.to_dataset())
    energy = locked_energy(lattice, np.ones_like(lattice.total, bool))
    return ratio_dbc(max(energy.share, 1e-9)) or -90.0


if __name__ == "__main__":
    main()
