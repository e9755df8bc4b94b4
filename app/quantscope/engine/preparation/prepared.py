"""A prepared network: the float graph that is calibrated and quantized, with its description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.core.networks.network import Network


@dataclass(frozen=True, eq=False)
class Prepared:
    """``model`` after all preparation passes, ``network`` its description, and the float32
    values of every parameter (weights, biases, constants) that the description names.

    ``source`` names the file that it came from, ``source_bytes`` its size, ``files`` all that
    belongs to it.
    """

    model: ir.Model
    network: Network
    source: str
    source_bytes: int
    files: tuple[Path, ...] = ()
    parameters: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)

    def serialized(self, extra_outputs: Sequence[str] = ()) -> bytes:
        """The model as bytes, with ``extra_outputs`` (tensor names) exposed as graph outputs.

        The model itself is not changed.
        """
        proto = ir.to_proto(self.model)
        known = {output.name for output in proto.graph.output}
        for name in extra_outputs:
            if name not in known:
                proto.graph.output.add().name = name
        return bytes(proto.SerializeToString())
