"""Values as JSON for other programs: without what only session files need."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from quantscope.core.codec import encode
from quantscope.core.networks.layer_costs import LayerCosts


def as_json(value: Any) -> str:
    """``value`` as JSON text; what JSON lacks stands there as "inf", "-inf" and "nan"."""
    return json.dumps(plain(value), indent=2, allow_nan=False, ensure_ascii=False)


def plain(value: Any) -> Any:
    """``value`` as JSON-ready data without the class names that only sessions need."""
    return _without_classes(encode(value))


def costs_as_data(costs: Iterable[LayerCosts]) -> list[dict[str, Any]]:
    """What layers cost to run, as JSON-ready data."""
    return [plain(each) | {"arithmetic_intensity": each.arithmetic_intensity} for each in costs]


def _without_classes(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_classes(entry) for key, entry in data.items() if key != "class"}
    if isinstance(data, list):
        return [_without_classes(entry) for entry in data]
    return data
