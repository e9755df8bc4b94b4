"""A small validation of a classifier with two classes, as values."""

from __future__ import annotations

from dataclasses import replace

from quantscope.core.data.description import DataDescription, Preprocessing, SourceKind
from quantscope.core.findings.validation import (
    Disagreement,
    Figure,
    FileCosts,
    Validation,
    ValidationRequest,
    Variant,
)

DATA = DataDescription(kind=SourceKind.IMAGES, path="/held/out", preprocessing=Preprocessing())
TOP1 = Figure(
    metric="top1",
    title="Top-1",
    value=0.75,
    exact=0.8,
    proportion=True,
    low=-0.1,
    high=0.0,
    method="a paired interval",
)
SQNR = Figure(metric="sqnr", title="Output SQNR", value=31.25, unit="dB")
EXACT = FileCosts(
    path="/m/net.onnx",
    file_bytes=4_100,
    parameter_bytes=4_000,
    integer_operators=0,
    float_operators=(("Conv", 2), ("Relu", 1)),
    latency_ms=2.0,
)
QUANTIZED = FileCosts(
    path="/tmp/plan.onnx",
    file_bytes=1_500,
    parameter_bytes=1_060,
    integer_operators=2,
    latency_ms=0.5,
)
DIFFERENT = (
    Disagreement(sample="cat/1.png", number=0, exact=0, found=1, label=0),
    Disagreement(sample="dog/7.png", number=17, exact=0, found=1, label=1),
    Disagreement(sample="dog/8.png", number=18, exact=0, found=2, label=1),
    Disagreement(sample="odd.png", number=19, exact=0, found=1),
)


def validation_of(**changes: object) -> Validation:
    """Float and one quantized network over 20 samples."""
    whole = Validation(
        request=ValidationRequest(data=DATA),
        samples=20,
        label_kind="class number",
        random_data=False,
        exact=EXACT,
        figures=(replace(TOP1, value=0.8, exact=None, low=None, high=None, method=""),),
        confusion=((8, 2), (2, 8)),
        class_names=("cat", "dog"),
        variants=(
            Variant(
                costs=QUANTIZED,
                figures=(TOP1, SQNR),
                disagreements=DIFFERENT,
                confusion=((7, 3), (2, 8)),
            ),
        ),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]
