"""A network whose intermediate tensors come out of it, run one batch at a time.

Tapped tensors become outputs. Runs of a shape that was seen before write them into buffers that
are kept, since fresh memory for every tensor costs more than counting it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quantscope.core.errors import QuantscopeError
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.runtime import Optimization, is_runtime_error, runtime_errors, start_session

Array = npt.NDArray[Any]
Shapes = tuple[tuple[int, ...], ...]

_DTYPES: dict[str, type[np.floating[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}
_MOST_SHAPES = 4  # sets of buffers that a runner keeps
_REMEDY = "Remove this sample from the data, or check that the network runs in ONNX Runtime"


class TappedNetwork:
    """One session for all threads; each thread has a `TapRunner`.

    ``tensors`` are float activations. Network inputs among them are not tapped: an output that
    is an input may be overwritten (onnxruntime issue 21922, open in 1.32), and who feeds them
    has them.

    The graph is optimized as far as `BASIC`: that gives the unoptimized values bit for bit (on
    four networks), whichever tensors are tapped. `EXTENDED` is no faster, since the taps stand
    between the layers that it would fuse. `ALL` saves a tenth to a quarter of the run, and
    changes the last bits of every convolution with the processor's block size. More than one of
    ``threads`` changes last bits too.
    """

    def __init__(
        self,
        prepared: Prepared,
        tensors: Sequence[str],
        *,
        threads: int = 1,
        optimized: Optimization = Optimization.BASIC,
    ) -> None:
        self.inputs = tuple(port.name for port in prepared.network.inputs)
        self.fed = tuple(name for name in tensors if name in self.inputs)
        self.tapped = tuple(dict.fromkeys(name for name in tensors if name not in self.inputs))
        self.session = start_session(
            prepared.serialized(self.tapped),
            where=prepared.source,
            optimized=optimized,
            threads=threads,
        )
        types = {output.name: output.type for output in self.session.get_outputs()}
        self.seen: tuple[Shapes, dict[str, tuple[int, ...]]] = ((), {})  # of the last unbound run
        self.dtypes = {name: _dtype(name, types[name], prepared.source) for name in self.tapped}


def _dtype(tensor: str, kind: str, source: str) -> type[np.floating[Any]]:
    if kind not in _DTYPES:
        raise QuantscopeError(
            f"its values are {kind.removeprefix('tensor(').rstrip(')')}, which cannot be logged",
            where=f"{source}, tensor {tensor}",
            remedy="Convert the network to float32 first",
        )
    return _DTYPES[kind]


@dataclass(frozen=True, slots=True)
class _Bound:
    """Buffers for the outputs of one set of input shapes, bound for as long as they live."""

    binding: Any
    buffers: dict[str, Array]

    @classmethod
    def make(cls, network: TappedNetwork, shapes: Mapping[str, tuple[int, ...]]) -> _Bound:
        binding = network.session.io_binding()
        buffers: dict[str, Array] = {}
        for name, shape in shapes.items():
            buffer = np.empty(shape, network.dtypes[name])
            binding.bind_output(name, "cpu", 0, buffer.dtype.type, shape, buffer.ctypes.data)
            buffers[name] = buffer
        return cls(binding, buffers)

    def run(self, network: TappedNetwork, feeds: Mapping[str, Array]) -> dict[str, Array]:
        for name in network.inputs:
            self.binding.bind_cpu_input(name, feeds[name])
        network.session.run_with_iobinding(self.binding)
        return self.buffers


class TapRunner:
    """Runs a tapped network in one thread, with buffers of its own."""

    def __init__(self, network: TappedNetwork) -> None:
        self._network = network
        self._bound: dict[Shapes, _Bound] = {}
        self._may_bind = True

    def run(self, feeds: Mapping[str, Array], where: str) -> dict[str, Array]:
        """The tapped tensors for one batch, valid until the next run.

        ``where`` names the sample in a :class:`QuantscopeError` from the runtime.
        """
        if not self._network.tapped:
            return {}
        shapes = tuple(feeds[name].shape for name in self._network.inputs)
        bound = self._bound_for(shapes)
        if bound is not None:
            try:
                return bound.run(self._network, feeds)
            except RuntimeError as error:
                if not is_runtime_error(error):
                    raise
                # A shape depends on the values, not only on the shapes fed: bind no more. Any
                # other error comes again below.
                self._may_bind = False
                self._bound.clear()
        with runtime_errors(where, _REMEDY):
            values = self._network.session.run(list(self._network.tapped), dict(feeds))
        outputs: dict[str, Array] = dict(zip(self._network.tapped, values, strict=True))
        self._network.seen = (shapes, {name: array.shape for name, array in outputs.items()})
        return outputs

    def _bound_for(self, shapes: Shapes) -> _Bound | None:
        """Bound buffers for these input shapes; made when they come twice in a row."""
        last, outputs = self._network.seen
        if shapes not in self._bound and shapes == last and self._may_bind:
            if len(self._bound) == _MOST_SHAPES:
                del self._bound[next(iter(self._bound))]
            self._bound[shapes] = _Bound.make(self._network, outputs)
        return self._bound.get(shapes)
