"""What outputs of published decoders are told for, where the checkpoints are at hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch

from images.scenes import DATA
from spectra.images._picture import LEAST_SIDE, look_at

PICTURES = 8
NAMES = ("espcn", "fsrcnn", "lapsrn", "carn", "waifu2x", "faststyle", "taef2", "dcgan")


def outputs() -> dict[str, dict[str, object]]:
    """Return, by decoder, how many of its outputs show a grid, and what they are told for."""
    if not (DATA / "checkpoints").is_dir():
        return {}
    from support.realdata import DECODERS

    return {
        name: told(decoder)
        for name, decoder in DECODERS.items()
        if any(part in name for part in NAMES) and len(decoder.output_shape) == 3
    }


def told(decoder):
    """Return what the first outputs of a decoder are told for."""
    inputs = torch.from_numpy(np.ascontiguousarray(decoder.inputs(DATA)[:PICTURES])).float()
    with torch.no_grad():
        made = decoder.load(DATA)(inputs)
    made = (made[0] if isinstance(made, tuple | list) else made).numpy()
    low, high = float(np.quantile(made, 0.001)), float(np.quantile(made, 0.999))
    grey = np.round(np.clip((made - low) / (high - low), 0, 1) * 255).astype(np.float32)
    if min(grey.shape[2:]) < LEAST_SIDE:
        return {"of": len(grey), "present": 0, "said": f"{grey.shape[2]} px: too small"}
    seen = [look_at(each) for each in grey]
    said = Counter(
        f"{each.period} px: {'/'.join(cause.id for cause in each.causes)}"
        for each in seen
        if each.verdict == "present"
    )
    return {
        "of": len(seen),
        "present": sum(said.values()),
        "said": "; ".join(f"{count} {what}" for what, count in said.most_common(3)),
        "steps": ", ".join(dict.fromkeys(f"{s.kind} {s.factor[0]}" for s in decoder.steps)),
    }
