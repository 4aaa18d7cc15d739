"""Attacks as their papers write them, one sample and one pixel at a time: slow and plain."""

import math

import torch
from torch.nn import functional as F


def projected(clean, values, eps):
    return torch.minimum(torch.maximum(values, clean - eps), clean + eps).clamp(0, 1)


def pgd(model, clean, loss_of, *, start, eps, alpha, steps):
    """Return the last iterate of projected gradient ascent on ``loss_of(output, step)``."""
    values = start
    for step in range(steps):
        values = values.detach().requires_grad_()
        loss_of(model(values), step).backward()
        values = projected(clean, (values + alpha * values.grad.sign()).detach(), eps)
    return values


def segpgd_loss(output, labels, step, steps):
    """Return the sum over pixels, each weighted by whether its class is right."""
    later, total = step / (2 * steps), 0.0
    losses = F.cross_entropy(output, labels, reduction="none", ignore_index=255)
    for at in torch.cartesian_prod(*(torch.arange(n) for n in labels.shape)).tolist():
        b, y, x = at
        right = output[b, :, y, x].argmax() == labels[b, y, x]
        total = total + losses[b, y, x] * (1 - later if right else later)
    return total


def cospgd_loss(output, labels):
    """Return the sum over pixels, each weighted by the cosine of softmax and one-hot."""
    total = 0.0
    losses = F.cross_entropy(output, labels, reduction="none", ignore_index=255)
    for at in torch.cartesian_prod(*(torch.arange(n) for n in labels.shape)).tolist():
        b, y, x = at
        if labels[b, y, x] == 255:
            continue
        p = output[b, :, y, x].detach().softmax(0)
        total = total + losses[b, y, x] * float(p[labels[b, y, x]]) / math.sqrt(float(p @ p))
    return total
