"""Exact conversion of whole published decoders."""

import pytest
import torch

from spectra.capture import quiet
from spectra.remedy import LCTC, rebuild, swap
from support.realdata import DECODERS

QUICK = {"fsrcnn_x2", "espcn_x3", "waifu2x_scale2x", "taef2_autoencoder", "phasenet_1d"}
UPSAMPLING = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
    for name, decoder in DECODERS.items()
    if decoder.steps
]


@pytest.mark.parametrize("name", UPSAMPLING)
def test_a_published_decoder_computes_the_same_with_large_kernels(name, data_dir):
    decoder = DECODERS[name]
    model = decoder.load(data_dir)
    x = torch.from_numpy(decoder.inputs(data_dir))[:2]
    x = x[(..., *[slice(0, 64)] * (x.ndim - 2))] if x.ndim > 2 else x
    swapped, plan = swap(model, "lctc11", example=x)
    assert any(isinstance(m, LCTC) for m in swapped.modules())
    with quiet(model):
        expected = model(x)
    with quiet(swapped):
        made = swapped(x)
    span = expected.max() - expected.min()
    assert (made - expected).abs().max() <= 1e-5 * span  # float32, through all later layers
    rebuild(decoder.load(data_dir), plan).load_state_dict(swapped.state_dict())
