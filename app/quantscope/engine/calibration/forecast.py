"""What a calibration will take: how many samples side by side, and how much memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import prod

import psutil

from quantscope.core.networks.network import Network, Role, Tensor

_BYTES_OF_STATISTICS = 150_000  # counters of a tensor that are used, its table of values
_MOST_WORKERS = 8  # beyond, threads wait for the interpreter
_COPIES = 2  # of all tensors that a worker holds: its buffers, and the runtime's memory


def worker_count(network: Network, tensors: Sequence[str]) -> int:
    """One for each core, fewer where the tensors of so many samples would crowd the memory.

    Symbolic dimensions count as 1: they are samples, or lengths that are small beside the rest.
    """
    cores = min(os.cpu_count() or 1, _MOST_WORKERS)
    one = _bytes_of_one(network, tensors)
    affordable = psutil.virtual_memory().available // 2 // max(one, 1)
    return max(1, min(cores, affordable))


def forecast_memory(network: Network, tensors: Sequence[str], workers: int) -> int:
    """About how many bytes a run takes beside the program: the tensors of the samples under way,
    the statistics, and the parameters twice (as file and as the runtime has them)."""
    parameters = (each for each in network.tensors.values() if each.role is not Role.ACTIVATION)
    values = sum(_values(each) for each in parameters)
    under_way = workers * _bytes_of_one(network, tensors)
    return under_way + len(tensors) * _BYTES_OF_STATISTICS + 2 * 4 * values


def _bytes_of_one(network: Network, tensors: Sequence[str]) -> int:
    """What the tensors of one sample take."""
    known = [network.tensors[name] for name in tensors if name in network.tensors]
    return _COPIES * 4 * sum(map(_values, known))


def _values(tensor: Tensor) -> int:
    return prod(size for size in tensor.shape if isinstance(size, int))
