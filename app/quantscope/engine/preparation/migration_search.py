"""A short first pass over the data: how wide the channels of activations are, to divide them.

Runs at most :data:`MOST_SAMPLES` samples, spread evenly, through the network without migrated
scales; keeps of each activation the ends of every channel and :data:`MOST_ROWS` rows. Samples run
one after another on one core, so that the divisors are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
import numpy.typing as npt

from quantscope.core.events import Progress
from quantscope.core.networks.migration import Migration
from quantscope.engine.calibration.batching import batches
from quantscope.engine.calibration.taps import TappedNetwork, TapRunner
from quantscope.engine.preparation.migration import Site, sites
from quantscope.engine.preparation.migration_factors import Floats, Seen, best_exponents
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.sources.samples import SampleSource

STAGE = "scale migration"
MOST_SAMPLES = 128
MOST_ROWS = 512
_GOLDEN = 0.6180339887498949  # multiples of it, modulo 1, spread evenly


class _Growing:
    """What one activation held so far."""

    def __init__(self) -> None:
        self._minimum: Floats | None = None
        self._maximum: Floats | None = None
        self._rows: list[Floats] = []

    def add(self, values: npt.NDArray[np.generic], most: int) -> None:
        """Note ``values`` (..., channels), and keep at most ``most`` of their rows.

        Which ones differs from call to call: the first row may be a special one (of a token that
        begins every text).
        """
        rows = values.reshape(-1, values.shape[-1]).astype(np.float32, copy=False)
        if not len(rows):
            return
        low, high = rows.min(axis=0), rows.max(axis=0)
        self._minimum = low if self._minimum is None else np.minimum(self._minimum, low)
        self._maximum = high if self._maximum is None else np.maximum(self._maximum, high)
        count, start = min(most, len(rows)), len(self._rows) * _GOLDEN % 1.0
        chosen = np.arange(count) * len(rows) // count + int(start * len(rows))
        self._rows.append(rows[chosen % len(rows)])

    def seen(self, channels: int) -> Seen:
        """All of it; no rows where there was nothing."""
        if self._minimum is None or self._maximum is None:
            nothing = np.zeros(channels, np.float32)
            return Seen(nothing, nothing, np.zeros((0, channels), np.float32))
        return Seen(self._minimum, self._maximum, np.concatenate(self._rows))


def find_migration(
    plain: Prepared, source: SampleSource, stop: Callable[[], bool]
) -> Generator[Progress, None, Migration | None]:
    """The divisors for ``plain``, which is prepared without any, on the samples of ``source``.

    Activations that would gain nothing are left out. Returns ``None`` where ``stop``, asked
    before each run and each activation, said so.
    """
    places = {site.name: site for site in sites(plain.model)}
    seen = {name: _Growing() for name in places}
    fetches = batches(source, MOST_SAMPLES) if places else []
    runner = TapRunner(TappedNetwork(plain, list(places)))
    total = len(fetches) + len(places)
    for done, fetch in enumerate(fetches):
        if stop():
            return None
        yield Progress(STAGE, done, total)
        batch = fetch()
        values = runner.run(batch.feed, source.place)
        for name, array in values.items():
            seen[name].add(batch.own(array), -(-MOST_ROWS // len(fetches)))
    found: dict[str, tuple[int, ...]] = {}
    for done, (name, site) in enumerate(places.items(), start=len(fetches)):
        if stop():
            return None
        yield Progress(STAGE, done, total)
        if any(exponents := _exponents(site, seen.pop(name))):
            found[name] = exponents
    return found


def _exponents(site: Site, held: _Growing) -> tuple[int, ...]:
    best = best_exponents(held.seen(site.channels), site.weights)
    return tuple(int(exponent) for exponent in best)
