"""The whole command over every published decoder: nothing fails, all is told."""

import pytest
import torch

from support.realdata import DECODERS
from support.whole import run_whole

COUNT, SIDE = 16, 64  # of inputs, and of pictures: what fails does so on small ones too


@pytest.mark.slow
@pytest.mark.parametrize("name", DECODERS)
def test_a_published_decoder_has_no_fault(name, data_dir, tmp_path):
    decoder = DECODERS[name]
    model, inputs = decoder.load(data_dir), torch.from_numpy(decoder.inputs(data_dir)[:COUNT])
    if inputs.ndim == 4:
        inputs = inputs[..., :SIDE, :SIDE].contiguous()
    assert run_whole(model, inputs, tmp_path, upsamples=bool(decoder.steps)).faults == []
