"""Which class a classifier names for every sample of labelled data."""

from __future__ import annotations

from pathlib import Path

import onnx

from quantscope.core.data.description import DataDescription
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.calibration.batching import batches
from quantscope.engine.export.integer_ports import ports_of
from quantscope.engine.runtime import runtime_errors, start_session
from quantscope.engine.sources.opening import open_source

Classes = tuple[int, ...]


def classify(
    model: str | Path, inputs: tuple[Port, ...], data: DataDescription
) -> tuple[Classes, Classes]:
    """The labels of ``data`` and the classes that ``model`` names, sample for sample.

    A class is the place of the largest score in the first output. ``inputs`` are those of the
    float network, so that a quantized file sees the same values, in integers where it takes
    those. Raises :class:`QuantscopeError` where the data has no labels (pictures in class
    folders).
    """
    source = open_source(data, inputs)
    if source.labels is None:
        raise QuantscopeError(
            "the samples have no labels",
            where=data.path,
            remedy="Put the pictures of each class into a folder of their own",
        )
    session = start_session(Path(model))
    floats = frozenset(port.name for port in inputs if port.dtype == "float32")
    ports = ports_of(onnx.load(model, load_external_data=False), floats)
    found: list[int] = []
    with runtime_errors(str(model), "Check that the data fits the network"):
        for read in batches(source, len(source)):
            batch = read()
            scores = session.run(None, ports.feed(batch.feed))[0]
            rows = scores.reshape(scores.shape[0], -1).argmax(axis=-1)
            found += rows[: batch.used].tolist()
    return source.labels, tuple(found)
