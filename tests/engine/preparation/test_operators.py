"""The operator table: its rules and their conditions."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from quantscope.core.networks.network import LayerKind
from quantscope.core.planning.targets import TARGETS
from quantscope.engine.preparation.operators import (
    IN_FLOAT,
    OPERATORS,
    clip_bounds,
    constant_of,
    rule_for,
)
from tests.engine.operator_networks import FORMS


def node_of(operator: str, constants: tuple[object, ...] = (), **attributes: object) -> ir.Node:
    """A node whose first input is computed; further ones are constants, or None."""
    inputs: list[ir.Value | None] = [ir.Value(name="x")]
    for number, values in enumerate(constants):
        array = None if values is None else np.asarray(values)
        tensor = None if array is None else ir.tensor(array, name=f"c{number}")
        value = None if tensor is None else ir.Value(name=f"c{number}", const_value=tensor)
        inputs.append(value)
    return ir.node(operator, inputs, attributes)


@pytest.mark.parametrize(
    ("node", "bounds"),
    [
        (node_of("Relu"), (0.0, None)),
        (node_of("Clip", (np.float32(0), np.float32(6))), (0.0, 6.0)),
        (node_of("Clip", (None, np.float32(6))), (None, 6.0)),
        (node_of("Clip", (np.float32(-1),)), (-1.0, None)),
        (node_of("Clip"), (None, None)),
    ],
)
def test_that_bounds_are_read(node: ir.Node, bounds: tuple[float | None, ...]) -> None:
    assert clip_bounds(node) == bounds


def test_that_a_network_input_with_a_default_is_no_constant() -> None:
    value = ir.Value(name="w", const_value=ir.tensor(np.ones(2, np.float32), name="w"))
    assert constant_of(value) is not None
    ir.Graph([value], [], nodes=[], name="graph")
    assert constant_of(value) is None
    assert constant_of(None) is None


def test_that_conditions_tell_moving_from_making_values() -> None:
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    assert rule_for(node_of("Resize", **nearest)) == (OPERATORS["Resize"], "")
    assert rule_for(node_of("Resize", mode="linear")) == (OPERATORS["Resize"].otherwise, "")
    pads = np.array([0, 1])
    assert rule_for(node_of("Pad", (pads,)))[0] is OPERATORS["Pad"]
    assert rule_for(node_of("Pad", (pads, np.float32(0))))[0] is OPERATORS["Pad"]
    assert rule_for(node_of("Pad", (pads, None)))[0] is OPERATORS["Pad"]
    assert rule_for(node_of("Pad", (pads, np.float32(1)), mode="reflect"))[0] is OPERATORS["Pad"]
    making = rule_for(node_of("Pad", (pads, np.float32(1))))
    assert making == (OPERATORS["Pad"].otherwise, "")
    assert making[0] is not None and making[0].kind is LayerKind.FOLLOWER


def test_that_a_quotient_is_rounded_only_where_no_divisor_becomes_zero() -> None:
    assert rule_for(node_of("Div", (np.float32(3),)))[0] is OPERATORS["Div"]
    assert rule_for(node_of("Div", (np.float32([64, -1]),)))[0] is OPERATORS["Div"]
    for divisors in ([65, 1], [2, 0], [0.0]):
        rule, reason = rule_for(node_of("Div", (np.float32(divisors),)))
        assert rule is None
        assert "rounded to 0" in reason
    computed = ir.node("Div", [ir.Value(name="x"), ir.Value(name="y")])
    assert "computed in the network" in rule_for(computed)[1]


def test_that_a_table_that_is_looked_up_stays_in_float() -> None:
    table = ir.Value(name="t", const_value=ir.tensor(np.ones((9, 2), np.float32), name="t"))
    rule, reason = rule_for(ir.node("Gather", [table, ir.Value(name="i")]))
    assert rule is None
    assert "table" in reason
    assert rule_for(node_of("Gather", (np.array([0]),)))[0] is OPERATORS["Gather"]


def test_that_computed_bounds_keep_a_clip_in_float() -> None:
    node = ir.node("Clip", [ir.Value(name="x"), ir.Value(name="low")])
    rule, reason = rule_for(node)
    assert rule is None
    assert "bounds" in reason


def test_that_unknown_operators_and_domains_get_a_reason() -> None:
    assert rule_for(node_of("Det")) == (None, "Det has no integer form here")
    node = ir.node("Conv", [ir.Value(name="x")], domain="com.example")
    assert rule_for(node) == (None, "com.example.Conv has no integer form here")
    assert "inside one node" in rule_for(node_of("LSTM"))[1]
    assert "range too widely" in rule_for(node_of("Exp"))[1]


def test_that_each_row_has_a_kind_that_takes_part() -> None:
    taking_part = set(LayerKind) - {LayerKind.INPUT, LayerKind.FLOAT}
    rules = list(OPERATORS.values())
    rules += [rule.otherwise for rule in rules if rule.otherwise is not None]
    assert {rule.kind for rule in rules} == taking_part
    assert not set(OPERATORS) & set(IN_FLOAT)


@pytest.mark.parametrize("target", TARGETS)
def test_that_targets_name_operators_of_the_table_only(target: str) -> None:
    """A name with a slip in it would leave its operator in float without a word."""
    assert (TARGETS[target].integer_operators or frozenset()) <= set(OPERATORS)


@pytest.mark.parametrize("operator", OPERATORS)
def test_that_every_row_has_a_network_that_tests_it(operator: str) -> None:
    assert operator in {form.split()[0] for form in FORMS} | {"Identity"}
