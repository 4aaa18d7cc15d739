"""What cannot be swapped says so, with what to do."""

import pytest
import torch
from torch import nn

from spectra.capture import discover
from spectra.errors import ConversionError
from spectra.remedy import larger_kernels, swap
from support.swaps import picture, run


class Branches(nn.Module):
    """Adds two upsampling layers, then upsamples by a third."""

    def __init__(self):
        super().__init__()
        self.wide, self.fine = (nn.ConvTranspose2d(3, 3, k, 2, k // 2 - 1) for k in (4, 2))
        self.last = nn.ConvTranspose2d(3, 3, 2, 2)

    def forward(self, x):
        return self.last(self.wide(x) + self.fine(x))


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_frozen_code_is_refused_with_the_line_to_change(generator):
    scripted = torch.jit.script(nn.ConvTranspose2d(3, 3, 2, 2))
    with pytest.raises(ConversionError, match=r"before the line that calls torch.jit.script"):
        swap(scripted, "lctc7", example=picture(generator))
    with pytest.raises(ConversionError, match=r"ConvTranspose2d is a ScriptModule.*before"):
        swap(nn.Sequential(nn.Conv2d(3, 3, 1), scripted), "lctc7", example=picture(generator))


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_an_exported_program_is_refused_with_the_line_to_change(generator):
    x = picture(generator)
    net = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ConvTranspose2d(3, 3, 2, 2))
    program = torch.export.export(net, (x,))
    for exported in (program.module(), torch.export.unflatten(program)):
        with pytest.raises(ConversionError, match=r"before the line that calls torch.export"):
            swap(exported, "lctc7", example=x)
        offers = larger_kernels(exported, discover(exported, x), x)
        assert [offer.frozen for offer in offers] == ["torch.export.export"]


def test_a_sum_of_layers_is_refused_by_their_names_and_the_other_steps_are_not(generator):
    model, x = Branches(), picture(generator, 8, 8)
    found = discover(model, x)
    assert [step.summed for step in found.steps] == [("wide", "fine"), ()]
    of_sum, of_layer = larger_kernels(model, found, x)
    assert of_sum.reason is not None
    assert of_sum.reason.startswith("it is the sum of wide, fine")
    assert of_layer.remedy == "lctc7"
    with pytest.raises(ConversionError, match="'wide \\+ fine': it is the sum of wide, fine"):
        swap(model, "lctc7", example=x)
    swapped, _ = swap(model, "lctc7", example=x, steps="last")
    torch.testing.assert_close(run(swapped, x), run(model, x))
    # what an LCTC adds up is one layer
    again, plan = swap(swapped, "lctc11", example=x, steps="last*")
    assert plan.replaced[0].path == "last"
    assert again.last.kernel_size == (11, 11)
