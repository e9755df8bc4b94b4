"""Encodings for other quantizers: ONNX Runtime's overrides, AIMET's encodings, TensorRT's cache."""

from __future__ import annotations

import json
import struct
from typing import Any

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Network, Role
from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.targets import scaled_like

_STORED = {4: 4, 7: 8, 8: 8, 16: 16}  # bits of the integer that holds a word
Entry = dict[str, Any]


def write_overrides(network: Network, plan: Plan) -> str:
    """``TensorQuantOverrides`` of onnxruntime's ``quantize_static``, quant_type as its name.

    Biases are left out: that tool derives them. In Python, put ``QuantType[name]`` for each
    name, and pass the result in ``extra_options``.
    """
    entries = {
        name: _overrides(kind)
        for name, kind in plan.types.items()
        if network.tensors[name].role is not Role.BIAS
    }
    return json.dumps(entries, indent=2, allow_nan=False) + "\n"


def _overrides(data_type: DataType) -> list[Entry]:
    bits = _STORED[data_type.word_length]
    common = {"quant_type": f"Q{'' if data_type.signed else 'U'}Int{bits}"}
    written = scaled_like(data_type)
    if isinstance(written, ChannelScaled):
        axis = {"axis": written.axis}
        return [{**common, **axis, "scale": scale, "zero_point": 0} for scale in written.scales]
    return [{**common, "scale": written.scale, "zero_point": written.zero_point}]


def write_aimet(network: Network, plan: Plan) -> str:
    """AIMET's encodings, version 0.6.1, which Qualcomm's converters read as overrides.

    ``real = scale * (stored + offset)`` with stored integers counted from 0.
    """
    activations: dict[str, list[Entry]] = {}
    parameters: dict[str, list[Entry]] = {}
    for name, kind in plan.types.items():
        is_activation = network.tensors[name].role is Role.ACTIVATION
        (activations if is_activation else parameters)[name] = _aimet_entries(kind)
    document = {
        "version": "0.6.1",
        "activation_encodings": activations,
        "param_encodings": parameters,
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _aimet_entries(data_type: DataType) -> list[Entry]:
    written = scaled_like(data_type)
    scales = written.scales if isinstance(written, ChannelScaled) else (written.scale,)
    low, high = (limit - written.zero_point for limit in written.limits)
    symmetric = written.signed and written.zero_point == 0
    return [
        {
            "bitwidth": written.word_length,
            "dtype": "int",
            "is_symmetric": str(symmetric),
            "max": high * scale,
            "min": low * scale,
            "offset": low,
            "scale": scale,
        }
        for scale in scales
    ]


def write_tensorrt_cache(network: Network, plan: Plan) -> str:
    """TensorRT's calibration cache: each activation's scale as the hexadecimal of a float32.

    Raises :class:`QuantscopeError` where a type is not a signed 8-bit one with zero point 0,
    which is all that such a cache can say.
    """
    lines = ["TRT-8601-EntropyCalibration2"]
    for name, kind in plan.types.items():
        if network.tensors[name].role is not Role.ACTIVATION:
            continue
        if not (kind.signed and kind.word_length == 8 and kind.zero_point == 0):
            raise QuantscopeError(
                f"a calibration cache cannot say {kind.label()}: signed 8-bit words with"
                " zero point 0 only",
                where=f"{network.layer_of(name).label}, {name}",
                remedy="Choose the target TensorRT or Fixed point, with words of 8 bits",
            )
        lines.append(f"{name}: {struct.pack('>f', kind.step).hex()}")
    return "\n".join(lines) + "\n"
