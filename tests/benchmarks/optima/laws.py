"""The two laws as the census fits them: boxes of theta, predictions with derivatives, and laws from theta.

The limits are those that the engine documents. Chinchilla's theta is (E, a, b, alpha, beta) in
L = E + exp(a - alpha x) + exp(b - beta y) and Kaplan's is (p, q, alpha_N, alpha_D) in
L = unit (exp(p - r x) + exp(q - y))^alpha_D with r = alpha_N / alpha_D; x and y are log N and log D minus a centre.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optima.problems import Case

__all__ = ["ChinchillaModel", "KaplanModel", "Model", "model_of"]

Array = NDArray[Any]

LOG_RANGE = 40.0
"""Chinchilla: a term in the middle of the runs is zero, or within exp(+-40) of the mean loss."""
GONE = -1e9
"""Value of a or b that stands for a term of zero."""
INSIDE = 1e-7
"""Distance kept from the lower end of the range, where a term counts as zero."""
KAPLAN_RANGE = 300.0
"""Kaplan: range of p and q."""
KAPLAN_LARGEST_LOG = 700.0
"""Kaplan: largest log N_c and log D_c."""
LARGEST_EXPONENT, LEAST_KAPLAN_EXPONENT = 10.0, 0.01


@dataclass(frozen=True, eq=False, slots=True)
class ChinchillaModel:
    """L(N, D) = E + A / N^alpha + B / D^beta.

    Attributes
    ----------
    x, y : ndarray, shape (n_runs,)
        log N and log D minus the centres.
    centres : tuple of float
    lower, upper : ndarray, shape (5,)
    bounds : mapping of str to (float, float)
    zero : tuple of bool
        Whether A and B may be zero.
    """

    x: Array
    y: Array
    centres: tuple[float, float]
    lower: Array
    upper: Array
    bounds: Mapping[str, tuple[float, float]]
    zero: tuple[bool, bool]
    names = ("E", "A", "B", "alpha", "beta")

    @classmethod
    def of(cls, case: Case) -> ChinchillaModel:
        """Return the model of a problem."""
        log_unit = float(np.log(case.loss).mean())
        centres, lower, upper, zero = [], [0.0], [float(case.loss.max())], []
        for factor, size in (("A", case.N), ("B", case.D)):
            low, high = case.bounds.get(factor, (0.0, np.inf))
            centres.append(0.0 if factor in case.bounds else float(np.log(size).mean()))
            zero.append(low == 0)
            lower.append(max(np.log(low), log_unit - LOG_RANGE) if low > 0 else log_unit - LOG_RANGE + INSIDE)
            upper.append(np.log(high) if factor in case.bounds else log_unit + LOG_RANGE)
        lower += [0.0, 0.0]
        upper += [LARGEST_EXPONENT] * 2
        for index, name in ((0, "E"), (3, "alpha"), (4, "beta")):
            if name in case.bounds:
                lower[index], upper[index] = case.bounds[name]
        x, y = np.log(case.N) - centres[0], np.log(case.D) - centres[1]
        return cls(x, y, (centres[0], centres[1]), np.array(lower), np.array(upper), case.bounds, (zero[0], zero[1]))

    def clip(self, theta: Array) -> Array:
        """Return theta inside the box; a term that is zero stays so."""
        inside = np.clip(theta, self.lower, self.upper)
        gone = (theta <= GONE / 2) & np.array([False, *self.zero, False, False])
        return np.where(gone, GONE, inside)

    def predict(self, theta: Array) -> Array:
        """Return the predictions, shape (..., n_runs)."""
        return self._terms(theta)[0]

    def _terms(self, theta: Array) -> tuple[Array, Array, Array]:
        E, a, b, alpha, beta = np.moveaxis(theta[..., None], -2, 0)
        with np.errstate(over="ignore"):
            A_term, B_term = np.exp(a - alpha * self.x), np.exp(b - beta * self.y)
        return E + A_term + B_term, A_term, B_term

    def jacobian(self, theta: Array) -> tuple[Array, Array]:
        """Return the predictions and their derivatives, shape (..., n_runs, 5)."""
        value, A_term, B_term = self._terms(theta)
        columns = [np.ones_like(A_term), A_term, B_term, -self.x * A_term, -self.y * B_term]
        return value, np.stack(columns, axis=-1)

    def curvature(self, jacobian: Array, theta: Array, push: Array) -> Array:
        """Return the sum over runs of push x second derivatives of the prediction, shape (..., 5, 5)."""
        hessian = np.zeros((*push.shape[:-1], 5, 5))
        for factor, exponent, z in ((1, 3, self.x), (2, 4, self.y)):
            hessian[..., factor, factor] = (push * jacobian[..., factor]).sum(axis=-1)
            mixed = (push * jacobian[..., exponent]).sum(axis=-1)
            hessian[..., factor, exponent] = hessian[..., exponent, factor] = mixed
            hessian[..., exponent, exponent] = -(push * jacobian[..., exponent] * z).sum(axis=-1)
        return hessian

    def law(self, theta: Array) -> list[float]:
        """Return E, A, B, alpha and beta, exactly inside the bounds."""
        E, a, b, alpha, beta = self.clip(theta)
        A = 0.0 if a == GONE else np.exp(a + alpha * self.centres[0])
        B = 0.0 if b == GONE else np.exp(b + beta * self.centres[1])
        law = dict(zip(self.names, (E, A, B, alpha, beta), strict=True))
        return [float(np.clip(value, *self.bounds.get(name, (0, np.inf)))) for name, value in law.items()]

    def theta(self, law: Sequence[float]) -> Array:
        """Return theta of a law."""
        E, A, B, alpha, beta = law
        a = np.log(A) - alpha * self.centres[0] if A > 0 else GONE
        b = np.log(B) - beta * self.centres[1] if B > 0 else GONE
        return np.array([E, a, b, alpha, beta])


@dataclass(frozen=True, eq=False, slots=True)
class KaplanModel:
    """L(N, D) = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D.

    Attributes
    ----------
    x, y : ndarray, shape (n_runs,)
    centres : tuple of float
    log_unit : float
        Logarithm of the geometric mean of the losses.
    lower, upper : ndarray, shape (4,)
    """

    x: Array
    y: Array
    centres: tuple[float, float]
    log_unit: float
    lower: Array
    upper: Array
    names = ("N_c", "D_c", "alpha_N", "alpha_D")

    @classmethod
    def of(cls, case: Case) -> KaplanModel:
        """Return the model of a problem, which must not have bounds."""
        centres = float(np.log(case.N).mean()), float(np.log(case.D).mean())
        log_unit = float(np.log(case.loss).mean())
        least = max(LEAST_KAPLAN_EXPONENT, (abs(log_unit) + 6) / KAPLAN_LARGEST_LOG)
        lower = np.array([-KAPLAN_RANGE, -KAPLAN_RANGE, least, least])
        upper = np.array([KAPLAN_RANGE, KAPLAN_RANGE, LARGEST_EXPONENT, LARGEST_EXPONENT])
        return cls(np.log(case.N) - centres[0], np.log(case.D) - centres[1], centres, log_unit, lower, upper)

    def clip(self, theta: Array) -> Array:
        """Return theta inside the box."""
        return np.clip(theta, self.lower, self.upper)

    def _parts(self, theta: Array) -> tuple[Array, Array, Array]:
        """Return log S, the share of the model-size term in S, and the predictions, unit x S^alpha_D."""
        p, q, alpha_N, alpha_D = np.moveaxis(theta[..., None], -2, 0)
        one, two = p - alpha_N / alpha_D * self.x, q - self.y
        log_S = np.logaddexp(one, two)
        with np.errstate(over="ignore"):
            return log_S, np.exp(one - log_S), np.exp(self.log_unit + alpha_D * log_S)

    def predict(self, theta: Array) -> Array:
        """Return the predictions, shape (..., n_runs)."""
        return self._parts(theta)[2]

    def jacobian(self, theta: Array) -> tuple[Array, Array]:
        """Return the predictions and their derivatives, shape (..., n_runs, 4)."""
        log_S, share, value = self._parts(theta)
        alpha_N, alpha_D = theta[..., 2, None], theta[..., 3, None]
        shifted = share * self.x
        columns = [alpha_D * share, alpha_D * (1 - share), -shifted, log_S + shifted * alpha_N / alpha_D]
        return value, value[..., None] * np.stack(columns, axis=-1)

    def curvature(self, jacobian: Array, theta: Array, push: Array) -> Array:
        """Return the sum over runs of push x second derivatives of the prediction, shape (..., 4, 4)."""
        _, share, value = self._parts(theta)
        alpha_N, alpha_D = theta[..., 2], theta[..., 3]
        r = alpha_N / alpha_D
        hessian = np.swapaxes(jacobian * (push / value)[..., None], -1, -2) @ jacobian
        weight = push * value
        mix = weight * share * (1 - share)
        m0, m1, m2 = mix.sum(axis=-1), (mix * self.x).sum(axis=-1), (mix * self.x**2).sum(axis=-1)
        first, second = (weight * share).sum(axis=-1), (weight * (1 - share)).sum(axis=-1)
        entries = {
            (0, 0): alpha_D * m0,
            (1, 1): alpha_D * m0,
            (0, 1): -alpha_D * m0,
            (0, 2): -m1,
            (1, 2): m1,
            (0, 3): first + r * m1,
            (1, 3): second - r * m1,
            (2, 2): m2 / alpha_D,
            (2, 3): -r * m2 / alpha_D,
            (3, 3): r**2 * m2 / alpha_D,
        }
        for (i, j), entry in entries.items():
            hessian[..., i, j] += entry
            if i != j:
                hessian[..., j, i] += entry
        return np.asarray(hessian)

    def law(self, theta: Array) -> list[float]:
        """Return N_c, D_c, alpha_N and alpha_D."""
        p, q, alpha_N, alpha_D = self.clip(theta)
        log_N_c = self.centres[0] + (p + self.log_unit / alpha_D) * alpha_D / alpha_N
        log_D_c = self.centres[1] + q + self.log_unit / alpha_D
        logs = np.clip([log_N_c, log_D_c], -KAPLAN_LARGEST_LOG, KAPLAN_LARGEST_LOG)
        return [float(value) for value in (*np.exp(logs), alpha_N, alpha_D)]

    def theta(self, law: Sequence[float]) -> Array:
        """Return theta of a law."""
        N_c, D_c, alpha_N, alpha_D = law
        with np.errstate(divide="ignore"):
            p = alpha_N / alpha_D * (np.log(N_c) - self.centres[0]) - self.log_unit / alpha_D
            q = np.log(D_c) - self.centres[1] - self.log_unit / alpha_D
        return self.clip(np.array([p, q, alpha_N, alpha_D]))


Model = ChinchillaModel | KaplanModel


def model_of(case: Case) -> Model:
    """Return the model of a problem."""
    return KaplanModel.of(case) if case.law == "kaplan" else ChinchillaModel.of(case)
