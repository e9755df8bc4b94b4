"""Exported networks: every operator that an export quantizes, and all layers of whole networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quantscope.engine.simulation.comparison import simulate
from tests.engine import exports, models, operator_networks
from tests.engine.exports import Export, exported
from tests.engine.simulation import forms

EXACT = {form.operator for form in forms.EXACT} - {form.operator for form in forms.FUNCTIONS}
NETWORKS = [models.residual_net, models.old_style_net, models.transformer_block]


def in_integers(export: Export) -> frozenset[str]:
    """The layers that the file has in integers, as nodes of their own."""
    return export.plan.placement.layers - set(export.rewritten.removed)


@pytest.mark.parametrize("target", exports.TARGETS)
@pytest.mark.parametrize("form", operator_networks.FORMS)
def test_that_an_exported_operator_agrees(form: str, target: str, tmp_path: Path) -> None:
    export = exported(operator_networks.network_of(form), exports.TARGETS[target], tmp_path)
    found = simulate(export.path, export.ready.network, in_integers(export), export.feeds[0])
    assert found.missing == ()
    rows = {each.layer: each for each in found.differences}
    assert ("operator" in rows) == ("operator" in in_integers(export))
    if "operator" not in rows:
        return  # saturation does it, or the target has no kernel for it
    exact = target == "fixed-point" and rows["operator"].operator in EXACT
    assert rows["operator"].values > 0
    assert rows["operator"].as_written.steps <= (0 if exact else 1)
    assert max(row.as_run.steps for row in found.differences) <= 1


@pytest.mark.parametrize("target", exports.TARGETS)
@pytest.mark.parametrize("network", NETWORKS)
def test_that_every_integer_layer_of_a_network_is_accounted_for(
    network: Any, target: str, tmp_path: Path
) -> None:
    export = exported(network(), exports.TARGETS[target], tmp_path)
    found = simulate(export.path, export.ready.network, in_integers(export), export.feeds[0])
    layers = export.ready.network.layers
    expected = [layer.name for layer in layers if layer.name in in_integers(export)]
    assert [each.layer for each in found.differences] == expected
    assert found.missing == ()
    assert found.off() == []
