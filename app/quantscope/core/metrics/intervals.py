"""How sure a figure is: paired 95 % intervals, and whether an accuracy is more than chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from quantscope.core.metrics.labels import Floats

Interval = tuple[float, float]
Judge = Callable[[Floats], Floats]
"""A figure for each row of weights, (rows, samples): how often each sample is taken."""

_Z = 1.959963984540054  # 97.5 % of the normal distribution lie below
_SEED = 20_261_124
_AT_ONCE = 2_000_000  # weights in memory
BONETT_PRICE = "adjusted Wald interval for paired proportions (Bonett and Price, 2012)"
BOOTSTRAP = "percentile bootstrap over samples, fixed seed"


def paired_proportions(before: npt.ArrayLike, after: npt.ArrayLike) -> Interval:
    """95 % interval of the mean of ``after - before``, both 0 or 1 for each sample.

    Bonett and Price 2012 (J. Educ. Behav. Stat. 37): the normal interval with one sample added to
    each kind of disagreement, so that a hundred agreeing samples do not prove that all agree.
    """
    change = np.asarray(after, np.float64) - np.asarray(before, np.float64)
    room = change.size + 2
    gained, lost = ((change > 0).sum() + 1) / room, ((change < 0).sum() + 1) / room
    middle = gained - lost
    margin = _Z * math.sqrt((gained + lost - middle**2) / room)
    return max(float(middle - margin), -1.0), min(float(middle + margin), 1.0)


def bootstrap(judge: Judge, samples: int, resamples: int) -> Interval | None:
    """95 % percentile interval of a figure over resamples of the samples (Efron, 1979).

    ``None`` below two samples or where the figure is not finite.
    """
    if samples < 2:
        return None
    drawn = [judge(weights) for weights in _resamples(samples, resamples)]
    figures = np.concatenate(drawn)
    if not np.isfinite(figures).all():
        return None
    low, high = np.percentile(figures, (2.5, 97.5))
    return float(low), float(high)


def _resamples(samples: int, resamples: int) -> Iterator[Floats]:
    random = np.random.default_rng(_SEED)
    rows = max(1, _AT_ONCE // samples)
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        shares = np.full(samples, 1.0 / samples)
        yield random.multinomial(samples, shares, count).astype(np.float64)


def chance_of(right: int, samples: int, classes: int) -> float:
    """The probability of at least ``right`` right answers by guessing among ``classes``: the upper
    tail of the binomial distribution."""
    if right <= 0 or classes < 2:
        return 1.0
    log_p, log_q = -math.log(classes), math.log1p(-1.0 / classes)
    terms = [
        math.lgamma(samples + 1)
        - math.lgamma(k + 1)
        - math.lgamma(samples - k + 1)
        + k * log_p
        + (samples - k) * log_q
        for k in range(right, samples + 1)
    ]
    largest = max(terms)
    return min(1.0, math.exp(largest) * sum(math.exp(term - largest) for term in terms))
