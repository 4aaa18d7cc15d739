"""Products of different groups of blocks, in every fold of a jackknife.

A group's mean times its own conjugate holds the group's chance; the product of two groups does
not. Means of products over *distinct* groups are therefore free of bias. They follow from sums
over all groups by taking the coincidences out: with ``F(x) = sum_g x_g``,

    sum over a != b      of x_a y_b      = F(x) F(y) - F(xy)
    sum over a != b != c of x_a y_b z_c  = F(x) F(y) F(z) - F(xy) F(z) - F(xz) F(y) - F(yz) F(x)
                                           + 2 F(xyz)

and so on for four. Fold 0 has all groups, ``T(x)``, fold g all but the g-th, ``T(x) - x_g``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_GROUPS = 4  # from which a mean of four factors is free of bias

Array = NDArray[Any]


def folds(sums: Array) -> Array:
    """Return the sum over all groups, then the sums without each group."""
    total = sums.sum(axis=0, keepdims=True)
    return np.concatenate([total, total - sums])


class Distinct:
    """Means of products over distinct groups, in every fold.

    Parameters
    ----------
    n : ndarray, shape (group, 1)
        Blocks of each group.
    """

    def __init__(self, n: Array) -> None:
        n1, n2, n3, n4 = (folds(n**power) for power in (1, 2, 3, 4))
        self._two = _one_over(n1**2 - n2)
        self._three = _one_over(n1**3 - 3 * n2 * n1 + 2 * n3)
        self._four = _one_over(n1**4 - 6 * n2 * n1**2 + 3 * n2**2 + 8 * n3 * n1 - 6 * n4)
        # fold g > 0 of a coefficient, once where all groups are equally large
        self._left = [_once(x[1:]) for x in (self._two, self._three, self._four)]

    def squared_mean(self, b: Array) -> NDArray[np.float64]:
        """Return ``|E B|^2``, from sums of ``B`` over groups, shape (group, ...)."""
        squared: NDArray[np.float64] = (_square(folds(b)) - folds(_square(b))) * self._two
        return squared

    def squared_covariance(self, s: Array, a: Array, b: Array) -> NDArray[np.float64]:
        """Return ``|cov(A, B)|^2``, where ``cov = E[conj A B] - conj E[A] E[B]``.

        ``|E S|^2 - 2 Re(E[S] E[A] conj E[B]) + |E A|^2 |E B|^2``, where the means in a product come
        from distinct groups. As ``A`` and ``B`` are centred, ``T(a) = T(b) = 0``; what then is left
        of the products of two, three and four factors is written out below, first over all
        groups, then what changes when one of them is left out.

        Parameters
        ----------
        s, a, b : ndarray, complex, shape (group, pair)
            Sums over groups of ``S = conj A B``, of ``A`` and of ``B``. The sums of ``a`` and of
            ``b`` over all groups are zero.

        Returns
        -------
        ndarray, shape (fold, pair)
        """
        conj_b = b.conj()
        ab, acb = a * b, a * conj_b
        alpha, beta, sigma, triple = _square(a), _square(b), _square(s), (s * acb).real
        both = alpha * beta
        t_s, t_ab, t_acb, t_alpha, t_beta = (x.sum(axis=0) for x in (s, ab, acb, alpha, beta))
        of_all = self._two * (_square(t_s) - sigma.sum(axis=0))
        of_all -= 2 * self._three * (2 * triple.sum(axis=0) - (t_acb * t_s).real)
        of_all += self._four * (
            t_alpha * t_beta + _square(t_ab) + _square(t_acb) - 6 * both.sum(axis=0)
        )

        # Fold g: F(a) = -a_g, F(s) = T(s) - s_g and so on. A sum over all groups that meets one of
        # these is a coefficient of it.
        t_sa, t_sb = (s * a).sum(axis=0).conj(), (s * conj_b).sum(axis=0)
        t_alpha_b, t_beta_a = (alpha * b).sum(axis=0).conj(), (beta * a).sum(axis=0).conj()
        two, three, four = self._left
        change = s * (-2 * two * t_s.conj() - 2 * three * t_acb)
        change += acb * (-4 * three * t_s - 4 * four * t_acb.conj())
        change += ab * (-4 * four * t_ab.conj())
        change += b * (-2 * three * t_sa - 4 * four * t_alpha_b)
        change += a * (-2 * three * t_sb - 4 * four * t_beta_a)
        of_left = of_all[1:]
        of_left += change.real
        of_left += 2 * two * sigma
        of_left += 12 * three * triple
        of_left += 24 * four * both
        of_left -= 2 * four * t_beta * alpha
        of_left -= 2 * four * t_alpha * beta
        squared: NDArray[np.float64] = of_all
        return squared


def _once(factor: Array) -> Array:
    """Return a single row where all are equal, as they are where groups are."""
    return factor[:1] if (factor == factor[0]).all() else factor


def _square(x: Array) -> NDArray[np.float64]:
    """Return the squared magnitude."""
    squared: NDArray[np.float64] = x.real**2 + x.imag**2
    return squared


def _one_over(count: Array) -> NDArray[np.float64]:
    """Return 1 / count; 0 where there are too few distinct groups for any product."""
    inverse: NDArray[np.float64] = np.where(count > 0.5, 1 / np.where(count > 0.5, count, 1), 0.0)
    return inverse
