"""ONNX Runtime as this program uses it: quiet, without spinning threads, errors as sentences."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import onnx
import onnxruntime

from quantscope.core.errors import QuantscopeError


class Optimization(StrEnum):
    """How far the runtime rewrites a graph before it runs it."""

    NONE = "none"
    BASIC = "basic"  # constant folding, redundant nodes
    EXTENDED = "extended"  # fusions as well
    ALL = "all"  # memory layout as well: the runtime's default


_LEVELS = {
    Optimization.NONE: onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    Optimization.BASIC: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    Optimization.EXTENDED: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    Optimization.ALL: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
_EXACT_PRODUCTS = "session.x64quantprecision"
_LOG_FATAL = 4  # errors come as exceptions; printed as well they would stand there twice
# "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation for ..."
_BOUND_RUN = "Error in execution: "
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_LAYER = re.compile(r"(?:Name:|node with name |Node[: ]?\s*\()\s*'?([^')\n]+)[')]")
# Source positions and function names of the runtime: "/a/b/c.cc:123 void onnxruntime::f(...) "
_POSITION = re.compile(r"\S+\.(?:cc|h|cpp):\d+\s+(?:\S+::)?\S+(?:\([^)]*\))?\s*")


def start_session(
    model: bytes | Path,
    *,
    where: str = "",
    optimized: bool | Optimization = True,
    threads: int = 0,
    exact_products: bool = True,
    optimized_model_path: Path | None = None,
) -> onnxruntime.InferenceSession:
    """Load a model for the processor.

    ``model`` is a file or its bytes (with a file, external data is found beside it); ``where``
    names it in errors. ``optimized`` is a level, or True for the runtime's default (`ALL`) and
    False for none. ``threads`` counts those of one operator, 0 being one for each core; they
    sleep between runs, since spinning takes the cores from whoever counts. By the runtime's
    default, ``exact_products`` False, sums of byte products saturate on x86 processors without
    VNNI, and there alone (see :mod:`quantscope.engine.export.saturation`). With
    ``optimized_model_path`` the graph is saved as the runtime runs it.

    Raises :class:`QuantscopeError` where the runtime refuses the model.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = _LEVELS[_level(optimized)]
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_FATAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    if exact_products:
        options.add_session_config_entry(_EXACT_PRODUCTS, "1")
    if optimized_model_path is not None:
        options.optimized_model_filepath = str(optimized_model_path)
    source = model if isinstance(model, bytes) else str(model)
    name = where or ("model" if isinstance(model, bytes) else str(model))
    with runtime_errors(name, "Check the file with another program, or report it"):
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def optimized_graph(path: Path) -> onnx.GraphProto:
    """The graph that the runtime makes of a file by its defaults, memory layout aside."""
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "optimized.onnx"
        start_session(
            path,
            optimized=Optimization.EXTENDED,
            exact_products=False,  # which takes other kernels for some operators
            optimized_model_path=saved,
        )
        return onnx.load(saved, load_external_data=False).graph


def _level(optimized: bool | Optimization) -> Optimization:
    if isinstance(optimized, Optimization):
        return optimized
    return Optimization.ALL if optimized else Optimization.NONE


@contextmanager
def runtime_errors(where: str, remedy: str) -> Iterator[None]:
    """Turn what the runtime raises into a :class:`QuantscopeError` about ``where``.

    The layer that the runtime names is named too.
    """
    try:
        yield
    except QuantscopeError:
        raise
    except Exception as error:
        if not is_runtime_error(error):
            raise
        text = str(error)
        layer = _LAYER.search(text)
        place = f"{where}, layer {layer[1]}" if layer else where
        what = f"ONNX Runtime cannot run it: {_readable(text)}"
        raise QuantscopeError(what, where=place, remedy=remedy) from error


def is_runtime_error(error: BaseException) -> bool:
    """True for exceptions that ONNX Runtime raised, which share no base class of their own.

    Runs with bound outputs raise plain RuntimeErrors (1.32).
    """
    plain = type(error) is RuntimeError and str(error).startswith(_BOUND_RUN)
    return plain or type(error).__module__.startswith("onnxruntime")


def _readable(text: str) -> str:
    """The runtime's message on one line, without its source positions."""
    message = _POSITION.sub("", _PREFIX.sub("", text.strip().removeprefix(_BOUND_RUN)))
    return " ".join(message.split()).rstrip(".")
