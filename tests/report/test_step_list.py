"""The list of steps as JSON."""

import json
from dataclasses import fields

import torch
from torch import nn

from spectra.capture import discover
from spectra.explain import StepRow
from spectra.report import StepList


def test_steps_have_the_keys_of_a_summary_and_no_others():
    found = discover(nn.ConvTranspose2d(3, 3, 4, 2), torch.zeros(1, 3, 8, 8))
    (step,) = json.loads(StepList(found).json())["steps"]
    assert step["kernel_size"] == [4, 4]
    assert step.keys() - {field.name for field in fields(StepRow)} == {"reason"}
