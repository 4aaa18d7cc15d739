"""Speed and memory as ratios within one run: ``make bench``, or ``python benchmarks/bench.py``.

A ratio survives another machine and a busy one better than milliseconds do, though not fully:
paste the output into README.md together with the load it prints.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
import tracemalloc
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import layers
import networks
import numpy as np
import scipy.fft
import torch
import xarray as xr
from growth import bench_growth
from memory import bench_memory
from model_costs import bench_models
from start import bench_start
from timing import Table, medians
from torch import Tensor, nn
from whole_analysis import bench_analysis

import spectra
from spectra import capture, spectrum
from spectra.spectrum import _compiled
from spectra.spectrum._azimuthal import annuli

HERE = Path(__file__).parent
LAYER_ROUNDS = 5
PASSES = "mean removal, Hann window and transform, as three passes of torch"
BARE_CHUNK = 12  # maps of 256x256 that stay in the cache


def bare_rfft2(maps: Tensor, chunk: int = BARE_CHUNK) -> None:
    """Transform maps in batches and throw the result away: the floor of every spectrum."""
    for part in maps.flatten(0, 1).split(chunk):
        torch.fft.rfft2(part)


def three_passes(maps: Tensor, chunk: int = BARE_CHUNK) -> None:
    """Take the mean out, multiply by a Hann window, transform: a bound of any mean spectrum."""
    hann = torch.hann_window(maps.shape[-1])
    window = hann[:, None] * hann
    for part in maps.flatten(0, 1).split(chunk):
        torch.fft.rfft2((part - part.mean((-2, -1), keepdim=True)).mul_(window))


def streaming(maps: Tensor, *, batch: int) -> None:
    """Add maps to the library's running statistics, without a lattice: power, log, rings."""
    statistics = spectrum.MapStatistics(
        spectrum.plan_maps(maps.shape[1:], count=len(maps), margin=(0, 0))
    )
    for first in range(0, len(maps), batch):
        statistics.update(maps[first : first + batch], first=first)


def numpy_naive(maps: np.ndarray) -> None:
    total = np.zeros(maps.shape[2:])
    for picture in maps:
        for channel in picture:
            total += np.abs(np.fft.fft2(channel)) ** 2


def scipy_float32(maps: np.ndarray) -> None:
    total = np.zeros((maps.shape[2], maps.shape[3] // 2 + 1))
    for picture in maps:
        half = scipy.fft.rfft2(picture)
        total += (half.real**2 + half.imag**2).sum(axis=0)


def xrft_power(maps: np.ndarray) -> None:
    import xrft

    for picture in maps:
        labelled = xr.DataArray(picture, dims=("channel", "y", "x"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of xarray, about xrft
            powers = xrft.power_spectrum(labelled, dim=["y", "x"], real_dim="x", window="hann")
        powers.mean("channel")


def bench_pictures(table: Table, rounds: int, count: int) -> None:
    """Mean power spectrum of RGB pictures."""
    from spectra.spectrum import mean_log_spectrum
    from spectra.spectrum._published_curves import annulus_power

    maps = torch.rand(count, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    few = maps[: max(count // 8, 1)].numpy()
    xrft_power(few[:1])  # imports numba, which resets the threads
    torch.set_num_threads(1)
    work = {
        "bare": partial(bare_rfft2, maps),
        "annulus_power (mean power, then rings)": partial(annulus_power, maps),
        "mean_log_spectrum": partial(mean_log_spectrum, maps),
        "MapStatistics (power, log power, rings and spread, phases)": partial(
            streaming, maps, batch=8
        ),
        "three passes": partial(three_passes, maps),
        "numpy, complex128": partial(numpy_naive, few),
        "scipy, float32": partial(scipy_float32, few),
        "xrft": partial(xrft_power, few),
    }
    took = medians(work, rounds=rounds)
    bare, *ours = list(work)[:4]
    table.title(f"{count} RGB pictures of 256x256, one thread")
    table.note("bare batched float32 rfft2", f"{1e3 * took[bare] / count:.2f} ms a picture")
    table.note(f"bound: {PASSES} / bare", f"{took['three passes'] / took[bare]:.2f} x")
    for name, target in zip(ours, (1.6, 1.9, 2.0), strict=True):
        table.at_most(f"{name} / bare", took[name] / took[bare], target)
    per_picture = took[ours[0]] / count
    for name, target in (("numpy, complex128", 4), ("scipy, float32", 1.6), ("xrft", 6)):
        table.at_least(f"{name} / {ours[0]}", took[name] / len(few) / per_picture, target)


def bench_activations(table: Table, rounds: int) -> None:
    """Mean power spectrum of activations, and the statistics that `analyze` streams."""
    from spectra.spectrum import mean_log_spectrum
    from spectra.spectrum._published_curves import annulus_power

    maps = torch.rand(8, 64, 128, 128, generator=torch.Generator().manual_seed(0))
    plan = spectrum.plan_maps((64, 128, 128), (2, 2), count=64)
    work = {
        "bare": partial(bare_rfft2, maps, chunk=32),
        "three passes": partial(three_passes, maps, chunk=32),
        "mean": partial(annulus_power, maps),
        "log": partial(mean_log_spectrum, maps),
        "figures": partial(streaming, maps, batch=1),
        "all": partial(spectrum.MapStatistics(plan).update, maps, first=0),
    }
    took = medians(work, rounds=rounds)
    table.title("Activations of 64 channels, 128x128, one thread")
    table.note("bare batched float32 rfft2", f"{1e3 * took['bare'] / 8:.2f} ms a picture")
    table.note(f"bound: {PASSES} / bare", f"{took['three passes'] / took['bare']:.2f} x")
    for what, name, target in (
        ("annulus_power", "mean", 1.6),
        ("mean_log_spectrum", "log", 1.9),
        ("MapStatistics without a lattice", "figures", 2.0),
        ("MapStatistics with test and energy", "all", 2.8),
    ):
        table.at_most(f"{what} / bare", took[name] / took["bare"], target)


def bench_azimuthal(table: Table) -> None:
    """Azimuthal profile of one power map."""
    rng = np.random.default_rng(0)
    half = rng.random((256, 129))
    took = medians({"half": partial(annuli((256, 256)).mean, half)}, rounds=200)
    table.title("Azimuthal profile of one 256x256 map")
    table.at_most("half plane, absolute on an idle machine", 1e3 * took["half"], 0.15, "ms")


def bench_capture(table: Table, name: str, model: nn.Module, x: Tensor, rounds: int) -> None:
    """Finding the steps, and streaming their maps to nobody, against the bare forward pass."""
    model.eval()
    with capture.quiet(model):
        found = capture.discover(model, x)

        def stream() -> None:
            with capture.stream(model, found, lambda _index, _maps: None):
                capture.forward(model, x)

        work = {
            "bare": partial(model, x),
            "discover": partial(capture.discover, model, x),
            "stream": stream,
        }
        took = medians(work, rounds=rounds)
    table.note(f"{name}: bare forward", f"{1e3 * took['bare']:.0f} ms")
    table.at_most(f"{name}: discovery / bare", took["discover"] / took["bare"], 3)
    table.at_most(f"{name}: streaming taps / bare", took["stream"] / took["bare"], 1.15)


KERNELS = ((512, 512, 4), (512, 256, 4), (256, 128, 3), (64, 64, 11), (32, 16, 31))


def bench_kernels(table: Table, layers: int = 50) -> None:
    """The table of a checkpoint's kernels: CPU time with loading, memory without."""
    torch.manual_seed(0)
    sizes = [KERNELS[i % len(KERNELS)] for i in range(layers)]
    model = nn.ModuleList(nn.ConvTranspose2d(i, o, k, 2, bias=i != o) for i, o, k in sizes)
    few = nn.ModuleList(model[: len(KERNELS)])
    tracemalloc.start()  # before anything is cached
    spectra.measure_kernels(few)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.pth"
        torch.save(model.state_dict(), path)
        code = (
            "import sys, time, torch, spectra; torch.set_num_threads(1); "
            "began = time.process_time(); "
            "spectra.measure_kernels(sys.argv[1], strides={'*': (2,)}); "
            "print(time.process_time() - began)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
        )
        seconds = float(done.stdout)
    weights = sum(p.numel() for p in model.parameters())
    table.title(f"Kernels of {layers} layers, {weights / 1e6:.0f} M weights, one thread")
    table.note("sizes", ", ".join(f"{i}x{o}x{k}x{k}" for i, o, k in KERNELS))
    table.at_most("spectra.measure_kernels of the file", seconds, 10, "CPU s")
    table.at_most("peak of what measuring allocates", peak, 256, "MiB")


def bench_layers(table: Table, rounds: int) -> None:
    """Upsampling layers against a 2x2 of the same grouping, and the routes to what they compute."""
    for grouping, (inputs, outputs, _) in layers.GROUPINGS.items():
        maps = f"{layers.BATCH} maps of {layers.SIDE}x{layers.SIDE}, one thread"
        table.grid(
            f"Layers, {grouping}, {inputs} to {outputs} channels, {maps}",
            ["layer", "forward", "merged, forward", "forward and backward", "peak of both"],
            layer_costs(grouping, rounds),
        )
        table.grid(
            f"Times faster than PyTorch's transposed convolution, {grouping}",
            ["layer", "route", "forward", "forward and backward"],
            route_gains(grouping, rounds),
        )


def layer_costs(grouping: str, rounds: int) -> Iterator[list[str]]:
    """Yield the times of each size over those of a 2x2, and the memory."""
    x, work = layers.features(grouping), {}
    for size in layers.SIZES:
        made = layers.layer(size, grouping)
        work[f"{size} forward"] = partial(layers.forward, made, x)
        work[f"{size} both"] = partial(layers.forward_and_backward, made, x)
        if made.small is not None:
            work[f"{size} merged"] = partial(layers.forward, made.merge(), x)
    took = medians(work, rounds=rounds)
    first = next(iter(layers.SIZES))
    for size in layers.SIZES:
        cells = []
        for what, over in (("forward", "forward"), ("merged", "forward"), ("both", "both")):
            seconds, base = took.get(f"{size} {what}"), took[f"{first} {over}"]
            ratio = "" if seconds is None else f"{seconds / base:.1f} x"
            cells.append(f"{1e3 * base:.1f} ms" if size == first and ratio else ratio)
        command = [sys.executable, str(HERE / "layers.py"), f"{size}, {grouping}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        yield [size, *cells, f"{float(done.stdout):.0f} MiB"]


def route_gains(grouping: str, rounds: int) -> Iterator[list[str]]:
    """Yield how many times faster than PyTorch's own route each other one is."""
    x = layers.features(grouping)
    for size in layers.ROUTED:
        ways = layers.routes(size, grouping)
        forward, both = (
            medians({name: partial(kind, way, x) for name, way in ways.items()}, rounds=rounds)
            for kind in (layers.forward, layers.forward_and_backward)
        )
        for name in list(ways)[1:]:
            gains = [took["PyTorch"] / took[name] for took in (forward, both)]
            yield [size, name, *(f"{gain:.1f} x" for gain in gains)]


MODELS: dict[str, tuple[type[nn.Module], tuple[int, ...]]] = {
    "U-Net r34, 256x256": (networks.UNet, (3, 256, 256)),
    "NAFNet w16, 256x256": (networks.NAFNet, (3, 256, 256)),
    "SR x4, 64x64": (networks.SuperResolution, (3, 64, 64)),
    "HiFi-GAN V1, 32 frames": (networks.Vocoder, (80, 32)),
}
TRACED = MODELS | {
    "ViT, tokens to patches, 256x256": (networks.Unpatchifying, (3, 256, 256)),
    "SwinIR small, 64x64": (networks.WindowedSuperResolution, (3, 64, 64)),
}
PARTS = (
    "pictures",
    "activations",
    "azimuthal",
    "growth",
    "kernels",
    "capture",
    "analysis",
    "memory",
)
PARTS += ("memory", "layers", "models", "start")


def main() -> None:
    """Run the chosen parts and say how many targets were met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all if omitted")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--inputs", type=int, default=64, help="of an analysis")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of an analysis")
    parser.add_argument(
        "--compiled", action="store_true", help="with numba's loops, of however few maps"
    )
    options = parser.parse_args()
    parts = options.parts or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))}: expected of {', '.join(PARTS)}")

    _compiled.LEAST = 0 if options.compiled else sys.maxsize
    loops = f"numba {_compiled.numba_version()}" if options.compiled else "no compiled loops"
    print(
        f"spectra {spectra.__version__}, torch {torch.__version__.partition('+')[0]}, "
        f"Python {platform.python_version()}, {platform.machine()}, {loops}"
    )
    table = Table()
    torch.set_num_threads(1)
    if "pictures" in parts:
        bench_pictures(table, options.rounds, options.pictures)
    if "activations" in parts:
        bench_activations(table, options.rounds)
    if "azimuthal" in parts:
        bench_azimuthal(table)
    if "growth" in parts:
        bench_growth(table, options.rounds)
    if "capture" in parts:
        table.title("Finding and streaming steps, one input, one thread")
        for name, (build, shape) in TRACED.items():
            torch.manual_seed(0)
            bench_capture(table, name, build(), torch.rand(1, *shape), 7)
    if "kernels" in parts:
        bench_kernels(table)
    if "analysis" in parts:
        torch.set_num_threads(options.threads)
        table.title(f"Analysis of {options.inputs} inputs, {options.threads} threads")
        for name, (build, shape) in MODELS.items():
            torch.manual_seed(0)
            maps = torch.rand(options.inputs, *shape)
            bench_analysis(table, name, build(), maps, options.rounds)
    if "memory" in parts:
        bench_memory(table)
    if "layers" in parts:
        torch.set_num_threads(1)
        bench_layers(table, max(options.rounds, LAYER_ROUNDS))
    if "models" in parts:
        bench_models(table, options.rounds)
    if "start" in parts:
        bench_start(table)
    print(f"\n{sum(table.met)} of {len(table.met)} targets met.")


if __name__ == "__main__":
    main()
