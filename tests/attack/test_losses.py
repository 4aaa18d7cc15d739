"""Losses of each pixel against their closed forms."""

import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from torch.nn import functional as F

from spectra.attack import per_pixel_loss
from spectra.errors import ParameterError


def pair(generator, *shape):
    return (torch.rand(*shape, generator=generator, dtype=torch.float64) for _ in range(2))


def test_regression_losses_are_their_formulas(generator):
    output, target = pair(generator, 2, 3, 4, 5)
    d = (output - target).numpy()
    expected = {
        "l1": abs(d).mean(1),
        "l2": (d**2).mean(1),
        "charbonnier": ((d**2 + 1e-6) ** 0.5).mean(1),
        "epe": (d**2).sum(1) ** 0.5,
    }
    for name, values in expected.items():
        assert per_pixel_loss(name)(output, target).numpy() == pytest.approx(values, rel=1e-12)


def test_the_mean_of_the_psnr_loss_is_minus_the_psnr_and_so_is_its_gradient(generator):
    output, target = pair(generator, 2, 3, 16, 16)
    output.requires_grad_()
    each = per_pixel_loss("psnr")(output, target).flatten(1).mean(1)
    for i in range(2):
        psnr = peak_signal_noise_ratio(target[i].numpy(), output[i].detach().numpy(), data_range=1)
        assert float(each[i].detach()) == pytest.approx(-psnr, abs=1e-5)
    (gradient,) = torch.autograd.grad(each.sum(), output)
    whole = sum(10 * torch.log10((output - target)[i].square().mean() + 1e-8) for i in range(2))
    (expected,) = torch.autograd.grad(whole, output)
    assert torch.allclose(gradient, expected, rtol=1e-9)


def test_cross_entropy_is_torchs_and_ignored_pixels_count_nothing(generator):
    output = torch.randn(2, 5, 4, 4, generator=generator)
    labels = torch.randint(5, (2, 4, 4), generator=generator)
    labels[0, 0] = 255
    loss = per_pixel_loss("cross_entropy")(output, labels)
    assert (loss[0, 0] == 0).all()
    valid = labels != 255
    expected = F.cross_entropy(output, labels, ignore_index=255, reduction="sum")
    assert loss[valid].sum() == pytest.approx(float(expected), rel=1e-6)


def test_the_end_point_error_of_a_disparity_is_its_absolute_error_with_a_gradient_at_zero(
    generator,
):
    output, target = pair(generator, 2, 4, 4)
    output.requires_grad_()
    assert torch.equal(per_pixel_loss("epe")(output, target), (output - target).abs())
    (gradient,) = torch.autograd.grad(per_pixel_loss("epe")(output, output.detach()).sum(), output)
    assert gradient.isfinite().all()


def test_an_unknown_loss_is_told():
    with pytest.raises(ParameterError, match="expected one of l1, l2"):
        per_pixel_loss("ssim")
