"""What is written as JSON is read back equal, and what was damaged is a ValueError."""

import dataclasses
import enum
import importlib
import json
import math
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quantscope.core
from quantscope.core.casting import CastCounts
from quantscope.core.codec import decode, encode
from quantscope.core.data import (
    Color,
    DataDescription,
    Layout,
    Preprocessing,
    Resize,
    SourceCheck,
    SourceKind,
)
from quantscope.core.errors import Problem
from quantscope.core.events import BitCounts, LiveCounts, Progress
from quantscope.core.formats import Band, ChannelScaled, DataType, FixedPoint, Scaled
from quantscope.core.heatmap import BitAxis
from quantscope.core.network import Layer, LayerKind, Network, Port, Role, Tensor
from quantscope.core.placement import TieGroup
from quantscope.core.plan_settings import PlanSettings, WeightRounding
from quantscope.core.prediction import PredictedError
from quantscope.core.preparation import PreparationChoices
from quantscope.core.report import (
    BiasCorrection,
    ExportReport,
    IntegerPort,
    LayerKernel,
    OperatorDifference,
    OutputAccuracy,
    RoundedWeights,
    StepDifference,
    TensorAccuracy,
)
from quantscope.core.schemes import Candidate, Family, Scheme, TypeRequest
from quantscope.core.statistics import Extreme
from quantscope.core.targets import TARGETS, Target
from tests.core import measured_values

FEW = 3
texts = st.text('aZ0_ /"\\\n\0é日', max_size=8)
whole = st.integers(-(2**40), 2**40)
# NaN differs from itself: it has a test of its own.
reals = st.floats(allow_nan=False)
finite = st.floats(allow_nan=False, allow_infinity=False)
shapes = st.lists(whole | texts, max_size=FEW).map(tuple)
names = st.lists(texts, max_size=FEW).map(tuple)

fixed_points = st.builds(
    FixedPoint, st.integers(2, 32), st.integers(-126, 126), st.booleans(), st.booleans()
)
scaled = st.builds(Scaled, st.floats(1e-30, 1e30), st.integers(0, 7), st.integers(4, 32))
channel_scaled = st.builds(
    ChannelScaled,
    st.lists(st.floats(1e-30, 1e30), min_size=1, max_size=FEW).map(tuple),
    st.integers(0, 3),
)
data_types = fixed_points | scaled | channel_scaled
chains = st.builds(
    Preprocessing,
    scale=finite,
    mean=st.lists(finite, min_size=1, max_size=FEW).map(tuple),
    std=st.lists(finite.filter(bool), min_size=1, max_size=FEW).map(tuple),
    resize=st.sampled_from(Resize),
    color=st.sampled_from(Color),
    layout=st.sampled_from(Layout),
)
errors = st.builds(PredictedError, whole, reals, reals, reals, reals)
requests = st.builds(
    TypeRequest, family=st.sampled_from(Family), scheme=st.sampled_from(Scheme), word_length=whole
)
tensors = st.builds(
    Tensor,
    name=texts,
    role=st.sampled_from(Role),
    layer=texts,
    shape=shapes,
    dtype=texts,
    channel_axis=st.none() | whole,
    reason=texts,
)
layers = st.builds(
    Layer,
    name=texts,
    label=texts,
    operator=texts,
    kind=st.sampled_from(LayerKind),
    inputs=names,
    outputs=names,
    weights=st.none() | texts,
    bias=st.none() | texts,
    constants=names,
    reason=texts,
)
ports = st.builds(Port, name=texts, dtype=texts, shape=shapes)
networks = st.builds(
    Network,
    name=texts,
    fingerprint=texts,
    opset=whole,
    inputs=st.lists(ports, max_size=FEW).map(tuple),
    outputs=st.lists(ports, max_size=FEW).map(tuple),
    layers=st.lists(layers, max_size=FEW).map(tuple),
    tensors=st.dictionaries(texts, tensors, max_size=FEW),
    changes=names,
)
plan_settings = st.builds(
    PlanSettings,
    target=texts,
    scheme=st.sampled_from(Scheme),
    word_length=whole,
    weight_word_length=st.none() | whole,
    bias_word_length=whole,
    unsigned=st.booleans(),
    float_layers=st.frozensets(texts, max_size=FEW),
    wide_layers=st.frozensets(texts, max_size=FEW),
    only_operators=st.frozensets(texts, max_size=FEW),
    integer_ports=st.booleans(),
    pinned=st.dictionaries(texts, data_types, max_size=FEW),
    weight_rounding=st.sampled_from(WeightRounding),
    correct_bias=st.booleans(),
)
counted = st.lists(st.integers(0, 2**50), max_size=FEW).map(tuple)
bit_counts = st.builds(BitCounts, whole, counted, counted)
outputs = st.builds(OutputAccuracy, output=texts, sqnr=reals, agreement=st.none() | reals)
kernels = st.builds(LayerKernel, layer=texts, label=texts, kernel=texts, integer=st.booleans())
accuracies = st.builds(
    TensorAccuracy,
    tensor=texts,
    data_type=texts,
    predicted=reals,
    measured=reals,
    in_network=st.none() | reals,
)
corrections = st.builds(
    BiasCorrection,
    layer=texts,
    label=texts,
    largest=reals,
    error_before=reals,
    error_after=reals,
)
rounded_weights = st.builds(
    RoundedWeights, layer=texts, label=texts, sqnr_before=reals, sqnr_after=reals
)
step_differences = st.builds(StepDifference, whole, reals)
operator_differences = st.builds(
    OperatorDifference,
    layer=texts,
    label=texts,
    operator=texts,
    kernel=texts,
    values=whole,
    as_written=step_differences,
    as_run=step_differences,
    ties_away=reals,
    ties_up=reals,
)
integer_ports = st.builds(IntegerPort, name=texts, dtype=texts, scale=reals, zero_point=whole)
reports = st.builds(
    ExportReport,
    path=texts,
    target=texts,
    samples=whole,
    random_data=st.booleans(),
    opset=whole,
    file_bytes=whole,
    source_bytes=whole,
    largest_difference=reals,
    outputs=st.lists(outputs, max_size=FEW).map(tuple),
    kernels=st.lists(kernels, max_size=FEW).map(tuple),
    tensors=st.lists(accuracies, max_size=FEW).map(tuple),
    float_layers=st.lists(st.tuples(texts, texts), max_size=FEW).map(tuple),
    notes=names,
    warnings=names,
    corrections=st.lists(corrections, max_size=FEW).map(tuple),
    rounded_weights=st.lists(rounded_weights, max_size=FEW).map(tuple),
    simulation=st.lists(operator_differences, max_size=FEW).map(tuple),
    not_simulated=st.lists(st.tuples(texts, texts), max_size=FEW).map(tuple),
    integer_inputs=st.lists(integer_ports, max_size=FEW).map(tuple),
    integer_outputs=st.lists(integer_ports, max_size=FEW).map(tuple),
)
data_descriptions = st.builds(
    DataDescription,
    kind=st.sampled_from(SourceKind),
    path=texts,
    preprocessing=chains,
    samples=st.none() | whole,
    seed=whole,
)
WRITTEN: dict[type, st.SearchStrategy[Any]] = {
    Band: st.builds(Band, whole, whole, reals, reals),
    BiasCorrection: corrections,
    RoundedWeights: rounded_weights,
    BitAxis: st.builds(BitAxis, whole, whole),
    BitCounts: bit_counts,
    Candidate: st.builds(Candidate, data_types, errors),
    CastCounts: st.builds(CastCounts, whole, whole, whole, whole, whole, whole),
    ChannelScaled: channel_scaled,
    DataDescription: data_descriptions,
    ExportReport: reports,
    Extreme: st.builds(Extreme, reals, whole, whole),
    FixedPoint: fixed_points,
    IntegerPort: integer_ports,
    Layer: layers,
    LayerKernel: kernels,
    LiveCounts: st.builds(LiveCounts, whole, st.dictionaries(texts, bit_counts, max_size=FEW)),
    Network: networks,
    OperatorDifference: operator_differences,
    OutputAccuracy: outputs,
    PlanSettings: plan_settings,
    Port: ports,
    PredictedError: errors,
    PreparationChoices: st.builds(PreparationChoices, equalize=st.booleans()),
    Preprocessing: chains,
    Problem: st.builds(Problem, texts, texts, texts),
    Progress: st.builds(Progress, texts, whole, whole, reals, reals),
    Scaled: scaled,
    SourceCheck: st.builds(
        SourceCheck,
        samples=whole,
        first=texts,
        shapes=st.lists(
            st.tuples(texts, st.lists(whole, max_size=FEW).map(tuple), texts), max_size=FEW
        ).map(tuple),
        minimum=reals,
        maximum=reals,
    ),
    Target: st.sampled_from(list(TARGETS.values())),
    Tensor: tensors,
    StepDifference: step_differences,
    TensorAccuracy: accuracies,
    TieGroup: st.builds(TieGroup, names, names),
    TypeRequest: requests,
    **measured_values.written(data_descriptions, plan_settings, data_types),
}
# Hold arrays, functions or colours, or follow from what is written.
NEVER_WRITTEN = {
    "BitHistogram",
    "Calibration",
    "DistinctValues",
    "Fates",
    "Finding",
    "Grids",
    "HeatColors",
    "HeatRow",
    "LayerCosts",
    "NoiseBudget",
    "NoiseSources",
    "Placement",
    "PlacementRules",
    "Plan",
    "Portion",
    "RangeRow",
    "Reading",
    "Step",
    "TensorStatistics",
}


def through_json(value: object) -> Any:
    return json.loads(json.dumps(encode(value), allow_nan=False))


def test_that_every_dataclass_of_core_is_either_written_or_known_not_to_be():
    found = set()
    for module in pkgutil.iter_modules(quantscope.core.__path__, "quantscope.core."):
        members = vars(importlib.import_module(module.name)).values()
        found |= {
            m.__name__
            for m in members
            if isinstance(m, type) and dataclasses.is_dataclass(m) and m.__module__ == module.name
        }
    assert found - NEVER_WRITTEN == {kind.__name__ for kind in WRITTEN}


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.__name__)
def test_that_values_read_back_equal(kind):
    @settings(max_examples=6)
    @given(WRITTEN[kind])
    def reads_back(value):
        assert decode(kind, through_json(value)) == value

    reads_back()


@settings(max_examples=30)
@given(data_types)
def test_that_a_union_reads_back_as_the_member_that_was_written(value):
    again = decode(DataType, through_json(value))
    assert type(again) is type(value)
    assert again == value


json_values = st.recursive(
    st.none() | st.booleans() | whole | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.__name__)
def test_that_damaged_values_are_refused_as_a_value_error(kind):
    """Whatever replaces one entry, the answer is a value of that kind or a ValueError."""

    @settings(max_examples=6)
    @given(WRITTEN[kind], json_values, st.data())
    def is_refused(value, damage, data):
        written = through_json(value)
        written[data.draw(st.sampled_from(sorted(written)))] = damage
        try:
            assert isinstance(decode(kind, written), kind)
        except ValueError:
            return

    is_refused()


# ---- single rules --------------------------------------------------------------------------------


class Size(enum.IntEnum):
    SMALL = 1


@dataclass(frozen=True)
class Sample:
    ratio: float
    size: Size = Size.SMALL
    flag: bool = False
    several: tuple[int, ...] = ()
    pair: tuple[int, str] = (0, "")
    table: Mapping[str, list[float]] = dataclasses.field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    maybe: int | None = None
    anything: Any = None
    derived: int = dataclasses.field(default=7, init=False)


def test_that_what_json_has_is_written_plainly():
    sample = Sample(0.5, several=(1, 2), pair=(3, "x"), table={"a": [1.0]}, tags=frozenset("ba"))
    assert encode(sample) == {
        "class": "Sample",
        "ratio": 0.5,
        "size": 1,
        "flag": False,
        "several": [1, 2],
        "pair": [3, "x"],
        "table": {"a": [1.0]},
        "tags": ["a", "b"],
        "maybe": None,
        "anything": None,
        "derived": 7,
    }
    assert decode(Sample, through_json(sample)) == sample


@pytest.mark.parametrize(
    ("value", "text"), [(math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan")]
)
def test_that_floats_that_json_lacks_are_written_as_words(value, text):
    written = through_json(Sample(value))
    assert written["ratio"] == text
    again = decode(Sample, written).ratio
    assert again == value or (math.isnan(again) and math.isnan(value))


def test_that_a_field_called_kind_keeps_its_value():
    layer = Layer(name="a", label="a", operator="Conv", kind=LayerKind.WEIGHTED)
    assert encode(layer)["kind"] == "weighted"
    assert encode(layer)["class"] == "Layer"


def test_that_whole_numbers_are_taken_for_floats_and_not_the_other_way():
    assert decode(float, 3) == 3.0
    assert isinstance(decode(float, 3), float)
    with pytest.raises(ValueError, match="not of type int"):
        decode(int, 3.0)
    with pytest.raises(ValueError, match="largest float"):
        decode(float, 10**400)


def test_that_unknown_entries_are_ignored_and_missing_ones_take_their_default():
    assert decode(Sample, {"ratio": 1.0, "colour": "green"}) == Sample(1.0)
    with pytest.raises(ValueError, match="ratio"):
        decode(Sample, {"flag": True})


def test_that_anything_is_handed_through_where_anything_is_asked_for():
    assert decode(Sample, {"ratio": 1.0, "anything": {"deep": [1, None]}}).anything == {
        "deep": [1, None]
    }
    assert decode(object, "x") == "x"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Sample, [1.0]),
        (Sample, {"class": "Other", "ratio": 1.0}),
        (float, "1.5"),
        (float, True),
        (float, None),
        (int, True),
        (bool, 1),
        (str, 1),
        (Size, 2),
        (Scheme, "MINMAX"),
        (Scheme, ["minmax"]),
        (tuple[int, ...], 5),
        (tuple[int, ...], "12"),
        (tuple[int, str], [1]),
        (tuple[int, str], [1, "a", 2]),
        (Mapping[str, int], [["a", 1]]),
        (Mapping[str, int], {"a": "1"}),
        (list[int], {"a": 1}),
        (frozenset[str], "abc"),
        (int | None, "none"),
        (DataType, {"class": "Network"}),
        (DataType, {"class": "Scaled", "scale": -1.0}),
        (DataType, {"class": "FixedPoint", "word_length": 10**9}),
        (Preprocessing, {"std": [0.0]}),
        (Preprocessing, {"mean": []}),
    ],
)
def test_that_what_does_not_fit_is_a_value_error(kind, data):
    with pytest.raises(ValueError, match=r"."):
        decode(kind, data)


def test_that_a_union_without_a_class_takes_the_first_that_fits():
    assert decode(DataType, {"word_length": 8, "fraction_length": 3}) == FixedPoint(8, 3)
    assert decode(DataType, {"scales": [1.0]}) == FixedPoint()  # all entries have defaults
    assert decode(int | str, "N") == "N"
    assert decode(int | None, None) is None


def test_that_what_cannot_be_written_is_a_type_error():
    for value in (object(), Sample, 1j, b"bytes"):
        with pytest.raises(TypeError, match="cannot be written as JSON"):
            encode(value)
