"""How good an answer is that does not look: below it, a network has learned nothing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from spectra.data import Sample
from spectra.study._task import Task

PRIMARY = {"restoration": "psnr", "segmentation": "miou", "disparity": "epe"}


def trivial_quality(task: Task) -> float:
    """Return the quality of the best answer that needs no network.

    Of restoration the PSNR of the input itself; of segmentation the mIoU of naming the commonest
    class of the samples to test on everywhere; of disparity the end-point error of their median.
    """
    samples = [task.test[n] for n in range(len(task.test))]
    metrics = task.metrics()
    known = torch.cat([s.target[..., s.counted].flatten() for s in samples])
    for sample in samples:
        metrics.add(_answer(task, sample, known), sample)
    return metrics.values()[PRIMARY[task.name]]


def _answer(task: Task, sample: Sample, known: Tensor) -> Tensor:
    if task.name == "restoration":
        return sample.input
    if task.name == "disparity":
        return known.median().expand(sample.target.shape)
    commonest = known.mode().values.expand(sample.target.shape)
    return functional.one_hot(commonest, len(task.test.classes)).permute(2, 0, 1).float()
