"""Every operator in its forms: our integers against the runtime's, as written and as run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from quantscope.core.findings.report import OperatorDifference, StepDifference
from quantscope.engine.preparation.operators import OPERATORS
from quantscope.engine.simulation.table import SIMULATIONS
from tests.engine.simulation import forms
from tests.engine.simulation.files import GRIDS, difference_of

WITHOUT_SIMULATION: set[str] = set()
"""Operators of the rule table that the export report lists as not simulated."""
LARGEST_SHARE_NEXT_TO_TIES = 0.02  # of float functions whose values fall on ties


def test_that_this_is_all_that_the_rule_table_has_without_a_simulation() -> None:
    assert set(OPERATORS) - set(SIMULATIONS) == WITHOUT_SIMULATION


def test_that_every_simulation_has_a_form_here() -> None:
    assert {form.operator for form in forms.ALL} == set(SIMULATIONS)


FORMS = {f"{number} {form}": form for number, form in enumerate(forms.ALL)}
EXACT = [name for name, form in FORMS.items() if form in forms.EXACT]
ROUNDED = [name for name in FORMS if name not in EXACT]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], OperatorDifference]:
    """What the simulation finds for a form on a grid; each is run once."""

    @cache
    def difference(form: str, grids: str) -> OperatorDifference:
        return difference_of(FORMS[form], GRIDS[grids], tmp_path_factory.mktemp("form"))

    return difference


Found = Callable[[str, str], OperatorDifference]


@pytest.mark.parametrize("form", EXACT)
def test_that_power_of_two_grids_agree_exactly_with_the_file_as_written(
    form: str, found: Found
) -> None:
    difference = found(form, "fixed")
    assert difference.values > 0
    assert difference.as_written == StepDifference(0, 0.0)


@pytest.mark.parametrize("form", EXACT)
def test_that_other_grids_differ_from_the_file_as_written_next_to_ties_only(
    form: str, found: Found
) -> None:
    """Float32 sums have errors of their own: one value in some thousands may be a step off."""
    difference = found(form, "scaled")
    assert difference.as_written.steps <= 1
    assert difference.as_written.share * difference.values <= 1


@pytest.mark.parametrize("grids", GRIDS)
@pytest.mark.parametrize("form", ROUNDED)
def test_that_functions_in_float32_differ_from_ours_next_to_ties_only(
    form: str, grids: str, found: Found
) -> None:
    """Thirds and decimal slopes put values on ties, which float32 and float64 break otherwise."""
    difference = found(form, grids)
    assert difference.values > 0
    assert difference.as_written.steps <= 1
    assert difference.as_written.share <= LARGEST_SHARE_NEXT_TO_TIES


@pytest.mark.parametrize("grids", GRIDS)
@pytest.mark.parametrize("form", FORMS)
def test_that_the_runtimes_kernels_are_at_most_a_step_off(
    form: str, grids: str, found: Found
) -> None:
    """Their multiplier is a float32, a bias in float is rounded, and Softmax is approximated."""
    assert found(form, grids).as_run.steps <= 1


INTEGER_KERNELS = {
    "Conv": "QLinearConv",
    "Gemm": "QGemm",
    "Add": "QLinearAdd",
    "Mul": "QLinearMul",
    "AveragePool": "QLinearAveragePool",
    "GlobalAveragePool": "QLinearGlobalAveragePool",
    "Concat": "QLinearConcat",
    "Sigmoid": "QLinearSigmoid",
    "LeakyRelu": "QLinearLeakyRelu",
    "Softmax": "QLinearSoftmax",
    "MaxPool": "MaxPool",
    "Transpose": "Transpose",
    "ConvTranspose": "ConvTranspose",
}


@pytest.mark.parametrize(("operator", "kernel"), INTEGER_KERNELS.items())
def test_that_an_operator_alone_takes_the_kernel_that_it_takes_in_a_file(
    operator: str, kernel: str, found: Found
) -> None:
    form = next(name for name, form in FORMS.items() if form.operator == operator)
    assert found(form, "scaled").kernel == kernel
