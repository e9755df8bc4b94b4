"""Strategies for every dataclass of the core that is written as JSON."""

from typing import Any

from hypothesis import strategies as st

from quantscope.core.counting.forecast import Forecast
from quantscope.core.counting.growth import Growth
from quantscope.core.counting.statistics import Extreme
from quantscope.core.data.description import (
    Color,
    DataDescription,
    Layout,
    Preprocessing,
    Resize,
    SourceCheck,
    SourceKind,
)
from quantscope.core.data.preview import Picture, Preview, Step, TensorView
from quantscope.core.data.sound import Length, Sound
from quantscope.core.errors import Problem
from quantscope.core.events import BitCounts, LiveCounts, Progress
from quantscope.core.findings.record import Record, RecordedValidation
from quantscope.core.findings.report import (
    BiasCorrection,
    ExportReport,
    IntegerPort,
    LayerKernel,
    OperatorDifference,
    OutputAccuracy,
    PreparedWeights,
    RoundedWeights,
    StepDifference,
    TensorAccuracy,
)
from quantscope.core.networks.network import (
    FileTypes,
    Layer,
    LayerKind,
    Network,
    Port,
    Role,
    Tensor,
)
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.numbers.casting import CastCounts
from quantscope.core.numbers.formats import Band, ChannelScaled, FixedPoint, Scaled
from quantscope.core.picture.heatmap import BitAxis, Depth
from quantscope.core.picture.look import PictureLook
from quantscope.core.planning.placement import TieGroup
from quantscope.core.planning.prediction import PredictedError
from quantscope.core.planning.schemes import Candidate, Family, Scheme, TypeRequest
from quantscope.core.planning.settings import PlanSettings, WeightRounding
from quantscope.core.planning.targets import TARGETS, Target
from tests.core import measured_values, validated_values

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
    scale=finite.filter(bool),
    mean=st.lists(finite, min_size=1, max_size=FEW).map(tuple),
    std=st.lists(st.floats(1e-30, 1e30), min_size=1, max_size=FEW).map(tuple),
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
file_types = st.builds(
    FileTypes,
    types=st.dictionaries(texts, data_types, max_size=FEW),
    integer_layers=st.frozensets(texts, max_size=FEW),
    fused=st.dictionaries(texts, texts, max_size=FEW),
    rectified=st.frozensets(texts, max_size=FEW),
    reasons=st.dictionaries(texts, texts, max_size=FEW),
)
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
    file_types=st.none() | file_types,
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
prepared_weights = st.builds(
    PreparedWeights,
    layer=texts,
    label=texts,
    spread_before=reals,
    spread_after=reals,
    sqnr_before=reals,
    sqnr_after=reals,
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
    prepared_weights=st.lists(prepared_weights, max_size=FEW).map(tuple),
    simulation=st.lists(operator_differences, max_size=FEW).map(tuple),
    not_simulated=st.lists(st.tuples(texts, texts), max_size=FEW).map(tuple),
    integer_inputs=st.lists(integer_ports, max_size=FEW).map(tuple),
    integer_outputs=st.lists(integer_ports, max_size=FEW).map(tuple),
)
sounds = st.builds(
    Sound,
    rate=st.none() | st.integers(1, 2**20),
    length=st.sampled_from(Length),
    scale=finite.filter(bool),
)
data_descriptions = st.builds(
    DataDescription,
    kind=st.sampled_from(SourceKind),
    path=texts,
    preprocessing=chains,
    sound=sounds,
    samples=st.none() | whole,
    seed=whole,
    shuffle=st.none() | whole,
    skip_unreadable=whole,
    as_pictures=st.booleans(),
)
sizes = st.lists(whole, max_size=FEW).map(tuple)
data_steps = st.builds(Step, texts, sizes, texts)
pictures = st.builds(Picture, width=whole, height=whole, png=texts)
tensor_views = st.builds(
    TensorView,
    name=texts,
    shape=sizes,
    dtype=texts,
    minimum=reals,
    maximum=reals,
    mean=reals,
    counts=sizes,
)
previews = st.builds(
    Preview,
    sample=texts,
    original=st.none() | pictures,
    processed=st.none() | pictures,
    tensors=st.lists(tensor_views, max_size=FEW).map(tuple),
)
steps = st.lists(st.tuples(whole, whole), max_size=FEW).map(tuple)
_validated = validated_values.written(data_descriptions)
WRITTEN: dict[type, st.SearchStrategy[Any]] = {
    Band: st.builds(Band, whole, whole, reals, reals),
    BiasCorrection: corrections,
    RoundedWeights: rounded_weights,
    PreparedWeights: prepared_weights,
    BitAxis: st.builds(BitAxis, whole, whole),
    BitCounts: bit_counts,
    Candidate: st.builds(Candidate, data_types, errors),
    CastCounts: st.builds(CastCounts, whole, whole, whole, whole, whole, whole),
    ChannelScaled: channel_scaled,
    DataDescription: data_descriptions,
    ExportReport: reports,
    Extreme: st.builds(Extreme, reals, whole, whole),
    FileTypes: file_types,
    FixedPoint: fixed_points,
    Growth: st.builds(Growth, steps, steps),
    IntegerPort: integer_ports,
    Layer: layers,
    LayerKernel: kernels,
    LiveCounts: st.builds(LiveCounts, whole, st.dictionaries(texts, bit_counts, max_size=FEW)),
    Network: networks,
    OperatorDifference: operator_differences,
    OutputAccuracy: outputs,
    PlanSettings: plan_settings,
    Picture: pictures,
    PictureLook: st.builds(
        PictureLook,
        dark=st.booleans(),
        depth=st.sampled_from(Depth),
        width=whole,
        tensors=names,
    ),
    Port: ports,
    PredictedError: errors,
    PreparationChoices: st.builds(PreparationChoices, equalize=st.booleans()),
    Preprocessing: chains,
    Preview: previews,
    Problem: st.builds(Problem, texts, texts, texts),
    Progress: st.builds(Progress, texts, whole, whole, reals, reals),
    Forecast: st.builds(
        Forecast,
        samples=whole,
        memory=whole,
        available=whole,
        seconds=st.none() | reals,
        tried=whole,
    ),
    Record: st.builds(
        Record,
        model=texts,
        network=networks,
        settings=plan_settings,
        export=st.none() | reports,
        export_is_stale=st.booleans(),
        validations=st.lists(_validated[RecordedValidation], max_size=1).map(tuple),
    ),
    Scaled: scaled,
    Sound: sounds,
    SourceCheck: st.builds(
        SourceCheck,
        samples=whole,
        first=texts,
        shapes=st.lists(st.tuples(texts, sizes, texts), max_size=FEW).map(tuple),
        minimum=reals,
        maximum=reals,
        steps=st.lists(data_steps, max_size=FEW).map(tuple),
        preview=st.none() | previews,
        skipped=names,
        number=whole,
    ),
    Target: st.sampled_from(list(TARGETS.values())),
    Tensor: tensors,
    TensorView: tensor_views,
    StepDifference: step_differences,
    TensorAccuracy: accuracies,
    TieGroup: st.builds(TieGroup, names, names),
    TypeRequest: requests,
    **measured_values.written(data_descriptions, plan_settings, data_types),
    **_validated,
}
# Hold arrays, functions or colours, or follow from what is written.
NEVER_WRITTEN = {
    "BitHistogram",
    "Calibration",
    "Checkpoint",
    "Convergence",
    "ChannelBits",
    "Choice",
    "DistinctValues",
    "Fates",
    "Finding",
    "Grids",
    "HeatColors",
    "HeatRow",
    "LayerCosts",
    "NearOne",
    "NoiseBudget",
    "NoiseSources",
    "Placement",
    "PictureSize",
    "PlacementRules",
    "Plan",
    "Portion",
    "RangeRow",
    "Reading",
    "SampleValues",
    "Step",
    "TensorStatistics",
    "WordTable",
}
