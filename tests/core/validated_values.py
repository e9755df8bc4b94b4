"""Strategies for what a validation finds, to be written and read back."""

from typing import Any

from hypothesis import strategies as st

from quantscope.core.findings.record import RecordedValidation
from quantscope.core.findings.validation import (
    Disagreement,
    Figure,
    FileCosts,
    Validation,
    ValidationRequest,
    Variant,
)
from quantscope.core.metrics.detector import BoxFormat, Coordinates, DetectorForm

FEW = 3
texts = st.text("ab/é", max_size=4)
reals = st.floats(allow_nan=False)
whole = st.integers(0, 2**40)
names = st.lists(texts, max_size=FEW).map(tuple)


def few(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=FEW).map(tuple)


detectors = st.builds(
    DetectorForm,
    boxes=texts,
    scores=texts,
    classes=texts,
    box_format=st.sampled_from(BoxFormat),
    coordinates=st.sampled_from(Coordinates),
    background=st.booleans(),
    least_score=reals,
    suppress=reals,
)
figures = st.builds(
    Figure,
    metric=texts,
    title=texts,
    value=reals,
    exact=st.none() | reals,
    unit=texts,
    proportion=st.booleans(),
    higher_is_better=st.booleans(),
    low=st.none() | reals,
    high=st.none() | reals,
    method=texts,
)
costs = st.builds(
    FileCosts,
    path=texts,
    file_bytes=whole,
    parameter_bytes=whole,
    integer_operators=whole,
    float_operators=few(st.tuples(texts, whole)),
    latency_ms=st.none() | reals,
)
disagreements = st.builds(
    Disagreement,
    sample=texts,
    number=whole,
    exact=whole,
    found=whole,
    label=st.none() | whole,
)
tables = few(few(whole))
variants = st.builds(
    Variant,
    costs=costs,
    figures=few(figures),
    disagreements=few(disagreements),
    confusion=tables,
)


def written(data: st.SearchStrategy[Any]) -> dict[type, st.SearchStrategy[Any]]:
    """By class, from a strategy for descriptions of data."""
    requests = st.builds(
        ValidationRequest,
        data=data,
        labels=texts,
        metrics=names,
        output=texts,
        detector=st.none() | detectors,
        custom=texts,
    )
    validations = st.builds(
        Validation,
        request=requests,
        samples=whole,
        label_kind=texts,
        random_data=st.booleans(),
        exact=costs,
        figures=few(figures),
        confusion=tables,
        class_names=names,
        variants=few(variants),
        warnings=names,
    )
    recorded = st.builds(
        RecordedValidation,
        validation=validations,
        names=names,
        when=texts,
        is_stale=st.booleans(),
    )
    return {
        RecordedValidation: recorded,
        Disagreement: disagreements,
        Figure: figures,
        FileCosts: costs,
        Validation: validations,
        ValidationRequest: requests,
        Variant: variants,
    }
