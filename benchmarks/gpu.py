"""One GPU against its own forward passes and against the CPU: ``python benchmarks/gpu.py``.

Prints, in under eight minutes on one card: FFT and statistics beside the forward pass, with and
without the test; how far sums and results are from the CPU's; peak memory; half precision,
autocast, channels-last and compiled models. ``--device cpu --quick`` tries the script where there
is no card: its times mean nothing there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from statistics import median

import networks
import numpy as np
import torch
from passes import forwards, measured
from timing import Table
from torch import nn

import spectra
from spectra import Options, capture, demo, spectrum
from spectra.run import analyze

MODELS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "U-Net r34, 256x256": (networks.UNet, 256),
    "NAFNet w16, 256x256": (networks.NAFNet, 256),
    "SR x4, 64x64": (networks.SuperResolution, 64),
}
ROUNDS = 5
BATCH = 16
TOLERANCE = 1e-5  # of sums, over the largest of their kind


def wait(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(work: Callable[[], object], device: torch.device, rounds: int) -> float:
    """Return the median seconds of some work, after a warm-up."""
    taken = []
    for _ in range(rounds + 1):
        wait(device)
        began = time.perf_counter()
        work()
        wait(device)
        taken.append(time.perf_counter() - began)
    return median(taken[1:])


def bench_statistics(table: Table, device: torch.device, inputs: int, rounds: int) -> None:
    """Print FFT and statistics beside the forward pass."""
    table.title("FFT and statistics beside the forward pass")
    for name, (build, side) in MODELS.items():
        torch.manual_seed(0)
        model = build().eval().to(device)
        maps = torch.rand(inputs, 3, side, side, device=device)
        with capture.quiet(model):
            found = capture.discover(model, maps[:1])
            bare = seconds(partial(forwards, model, maps, BATCH), device, rounds)
            table.note(f"{name}: bare forward", f"{1e3 * bare / inputs:.2f} ms an input")
            for what, tested in (("statistics", False), ("statistics, test and energy", True)):
                work = partial(measured, model, maps, found, batch=BATCH, tested=tested)
                took = seconds(work, device, rounds)
                table.at_most(f"{name}: with {what} / bare", took / bare, 1.1)


def bench_agreement(table: Table, device: torch.device) -> None:
    """Print how far the device's sums and results are from the CPU's."""
    table.title("Against the CPU")
    maps = torch.randn(32, 8, 96, 96, generator=torch.Generator().manual_seed(0))
    plan = spectrum.plan_maps((8, 96, 96), (2, 2), (4, 4), count=len(maps))
    sums = []
    for where in ("cpu", device):
        statistics = spectrum.MapStatistics(plan, whole=True)
        statistics.update(maps.to(where), first=0)
        sums.append(statistics.sums)
    apart = max(
        np.abs(sums[1][name] - value).max(initial=0) / (np.abs(value).max(initial=0) or 1.0)
        for name, value in sums[0].items()
    )
    table.at_most("farthest sum, over the largest of its kind", 1e6 * apart, 1e6 * TOLERANCE, "ppm")
    results = [_analysed(_decoder(), torch.device("cpu")), _analysed(_decoder(), device)]
    told = " and ".join(result.verdict for result in results)
    table.note("demo decoder: verdict on the CPU and here", told)
    own = [[step.score.asr_dbc or 0.0 for step in result.summary.steps] for result in results]
    table.at_most("demo decoder: farthest energy", np.abs(np.subtract(*own)).max(), 0.001, "dB")


def _decoder() -> nn.Module:
    torch.manual_seed(0)
    return demo.small()


def _analysed(model: nn.Module, device: torch.device, **options: object) -> spectra.report.Result:
    maps = torch.rand(32, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    given = Options(batch=BATCH, **options)  # type: ignore[arg-type]
    return analyze(model.to(device), maps, options=given)


def bench_memory(table: Table, device: torch.device, inputs: int) -> None:
    """Print the peak memory of an analysis beside that of the forward pass."""
    table.title("Peak memory of the device")
    if device.type != "cuda":
        table.note("measured on a CUDA device only", "")
        return
    for name, (build, side) in MODELS.items():
        torch.manual_seed(0)
        model = build().eval().to(device)
        maps = torch.rand(inputs, 3, side, side)
        peaks = []
        for work in (
            lambda m=model, x=maps: forwards(m, x[:BATCH].to(device), BATCH),
            lambda m=model, x=maps: analyze(m, x, options=Options(batch=BATCH, blame=False)),
        ):
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
            work()
            peaks.append(torch.cuda.max_memory_allocated(device))
        table.note(f"{name}: forward of {BATCH}", f"{peaks[0] / 2**20:.0f} MiB")
        table.at_most(f"{name}: analysis / forward", peaks[1] / peaks[0], 1.3)


def bench_kinds(table: Table, device: torch.device) -> None:
    """Print what an analysis of half precision, of autocast and of compiled models says."""
    table.title("Precision and layout, demo decoder")
    single = _analysed(_decoder(), device)
    for name, model, context in _kinds(device):
        began = time.perf_counter()
        try:
            with context:
                result = _analysed(model, device)
        except spectra.errors.SpectraError as error:
            table.note(name, f"refused: {error}")
            continue
        apart = [
            abs((a.score.asr_dbc or 0.0) - (b.score.asr_dbc or 0.0))
            for a, b in zip(single.summary.steps, result.summary.steps, strict=True)
        ]
        told = f"{result.verdict}, energies within {max(apart):.3f} dB of single precision"
        table.note(name, f"{told}, {time.perf_counter() - began:.1f} s")


def _kinds(
    device: torch.device,
) -> Iterator[tuple[str, nn.Module, AbstractContextManager[object]]]:
    half = torch.float16 if device.type == "cuda" else torch.bfloat16
    yield "half precision", _decoder().to(half), nullcontext()
    yield "autocast around the call", _decoder(), torch.autocast(device.type, half)
    yield "channels last", _decoder().to(memory_format=torch.channels_last), nullcontext()
    if device.type == "cuda":
        yield "torch.compile", torch.compile(_decoder().to(device)), nullcontext()


def main() -> None:
    """Run all parts on one device."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--inputs", type=int, default=64)
    parser.add_argument("--quick", action="store_true", help="few inputs, one round")
    given = parser.parse_args()
    device = torch.device(given.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.error("no CUDA device: try --device cpu --quick")
    inputs, rounds = (4, 1) if given.quick else (given.inputs, ROUNDS)
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"spectra {spectra.__version__}, torch {torch.__version__.partition('+')[0]}, {card}")
    table = Table()
    began = time.perf_counter()
    bench_statistics(table, device, inputs, rounds)
    bench_agreement(table, device)
    bench_memory(table, device, inputs)
    bench_kinds(table, device)
    print(f"\n{time.perf_counter() - began:.0f} s in all")
    print(f"{sum(table.met)} of {len(table.met)} targets met.")


if __name__ == "__main__":
    main()
