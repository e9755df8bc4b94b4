"""Quantscope shows which bits a neural network uses and quantizes it: the names a script needs.

Importing this package loads nothing heavy: each name resolves on first use (PEP 562). It must never
import a sub-package at the top; inside the package, import from the defining module instead.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantscope.api.models import open_model as open_model
    from quantscope.api.quantizer import Quantizer as Quantizer
    from quantscope.api.quantizer import open_session as open_session
    from quantscope.api.running import Stopped as Stopped
    from quantscope.api.validation import QuantizationOptions as QuantizationOptions
    from quantscope.core.counting.histogram import BitHistogram as BitHistogram
    from quantscope.core.errors import QuantscopeError as QuantscopeError
    from quantscope.core.events import STOP as STOP
    from quantscope.core.metrics.detector import DetectorForm as DetectorForm
    from quantscope.core.numbers.formats import ChannelScaled as ChannelScaled
    from quantscope.core.numbers.formats import FixedPoint as FixedPoint
    from quantscope.core.numbers.formats import Scaled as Scaled
    from quantscope.core.planning.targets import TARGETS as TARGETS

__version__ = "0.1.0"

_HOMES = {
    "Quantizer": "quantscope.api.quantizer",
    "QuantizationOptions": "quantscope.api.validation",
    "open_model": "quantscope.api.models",
    "open_session": "quantscope.api.quantizer",
    "STOP": "quantscope.core.events",
    "Stopped": "quantscope.api.running",
    "DetectorForm": "quantscope.core.metrics.detector",
    "QuantscopeError": "quantscope.core.errors",
    "FixedPoint": "quantscope.core.numbers.formats",
    "Scaled": "quantscope.core.numbers.formats",
    "ChannelScaled": "quantscope.core.numbers.formats",
    "BitHistogram": "quantscope.core.counting.histogram",
    "TARGETS": "quantscope.core.planning.targets",
}

__all__ = [
    "STOP",
    "TARGETS",
    "BitHistogram",
    "ChannelScaled",
    "DetectorForm",
    "FixedPoint",
    "QuantizationOptions",
    "Quantizer",
    "QuantscopeError",
    "Scaled",
    "Stopped",
    "__version__",
    "open_model",
    "open_session",
]


def __getattr__(name: str) -> object:
    """Load the module that defines a public name when the name is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Show the lazy names too, for completion in a console."""
    return sorted({*globals(), *__all__})
