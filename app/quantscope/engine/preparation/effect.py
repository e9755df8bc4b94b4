"""What chosen preparation did to the float network: its outputs beside those of the source.

Quantization is judged against the network as prepared. Where a choice of preparation rests on an
assumption (how far channels reach) or changes the function knowingly (Relu for ReLU6), that
comparison would hide it, so it is measured and told apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence

import numpy as np

from quantscope.core.events import Progress
from quantscope.engine.calibration.batching import Batch
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.runtime import Optimization, runtime_errors, start_session

STAGE = "prepared network"


def effect_of_choices(
    chosen: Prepared, source: Prepared, checked: Sequence[Callable[[], Batch]]
) -> Generator[Progress, None, tuple[str, ...]]:
    """A sentence on each float output of ``chosen`` beside the same network without choices.

    ``chosen`` is a network prepared by choice; both run as they are written, without the
    runtime's optimizations.
    """
    names = [port.name for port in chosen.network.outputs if port.dtype.startswith("float")]
    if not names:
        return ()
    signal, noise = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    sessions = [
        start_session(each.serialized(), optimized=Optimization.NONE, where=each.source)
        for each in (source, chosen)
    ]
    for number, fetch in enumerate(checked, start=1):
        batch = fetch()
        with runtime_errors(source.source, "Check that the network takes the data"):
            runs = [session.run(names, dict(batch.feed)) for session in sessions]
        for name, *found in zip(names, *runs, strict=True):
            true, other = (batch.own(values).astype(np.float64) for values in found)
            finite = np.isfinite(true) & np.isfinite(other)
            signal[name] += float((true[finite] ** 2).sum())
            noise[name] += float(((true - other)[finite] ** 2).sum())
        yield Progress(STAGE, number, len(checked))
    return tuple(_in_words(name, signal[name], noise[name]) for name in names)


def _in_words(output: str, signal: float, noise: float) -> str:
    if noise == 0.0:
        return f"Preparation left the float network's {output} as it was, to the last bit"
    decibels = 10.0 * math.log10(signal / noise) if signal > 0.0 else -math.inf
    return f"Preparation changed the float network's {output}: SQNR {decibels:.1f} dB to the source"
