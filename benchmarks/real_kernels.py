"""Tabulate the kernels of the published decoders beside the alias measured at the same steps.

    python benchmarks/real_kernels.py [NAME ...] [--out TABLE.md]

Needs the real data (``SPECTRA_DATA`` or ``../shared/data``), which are not part of the project. For
each linear step whose weights are known, the alias is predicted from kernel and input: once
from the covariance of the input's channels and their mean spectrum, once from their full
cross-spectrum, both as the score sees them, through a Hann tile.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))


import spectra  # noqa: E402
from spectra import capture, kernel  # noqa: E402
from spectra.score import Score  # noqa: E402
from spectra.weights import UpsamplingKernel, kernels_of_model  # noqa: E402
from support.measured import measured_spectrum  # noqa: E402
from support.realdata import DECODERS, Decoder  # noqa: E402

HEADER = (
    "| decoder, layer | kernel | imbalance | line dB | rejects dB | bound dB | gap dB | phase px "
    "| sinc % | mass | rejects, measured covariance | alias dBc: covariance | cross-spectrum "
    "| measured (95 % interval) |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)
BASE_BINS = {1: 64, 2: 32, 3: 8}
MOST_TILE = 96
EDGE = 2  # outer bins of the base band that the score leaves out
CHANNELS = 16  # that it tests


@dataclass(frozen=True)
class Fed:
    """What enters a step: windowed spectra of its tiles, (block, channel, *bins), and means.

    A tile's mean, (block, channel), is apart from its spectrum: it becomes lines, which are
    locked as far as tiles of different pictures agree on them.
    """

    spectra: NDArray[np.complex64]
    image: NDArray[np.int64]
    mean: NDArray[np.float64]


def main() -> None:
    """Tabulate the named decoders, all by default."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(DECODERS)}")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    data = Path(os.environ.get("SPECTRA_DATA") or ROOT.parent / "shared" / "data")
    torch.set_num_threads(1)
    table = HEADER
    for name in arguments.names or DECODERS:
        started = time.perf_counter()
        for row in rows(name, DECODERS[name], data):
            print(row, flush=True)
            table += row + "\n"
        print(f"<!-- {name}: {time.perf_counter() - started:.0f} s -->", flush=True)
    if arguments.out:
        arguments.out.write_text(table)


def rows(name: str, decoder: Decoder, data: Path) -> list[str]:
    """Return a row for each layer of a decoder."""
    model, inputs = decoder.load(data), torch.from_numpy(decoder.inputs(data))
    found = capture.discover(model, inputs[:1])
    kernels = kernels_of_model(model, found)
    if not kernels:
        return []
    entered = {
        step.name: step.convolution.module
        for step in found.steps
        if step.convolution and step.kind in ("transposed_conv", "pixel_shuffle")
    }
    summary = spectra.analyze(model, inputs).summary
    measured = {step.name: step.score for step in summary.steps}
    rows = []
    for one in kernels:
        # Interpolations treat channels alike: there is nothing to predict.
        linear = one.name in entered
        enters = fed(entered[one.name], one.kernel, model, inputs) if linear else None
        rows.append(_row(f"{name} `{one.name}`", one, enters, measured.get(one.name)))
    return rows


def _row(label: str, one: UpsamplingKernel, entered: Fed | None, score: Score | None) -> str:
    found = one.kernel
    m = kernel.measure(found)
    cells = [
        label,
        f"{one.kind} {_times(found.size)}/{_times(found.stride)}",
        f"{m.phase_imbalance:.2f}",
        *map(_number, (m.line_gain_db, m.rejection_db, m.rejection_bound_db, m.gap_db)),
        ", ".join(f"{p:+.2f}" for p in m.sub_pixel_phase),
        ", ".join(f"{p:.0f}" for p in m.sinc_percentile),
        str(m.effective_size),
    ]
    if entered is None:
        return f"| {' | '.join([*cells, '', '', '', _alias_of(score)])} |"
    covariance, spectrum = covariance_of(entered)
    rejects = kernel.rejection_db(
        kernel.tap_gram(found, covariance=covariance),
        spectrum=measured_spectrum(spectrum, found.stride),
    )
    cells += [
        _number(rejects),
        _number(predicted_from_covariance(found, covariance, spectrum, entered.mean)),
        _number(predicted_from_blocks(found, entered)),
        _alias_of(score),
    ]
    return f"| {' | '.join(cells)} |"


def fed(path: str, own: kernel.Kernel, model: nn.Module, inputs: Tensor) -> Fed | None:
    """Run the model and return what enters the module at ``path``, tile by tile."""
    entering: list[Tensor] = []
    module = model.get_submodule(path)
    handle = module.register_forward_pre_hook(lambda _, x: entering.append(x[0].detach().clone()))
    try:
        with capture.quiet(model):
            for batch in inputs.split(8):
                capture.forward(model, batch)
    finally:
        handle.remove()
    maps = torch.cat(entering).double().numpy()
    axes = maps.ndim - 2
    margins = [n // 8 for n in maps.shape[2:]]
    room = [n - 2 * margin for n, margin in zip(maps.shape[2:], margins, strict=True)]
    side = min(BASE_BINS[axes], MOST_TILE // max(own.stride), *room) // 2 * 2
    if side < 8:
        return None
    window = np.ones(())
    for _ in range(axes):
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(side) / side)
        window = np.multiply.outer(window, hann / np.sqrt(np.mean(hann**2)))
    starts = [
        range(margin, margin + r - side + 1, side) for margin, r in zip(margins, room, strict=True)
    ]
    spectra_, images, means = [], [], []
    for corner in product(*starts):
        box = tuple(slice(a, a + side) for a in corner)
        tile = maps[(slice(None), slice(None), *box)]
        level = tile.mean(tuple(range(2, 2 + axes)), keepdims=True)
        tile = tile - level
        means.append(level.reshape(level.shape[:2]))
        found = np.fft.fftn(tile * window, axes=tuple(range(2, 2 + axes))) / side**axes
        spectra_.append(found.astype(np.complex64))
        images.append(np.arange(len(maps)))
    return Fed(np.concatenate(spectra_), np.concatenate(images), np.concatenate(means))


def covariance_of(fed: Fed) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the covariance of the channels, and the mean of their spectra, each of sum 1."""
    flat = fed.spectra.swapaxes(0, 1).reshape(fed.spectra.shape[1], -1)
    covariance = (flat @ flat.conj().T).real.astype(float) / len(fed.spectra)
    spectrum = (np.abs(fed.spectra) ** 2).mean((0, 1), dtype=float)
    return covariance, spectrum / spectrum.sum()


def predicted_from_covariance(
    step: kernel.Kernel,
    covariance: NDArray[np.float64],
    spectrum: NDArray[np.float64],
    mean: NDArray[np.float64],
) -> float | None:
    """Return locked over remaining power for ``S_ij(f) = C_ij S(f)``."""
    root = np.linalg.cholesky(covariance + 1e-9 * np.trace(covariance) * np.eye(len(covariance)))
    gain = np.sqrt(spectrum)

    def passed(response: NDArray[np.complex128]) -> NDArray[np.complex128]:
        return np.einsum("...io,ia,...->a...o", response, root, gain)  # a: independent sources

    return _alias(step, spectrum.shape, passed, mean, np.zeros(0, int))


def predicted_from_blocks(step: kernel.Kernel, fed: Fed) -> float | None:
    """Return the same for the blocks' own cross-spectra, products of different images only."""
    blocks = np.moveaxis(fed.spectra, 1, -1)

    def passed(response: NDArray[np.complex128]) -> NDArray[np.complex128]:
        return np.einsum("...io,b...i->b...o", response, blocks) / np.sqrt(len(blocks))

    return _alias(step, fed.spectra.shape[2:], passed, fed.mean, fed.image)


def _alias(
    step: kernel.Kernel,
    sides: tuple[int, ...],
    passed: Callable[[NDArray[np.complex128]], NDArray[np.complex128]],
    mean: NDArray[np.float64],
    image: NDArray[np.int64],
) -> float | None:
    """Return locked over remaining power, as the score defines it, of 16 output channels."""
    outputs = step.channels[1]
    chosen = np.arange(min(outputs, CHANNELS)) * outputs // min(outputs, CHANNELS)
    kept = kernel.transposed_conv(
        step.taps[:, chosen], stride=step.stride, padding=step.padding, dilation=step.dilation
    )
    bins = [np.fft.fftfreq(n) for n in sides]
    grid = np.stack(np.meshgrid(*bins, indexing="ij"), -1) / np.array(step.stride)
    inner = np.ones(sides, bool)
    for axis, n in enumerate(sides):
        near = np.abs(np.fft.fftfreq(n, 1 / n)) <= n // 2 - EDGE
        inner &= near.reshape([-1 if a == axis else 1 for a in range(len(sides))])
    levels = mean @ kept.response(np.zeros(len(sides)))
    base = passed(kept.response(grid))
    power = (np.abs(base) ** 2).sum(0)
    total = power.sum(tuple(range(len(sides))))
    locked = np.zeros(len(chosen))
    for m in product(*map(range, step.stride)):
        if not any(m):
            continue
        shift = np.array(m) / np.array(step.stride)
        replica = passed(kept.response(grid + shift))
        total = total + (np.abs(replica) ** 2).sum((0, *range(1, 1 + len(sides))))
        products = base * replica.conj()
        together = _agreed(products, image)
        share = np.where(power > 0, together / np.where(power > 0, power, 1), 0)
        locked += share[inner].sum(0)
        lines = mean @ kept.response(shift)
        total = total + (np.abs(lines) ** 2).mean(0)
        locked += _following(lines, levels, image)
    of_image = np.array([levels[image == i].mean(0) for i in image]).reshape(-1, levels.shape[-1])
    if len(image):  # what varies between tiles
        total = total + (np.abs(levels - of_image) ** 2).mean(0)
    share = float((locked / total).mean())
    return 10 * np.log10(share / (1 - share)) if 0 < share < 1 else None


def _following(
    lines: NDArray[np.complex128], levels: NDArray[np.complex128], image: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the power of lines, (block, channel), that a constant and each tile's level predict.

    The coefficients come from the other images, so that coincidences do not count.
    """
    groups = image if image.size else np.arange(len(lines))
    power = np.zeros(lines.shape[1])
    for channel, (line, level) in enumerate(zip(lines.T, levels.real.T, strict=True)):
        known = np.stack([np.ones_like(level), level], axis=1)
        for own in np.unique(groups):
            others = groups != own
            coefficients = np.linalg.lstsq(known[others], line[others])[0]
            predicted = known[~others] @ coefficients
            power[channel] += (predicted.conj() * line[~others]).real.sum()
    return power / len(lines)


def _agreed(parts: NDArray[np.complex128], image: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the squared sum of parts, from products of different images where there are any."""
    if not image.size:
        return np.abs(parts.sum(0)) ** 2
    groups = np.unique(image)
    sums = np.stack([parts[image == g].sum(0) for g in groups])
    between = np.abs(sums.sum(0)) ** 2 - (np.abs(sums) ** 2).sum(0)
    return between / (1 - 1 / len(groups))


def _alias_of(score: Score | None) -> str:
    if score is None or score.asr_dbc is None:
        return ""
    interval = score.asr_ci95_dbc
    between = f" ({interval[0]:.1f} to {interval[1]:.1f})" if interval else ""
    return f"{score.asr_dbc:.1f}{between}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _times(values: tuple[int, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else "x".join(map(str, values))


if __name__ == "__main__":
    main()
