"""How good outputs are, summed up over a set as the field does it, one picture after the other."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from spectra._names import times
from spectra.data._sample import Sample
from spectra.errors import InputError

SSIM_WINDOW = 11  # pixels of the Gaussian of standard deviation 1.5, as its authors cut it
BAD_PX = 3.0


class Metrics(Protocol):
    """Numbers of a whole set, from its samples one by one, or from its parts."""

    def add(self, output: Tensor, sample: Sample) -> None:
        """Take in the model's output for one sample, without a batch axis."""

    def join(self, other: Any) -> None:
        """Take in what others of the same kind have seen, as if it had come here."""

    def values(self) -> dict[str, float]:
        """Return the numbers of all samples so far.

        Raises
        ------
        InputError
            If there were none, or no pixel of them counts.
        """


class RestorationMetrics:
    """PSNR and SSIM, each the mean over the pictures, of outputs cut to 0..1.

    SSIM is that of its authors: a Gaussian window of standard deviation 1.5 over 11 pixels,
    population variances, the mean over the channels. Both come from scikit-image.

    Examples
    --------
    >>> from spectra.data import restoration_photographs
    >>> metrics, sample = RestorationMetrics(), restoration_photographs()[0]
    >>> metrics.add(sample.input, sample)
    >>> {name: round(value, 2) for name, value in metrics.values().items()}
    {'psnr': 32.04, 'ssim': 0.88}
    """

    def __init__(self) -> None:
        self._psnr: list[float] = []
        self._ssim: list[float] = []

    def add(self, output: Tensor, sample: Sample) -> None:
        """Take in a restored picture, (3, y, x)."""
        from skimage.metrics import peak_signal_noise_ratio, structural_similarity

        _check_shape(output, tuple(sample.target.shape), sample.name)
        if min(output.shape[1:]) < SSIM_WINDOW:
            raise InputError(
                f"{sample.name} is {times(tuple(output.shape[1:]))}: expected pictures of at least "
                f"{SSIM_WINDOW} pixels a side, the window of SSIM"
            )
        target = sample.target.double().cpu().numpy()
        made = output.detach().clamp(0, 1).double().cpu().numpy()
        with np.errstate(divide="ignore"):  # of equal pictures it is infinite
            self._psnr.append(float(peak_signal_noise_ratio(target, made, data_range=1)))
        self._ssim.append(
            float(
                structural_similarity(
                    target,
                    made,
                    data_range=1,
                    channel_axis=0,
                    gaussian_weights=True,
                    sigma=1.5,
                    use_sample_covariance=False,
                )
            )
        )

    def join(self, other: RestorationMetrics) -> None:
        """Take in what others have seen, as if it had come here."""
        self._psnr += other._psnr
        self._ssim += other._ssim

    def values(self) -> dict[str, float]:
        """Return ``psnr`` in dB, and ``ssim``."""
        return {"psnr": _mean(self._psnr), "ssim": _mean(self._ssim)}


class SegmentationMetrics:
    """mIoU, mAcc and allAcc, from the counts of all pixels of the set together.

    Pixels without a label are not counted. mIoU is the mean over the classes that stand in a
    target or in an output, mAcc over those that stand in a target.

    Parameters
    ----------
    classes : int
        Number of classes, the channels of an output.

    Examples
    --------
    >>> import torch
    >>> from spectra.data import Sample
    >>> labels = torch.tensor([[0, 0, 1, 255]])
    >>> logits = torch.tensor([[[0.0, 2.0, 0.0, 0.0]], [[1.0, 1.0, 1.0, 1.0]]])
    >>> metrics = SegmentationMetrics(2)
    >>> metrics.add(logits, Sample(logits, labels, labels != 255, labels > 300, name=""))
    >>> metrics.values()  # of each class one of two pixels is both meant and found
    {'miou': 0.5, 'macc': 0.75, 'allacc': 0.6666666666666666}
    """

    def __init__(self, classes: int) -> None:
        self._counts = np.zeros((classes, classes), dtype=np.int64)  # target, output

    def add(self, output: Tensor, sample: Sample) -> None:
        """Take in the logits of one picture, (classes, y, x)."""
        classes = len(self._counts)
        _check_shape(output, (classes, *sample.target.shape), sample.name)
        counted = sample.counted.cpu()
        pairs = classes * sample.target.cpu()[counted] + output.detach().argmax(0).cpu()[counted]
        added = np.bincount(pairs.numpy(), minlength=classes**2)
        self._counts += added.reshape(classes, classes)

    def join(self, other: SegmentationMetrics) -> None:
        """Take in what others have seen, as if it had come here."""
        self._counts += other._counts

    def values(self) -> dict[str, float]:
        """Return ``miou``, ``macc`` and ``allacc``, fractions of 1."""
        _check_counted(int(self._counts.sum()))
        both = self._counts.diagonal()
        meant, found = self._counts.sum(1), self._counts.sum(0)
        either = meant + found - both
        return {
            "miou": float((both[either > 0] / either[either > 0]).mean()),
            "macc": float((both[meant > 0] / meant[meant > 0]).mean()),
            "allacc": float(both.sum() / meant.sum()),
        }


class DisparityMetrics:
    """End-point error, the mean over the pictures, and the share of pixels off by more than 3 px.

    The latter is of all pixels of the set together, both as in STTR, which does not count what
    is occluded.

    Parameters
    ----------
    occluded : bool
        Count pixels that the right view does not show, too, where their disparity is known.

    Examples
    --------
    >>> from spectra.data import shifted_pairs
    >>> metrics, sample = DisparityMetrics(), shifted_pairs()[0]
    >>> metrics.add(sample.target + 2, sample)
    >>> metrics.values()
    {'epe': 2.0, '3px': 0.0}
    """

    def __init__(self, *, occluded: bool = False) -> None:
        self._occluded = occluded
        self._epe: list[float] = []
        self._bad = self._pixels = 0

    def add(self, output: Tensor, sample: Sample) -> None:
        """Take in the disparity of one pair, (1, y, x) or (y, x)."""
        made = output.detach().cpu()
        made = made[0] if made.ndim == 3 and len(made) == 1 else made
        _check_shape(made, tuple(sample.target.shape), sample.name)
        counted = sample.mask if self._occluded else sample.counted
        error = (made.double() - sample.target.double()).abs()[counted].numpy()
        if error.size:
            self._epe.append(float(error.mean()))
            self._bad += int((error > BAD_PX).sum())
            self._pixels += error.size

    def join(self, other: DisparityMetrics) -> None:
        """Take in what others have seen, as if it had come here."""
        self._epe += other._epe
        self._bad += other._bad
        self._pixels += other._pixels

    def values(self) -> dict[str, float]:
        """Return ``epe`` in pixels, and ``3px`` in percent."""
        _check_counted(self._pixels)
        return {"epe": _mean(self._epe), "3px": 100 * self._bad / self._pixels}


def _check_shape(output: Tensor, expected: tuple[int, ...], name: str) -> None:
    if tuple(output.shape) != expected:
        raise InputError(
            f"the output for {name or 'a sample'} is {tuple(output.shape)}: expected {expected}"
        )


def _check_counted(count: int) -> None:
    if not count:
        raise InputError("no pixel counts in any sample: expected targets that are known somewhere")


def _mean(values: list[float]) -> float:
    _check_counted(len(values))
    array: NDArray[np.float64] = np.asarray(values)
    return float(array.mean())
