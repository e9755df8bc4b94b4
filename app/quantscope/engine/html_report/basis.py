"""What was quantized and what with: the network and the data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from quantscope.core.data.description import format_preprocessing
from quantscope.core.data.sound import Sound, format_sound
from quantscope.core.networks.cost_wording import (
    HEADINGS,
    largest_in_words,
    macs_in_words,
    parameters_in_words,
    row_in_words,
)
from quantscope.core.networks.layer_costs import LayerCosts, costs_to_run
from quantscope.core.networks.migration import in_words
from quantscope.core.networks.network import LayerKind, Port
from quantscope.core.wording import count, shape
from quantscope.engine.html_report.markup import (
    NOTHING,
    Column,
    Markup,
    bullets,
    facts,
    figures,
    folded,
    section,
    sub_section,
    table,
)
from quantscope.engine.html_report.subject import Subject

MOST_SKIPPED = 50  # names of samples left out


def network_section(subject: Subject) -> Markup:
    """The model, how it was prepared, and what its layers cost to run."""
    record, network = subject.record, subject.record.network
    costs = _costs(subject)
    pairs = [
        ("model", Path(record.model).name),
        ("fingerprint", network.fingerprint),
        ("opset", str(network.opset)),
        *((f"input {port.name}", _port(port)) for port in network.inputs),
        *((f"output {port.name}", _port(port)) for port in network.outputs),
        ("layers", count(sum(layer.kind is not LayerKind.INPUT for layer in network.layers))),
        ("parameters", parameters_in_words(costs)),
        ("multiplications", macs_in_words(costs)),
        *((("most activations", largest),) if (largest := largest_in_words(costs)) else ()),
        *(("prepared", choice.title) for choice in record.preparation.chosen),
    ]
    done = (*network.changes, *in_words(subject.calibration.migration))
    return section(
        "Network",
        facts(pairs),
        folded("What preparation did", bullets(done)) if done else NOTHING,
        folded("What each layer costs to run, as quantized", _cost_table(costs)),
    )


def _port(port: Port) -> str:
    return f"{shape(port.shape)} {port.dtype}"


def _costs(subject: Subject) -> tuple[LayerCosts, ...]:
    kept = subject.calibration
    return costs_to_run(subject.record.network, kept.statistics, kept.samples, subject.plan.types)


def _cost_table(costs: tuple[LayerCosts, ...]) -> Markup:
    words, numbers = list(HEADINGS)[:2], list(HEADINGS)[2:]
    return table((*map(Column, words), *figures(*numbers)), map(row_in_words, costs))


def data_section(subject: Subject) -> Markup:
    """The samples behind every figure of an activation."""
    skipped = subject.calibration.skipped
    names = [*skipped[:MOST_SKIPPED]]
    if len(skipped) > MOST_SKIPPED:
        names.append(f"and {len(skipped) - MOST_SKIPPED} more")
    return section(
        "Data",
        facts(_data_facts(subject)),
        sub_section("Samples left out, as they could not be read", bullets(names)),
    )


def _data_facts(subject: Subject) -> Iterator[tuple[str, str]]:
    data = subject.calibration.data
    yield "samples", count(subject.calibration.samples)
    if data.is_random:
        yield "source", f"seeded noise, seed {data.seed}: not real data"
    else:
        yield "source", data.path
        yield "kind", data.kind.value
    if data.has_pictures:
        yield "preprocessing", format_preprocessing(data.preprocessing)
    if data.sound != Sound():
        yield "sound", format_sound(data.sound)
    if data.shuffle is not None:
        yield "order", f"shuffled, seed {data.shuffle}"
