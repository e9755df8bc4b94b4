"""What a run counts, with the statistics of samples that an earlier run counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.convergence import last_move
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.engine.calibration.accumulation import Accumulator


class Counting:
    """What is counted now, and the statistics of ``known`` samples that are added to it."""

    def __init__(self, tensors: Sequence[str], known: Mapping[str, TensorStatistics]) -> None:
        self.accumulators = {name: Accumulator() for name in tensors}
        self._known = {name: known[name] for name in tensors if name in known}
        self._tables = {
            name: each.histogram.most_significant_bits() for name, each in self._known.items()
        }

    def bit_counts(self) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
        """Each tensor with its counts by sign and bit position, of all samples."""
        for name, each in self.accumulators.items():
            table = each.bit_counts()
            yield name, table + self._tables[name] if name in self._tables else table

    def last_move(self) -> int:
        """The last sample that moved an exponent."""
        return last_move(
            self._known[name].growth.merge(each.growth()) if name in self._known else each.growth()
            for name, each in self.accumulators.items()
        )

    def statistics(self) -> dict[str, TensorStatistics]:
        """The statistics of all samples."""
        new = {name: each.snapshot() for name, each in self.accumulators.items()}
        return new | {name: each.merge(new[name]) for name, each in self._known.items()}
