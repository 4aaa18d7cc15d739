"""Repair published decoders without labels and write the table of what it reached.

    python benchmarks/repair_decoders.py [NAME ...] [--passes N] [--out TABLE.md] [--crops DIR]

Needs the real data (``SPECTRA_DATA`` or ``../shared/data``), which are not part of the project;
``demo`` needs none.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from spectra import Options, demo  # noqa: E402
from spectra.capture import forward, quiet  # noqa: E402
from spectra.inputs import open_inputs  # noqa: E402
from spectra.load import load_model  # noqa: E402
from spectra.repair import split  # noqa: E402
from spectra.report import Trial  # noqa: E402
from spectra.run import try_swap  # noqa: E402
from spectra.score import Score  # noqa: E402
from support.realdata import (  # noqa: E402
    DECODERS,
    TILE,
    Array,
    channels_first,
    kodak,
    luma_full,
    shrunk,
    tiles,
    ycbcr_full,
)

REMEDY = {
    "fsrcnn_x2": "lctc9",
    "fsrcnn_x3": "lctc9",
    "fsrcnn_x4": "lctc9",
}  # the smallest that keeps a 9x9; lctc7 for all others
DEFAULT = (
    "demo",
    "fsrcnn_x2",
    "espcn_x3",
    "waifu2x_scale2x",
    "face_dcgan",
    "faststyle_wave",
    "lwnet_wnet_drive",
)
ZOOM, CROP = 6, 48
HEADER = (
    "| decoder | swapped | inputs | minutes | to old | to old without grid | output dBc, before, "
    "after | change | success |\n|---|---|---|---|---|---|---|---|---|\n"
)


def main() -> None:
    """Repair the named decoders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"demo or of {', '.join(DECODERS)}")
    parser.add_argument("--passes", type=int, default=30)
    parser.add_argument("--steps", default="*")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--crops", type=Path)
    arguments = parser.parse_args()
    data = Path(os.environ.get("SPECTRA_DATA") or ROOT.parent / "shared" / "data")
    torch.set_num_threads(1)
    table = HEADER
    for name in arguments.names or DEFAULT:
        model, inputs = load(name, data)
        started = time.process_time()
        remedy = REMEDY.get(name, "lctc7")
        trial = try_swap(
            model,
            inputs,
            remedy,
            steps=arguments.steps,
            repair=arguments.passes,
            options=Options(num=None),
        )
        row = describe(name, trial, time.process_time() - started)
        print(row, flush=True)
        for step in trial.steps:
            print(f"    {step.label}: {cell(step.before)} -> {cell(step.after)}", flush=True)
        table += row + "\n"
        if arguments.crops:
            draw(arguments.crops / f"{name}.png", model, trial, inputs)
    if arguments.out:
        arguments.out.write_text(table)


def load(name: str, data: Path) -> tuple[torch.nn.Module, torch.Tensor]:
    """Return a decoder and its inputs."""
    if name == "demo":
        model = load_model(str(demo.weights("small")), arch="spectra.demo:small").model
        return model, torch.from_numpy(demo.photographs())
    decoder = DECODERS[name]
    return decoder.load(data), torch.from_numpy(inputs_of(name, data))


def inputs_of(name: str, data: Path) -> Array:
    """Return more inputs than the other tables use, or smaller ones: half only judge."""
    decoder = DECODERS[name]
    if name == "face_dcgan":
        return np.random.default_rng(0).uniform(-1, 1, (256, 100, 1, 1)).astype(np.float32)
    inputs = decoder.inputs(data)
    if name == "lwnet_wnet_drive":
        rows = [quarter for half in np.split(inputs, 2, 2) for quarter in np.split(half, 2, 3)]
        return np.concatenate(rows)
    if name.startswith("faststyle"):
        return inputs[..., 48:144, 48:144]
    if name.startswith(("fsrcnn", "espcn", "waifu2x", "carn")):
        factor = decoder.steps[-1].factor[0]
        pictures = [shrunk(kodak(data, number), factor) for number in range(1, 13)]
        low = np.stack([t for p in pictures for t in tiles(p, TILE // factor)[::2]])
        if name.startswith("fsrcnn"):
            return channels_first(ycbcr_full(low))
        return channels_first(luma_full(low)[..., None] if inputs.shape[1] == 1 else low)
    return inputs


def describe(name: str, trial: Trial, seconds: float) -> str:
    """Return the decoder's row of the table."""
    repair = trial.repair
    assert repair is not None
    interval = ""
    if repair.change_ci95_db:
        interval = " ({:.1f} to {:.1f})".format(*repair.change_ci95_db)
    elif repair.change_upper_db is not None:
        interval = f" (to {repair.change_upper_db:.1f})"
    change = "" if repair.change_db is None else f"{repair.change_db:+.1f}{interval}"
    swapped = ", ".join(f"`{s.label}` ({s.old} to {s.new})" for s in trial.steps)
    cells = [
        name,
        swapped,
        f"{repair.inputs} + {repair.held_out}",
        f"{seconds / 60:.1f}",
        number(repair.psnr_db),
        number(repair.cleaned_psnr_db),
        f"{cell(trial.output_before)}, {cell(trial.output_after)}",
        change,
        "yes" if repair.success else f"no: {'; '.join(repair.failures)}",
    ]
    return f"| {' | '.join(cells)} |"


def draw(path: Path, model: torch.nn.Module, trial: Trial, inputs: torch.Tensor) -> None:
    """Write a crop of one output that was held out, before and after, side by side."""
    _, held_out = split(open_inputs(inputs))
    x = next(iter(held_out.batches(1)))
    crops = []
    for net in (model, trial.model):
        with quiet(net):
            y = forward(net, x)[0].cpu()
        y = y if y.ndim == 3 else y[:, None].expand(-1, CROP, -1)
        at = [max((n - CROP) // 2, 0) for n in y.shape[1:]]
        crops.append(y[:3, at[0] : at[0] + CROP, at[1] : at[1] + CROP])
    low, high = float(crops[0].min()), float(crops[0].max())
    row = torch.cat(crops, dim=2).sub(low).div(high - low).clamp(0, 1)
    pixels = (row.expand(3, -1, -1) if len(row) < 3 else row).movedim(0, -1).numpy()
    picture = Image.fromarray((255 * pixels).astype(np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    size = (picture.width * ZOOM, picture.height * ZOOM)
    picture.resize(size, Image.Resampling.NEAREST).save(path)


def cell(alias: Score | None) -> str:
    """Return one alias with its interval."""
    if alias is None:
        return "-"
    if alias.asr_dbc is None:
        return alias.verdict if alias.asr_upper_dbc is None else f"< {alias.asr_upper_dbc:.1f}"
    low, high = alias.asr_ci95_dbc or (None, alias.asr_upper_dbc)
    return f"{alias.asr_dbc:.1f} ({'' if low is None else f'{low:.1f} '}to {high:.1f})"


def number(value: float | None) -> str:
    """Return dB, or that there is no difference."""
    return "same" if value is None else f"{value:.1f}"


if __name__ == "__main__":
    main()
