"""The dynamic ranges as a table in CSV or JSON, a row for each tensor; see the README."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.histogram import LOWEST_BIT
from quantscope.core.counting.statistics import Extreme
from quantscope.core.findings.plain_data import as_json, costs_as_data, plain
from quantscope.core.networks.layer_costs import costs_to_run
from quantscope.core.networks.network import Network
from quantscope.core.picture.ranges import RangeRow, range_rows
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.prediction import PredictedError

FORMAT = 1


# ---- what is said of a tensor ------------------------------------------------------------------

Facts = dict[str, Any]


def facts_of(row: RangeRow, calibration: Calibration) -> Facts:
    """One row, without the counts by bit position."""
    histogram = row.statistics.histogram
    return {
        "layer": row.layer.label,
        "layer_name": row.layer.name,
        "operator": row.layer.operator,
        "tensor": row.tensor.name,
        "role": row.tensor.role.value,
        "shape": "x".join(str(size) for size in row.tensor.shape),
        "type": row.data_type.label() if row.data_type else "float",
        "tied_to": row.tied_to,
        "pinned": row.pinned,
        "reason": row.conflict or row.reason,
        **_extreme("minimum", row.statistics.minimum, calibration.sample_names),
        **_extreme("maximum", row.statistics.maximum, calibration.sample_names),
        "values": histogram.total,
        "zeros": histogram.zeros,
        "not_a_number": histogram.not_a_number,
        "infinities": histogram.infinities,
        **_error(row.error),
    }


def _extreme(name: str, end: Extreme | None, samples: Sequence[str]) -> Facts:
    """The value, how often it occurs, and the sample that has it (none: a parameter)."""
    if end is None:
        return {name: None, f"{name}_count": 0, f"{name}_sample": ""}
    sample = samples[end.sample] if 0 <= end.sample < len(samples) else ""
    return {name: end.value, f"{name}_count": end.count, f"{name}_sample": sample}


def _error(error: PredictedError | None) -> Facts:
    if error is None:
        return dict.fromkeys(("sqnr_db", "overflow", "underflow"))
    return {"sqnr_db": error.sqnr_db, "overflow": error.overflow, "underflow": error.underflow}


def bits_of(row: RangeRow) -> list[dict[str, int]]:
    """Counts of most significant bits, from large to small, where there are any."""
    table = row.heat_row().counts
    used = np.flatnonzero(table.any(axis=0))[::-1]
    return [
        {
            "bit": int(column) + LOWEST_BIT,
            "positive": int(table[0, column]),
            "negative": int(table[1, column]),
        }
        for column in used
    ]


# ---- files -------------------------------------------------------------------------------------


def as_csv(network: Network, calibration: Calibration, plan: Plan) -> str:
    """Both signs of a bit position together; columns from the largest used one to the smallest."""
    rows = range_rows(network, calibration, plan)
    data = "random data" if calibration.data.is_random else calibration.data.kind.value
    counts = [{bit["bit"]: bit["positive"] + bit["negative"] for bit in bits_of(r)} for r in rows]
    used = {bit for row in counts for bit in row}
    columns = range(max(used, default=0), min(used, default=1) - 1, -1)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    facts = [{"data": data, **facts_of(row, calibration)} for row in rows]
    names = list(facts[0]) if facts else ["data"]
    writer.writerow([*names, *(f"msb 2^{bit}" for bit in columns)])
    for fact, row in zip(facts, counts, strict=True):
        writer.writerow([*map(_cell, fact.values()), *(row.get(bit, 0) for bit in columns)])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else ""
    return repr(value) if isinstance(value, float) else value


def as_json_text(network: Network, calibration: Calibration, plan: Plan) -> str:
    """The same with the settings, and the counts by sign; the README describes it."""
    rows = range_rows(network, calibration, plan)
    document = {
        "format": FORMAT,
        "network": network.name,
        "fingerprint": network.fingerprint,
        "random_data": calibration.data.is_random,
        "data": plain(calibration.data),
        "samples": calibration.samples,
        "settings": plain(plan.settings),
        "costs": costs_as_data(
            costs_to_run(network, calibration.statistics, calibration.samples, plan.types)
        ),
        "tensors": [{**facts_of(row, calibration), "msb": bits_of(row)} for row in rows],
    }
    return as_json(document) + "\n"


WRITERS: dict[str, Callable[[Network, Calibration, Plan], str]] = {
    ".csv": as_csv,
    ".json": as_json_text,
}
