"""Train the three demonstration decoders: ``python -m spectra.demo.train [NAME ...]``.

Same pictures, patches, steps, seed and schedule for all; seed 0, whatever it gives.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from skimage.metrics import peak_signal_noise_ratio
from torch import Tensor, nn

from spectra.demo._decoders import FACTOR, lctc, lctc_sinc, small
from spectra.demo._photographs import HELD_OUT, TRAINING, picture

DECODERS = {"small": small, "lctc": lctc, "lctc_sinc": lctc_sinc}
STEPS = 2000
BATCH = 8
PATCH = 24
LEARNING_RATE = 2e-3
SEED = 0


def train(name: str, *, steps: int = STEPS, seed: int = SEED) -> nn.Module:
    """Return a decoder trained to restore photographs from their four-fold reduction.

    Parameters
    ----------
    name : str
        ``small``, ``lctc`` or ``lctc_sinc``.
    steps : int
        Updates by Adam on the L1 error; the learning rate falls as a half cosine.
    seed : int
        Seed of the initial weights and of the patches.

    Returns
    -------
    Decoder
        In evaluation mode.
    """
    torch.manual_seed(seed)
    return fit(DECODERS[name](), steps=steps, seed=seed)


def fit(
    decoder: nn.Module, *, steps: int = STEPS, batch: int = BATCH, seed: int = SEED
) -> nn.Module:
    """Train a network, started as it is, to enlarge photographs four-fold.

    Parameters
    ----------
    decoder : Module
        From (B, 3, H, W) to (B, 3, 4 H, 4 W); trained in place.
    steps, batch : int
        Updates by Adam on the L1 error, patches in each; the learning rate falls as a half cosine.
    seed : int
        Seed of the patches: networks trained with the same one see the same.

    Returns
    -------
    Module
        ``decoder``, in evaluation mode.
    """
    rng = np.random.default_rng(seed)
    pairs = [reduced_and_full(source) for source in TRAINING]
    optimizer = torch.optim.Adam(decoder.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        reduced, full = _patches(pairs, rng, batch)
        optimizer.zero_grad()
        loss = nn.functional.l1_loss(decoder(reduced), full)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return decoder.eval()


@torch.no_grad()
def psnr(decoder: nn.Module) -> dict[str, float]:
    """Return the PSNR in dB of each held-out photograph, 4 border pixels left out."""
    return {name: _psnr(decoder(reduced[None])[0], full) for name, reduced, full in held_out()}


def psnr_bicubic() -> dict[str, float]:
    """Return the PSNR in dB that bicubic interpolation reaches on the same photographs."""
    return {
        name: _psnr(
            nn.functional.interpolate(reduced[None], scale_factor=FACTOR, mode="bicubic")[0], full
        )
        for name, reduced, full in held_out()
    }


def reduced_and_full(name: str) -> tuple[Tensor, Tensor]:
    """Return a photograph reduced four-fold and in full, (3, y, x) and (3, 4 y, 4 x)."""
    full = torch.from_numpy(picture(name))
    height, width = (FACTOR * (n // FACTOR) for n in full.shape[1:])
    full = full[:, :height, :width].contiguous()
    reduced = nn.functional.interpolate(
        full[None], scale_factor=1 / FACTOR, mode="bicubic", antialias=True
    )
    return reduced[0].clamp(0, 1), full


def held_out() -> list[tuple[str, Tensor, Tensor]]:
    """Return name, reduced and full picture of each held-out photograph."""
    return [(name, *reduced_and_full(name)) for name in HELD_OUT]


def _psnr(restored: Tensor, full: Tensor, border: int = 4) -> float:
    pair = (
        picture[:, border:-border, border:-border].double().numpy()
        for picture in (full, restored.clamp(0, 1))
    )
    return float(peak_signal_noise_ratio(*pair, data_range=1))


def _patches(
    pairs: list[tuple[Tensor, Tensor]], rng: np.random.Generator, batch: int
) -> tuple[Tensor, Tensor]:
    """Return a batch of matching patches, each mirrored and its colours shuffled at random."""
    chosen = [_patch(*pairs[rng.integers(len(pairs))], rng) for _ in range(batch)]
    reduced, full = zip(*chosen, strict=True)
    return torch.stack(reduced), torch.stack(full)


def _patch(reduced: Tensor, full: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    top, left = (int(rng.integers(n - PATCH + 1)) for n in reduced.shape[1:])
    mirrored = [axis for axis in (1, 2) if rng.random() < 0.5]
    colours: NDArray[np.int64] = rng.permutation(3)

    def view(picture: Tensor, factor: int) -> Tensor:
        rows = slice(factor * top, factor * (top + PATCH))
        columns = slice(factor * left, factor * (left + PATCH))
        return picture[colours, rows, columns].flip(mirrored)

    return view(reduced, 1), view(full, FACTOR)


def main() -> None:
    """Train the named decoders, write their weights, print PSNR and time."""
    parser = argparse.ArgumentParser(prog="python -m spectra.demo.train", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(DECODERS)}; all if omitted")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    print_psnr("bicubic", psnr_bicubic())
    for name in options.names or DECODERS:
        began = time.perf_counter()
        decoder = train(name, steps=options.steps, seed=options.seed)
        elapsed = time.perf_counter() - began
        save_file(decoder.state_dict(), options.out / f"{name}.safetensors")
        print_psnr(name, psnr(decoder), f"{elapsed:6.0f} s")


def print_psnr(name: str, values: dict[str, float], note: str = "") -> None:
    """Print one line: the mean PSNR, then that of each photograph."""
    mean = np.mean(list(values.values()))
    each = "  ".join(f"{source} {value:.2f}" for source, value in values.items())
    print(f"{name:10s} {mean:6.2f} dB   {each} {note}", flush=True)


if __name__ == "__main__":
    main()
