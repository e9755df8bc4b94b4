"""The report is one sound page that needs nothing else and says what is known, no more."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.findings.record import Record, RecordedValidation
from quantscope.core.findings.report import (
    BiasCorrection,
    ExportReport,
    IntegerPort,
    OperatorDifference,
    RoundedWeights,
    StepDifference,
    TensorAccuracy,
)
from quantscope.core.findings.validation import ValidationRequest
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.picture.look import PictureLook
from quantscope.core.planning.prediction import predict
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.wording import decibel
from quantscope.engine.html_report import ranges, validation
from quantscope.engine.html_report.page import RANDOM_MARK, report_text, write_report
from quantscope.engine.picture.drawing import draw_ranges
from tests.core.validations import validation_of
from tests.session.examples import small_calibration, small_network, small_report

VOID = {"meta", "br", "hr", "img", "link", "input", "source"}
PICTURES = DataDescription(kind=SourceKind.IMAGES, path="/photos/of things")
HOSTILE = "<script>alert('x')</script>\"><img src=http://evil.example/a.png onerror=alert(1)>\x00"
REPORT = replace(
    small_report("/out/small-int8.onnx"),
    tensors=(
        TensorAccuracy(tensor="c", data_type="u8", predicted=40.0, measured=39.5, in_network=31.25),
    ),
    corrections=(
        BiasCorrection(
            layer="conv", label="conv", largest=1.25, error_before=0.5, error_after=0.012
        ),
    ),
    rounded_weights=(
        RoundedWeights(layer="conv", label="conv", sqnr_before=20.5, sqnr_after=26.75),
    ),
    simulation=(
        OperatorDifference(
            layer="conv",
            label="conv",
            operator="Conv",
            kernel="QLinearConv",
            values=200,
            as_written=StepDifference(0, 0.0),
            as_run=StepDifference(1, 0.015),
            ties_away=0.125,
            ties_up=0.0625,
        ),
    ),
    not_simulated=(("relu", "it is part of conv"),),
    integer_inputs=(IntegerPort(name="x", dtype="uint8", scale=0.25, zero_point=3),),
)

RUN = RecordedValidation(
    validation=validation_of(warnings=("something to know",)),
    names=("8 bits",),
    when="2026-11-27T01:00:00+00:00",
)


class Page(HTMLParser):
    """A page taken apart: its elements with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.problems: list[str] = []
        self.texts: list[str] = []
        self.styles: list[str] = []
        self.feed(text)
        self.close()
        self.problems += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.problems.append(f"an attribute twice in <{tag}>")
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes what is not open")

    def handle_data(self, data: str) -> None:
        (self.styles if self.open[-1:] == ["style"] else self.texts).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}


def _record(
    network: Network | None = None,
    settings: PlanSettings | None = None,
    export: ExportReport | None = None,
    *,
    stale: bool = False,
    validations: tuple[RecordedValidation, ...] = (),
) -> Record:
    return Record(
        model="/models/small.onnx",
        network=network or small_network(),
        settings=settings or PlanSettings(),
        preparation=PreparationChoices(equalize=True),
        export=export,
        export_is_stale=stale,
        validations=validations,
    )


def _text(record: Record, data: DataDescription = PICTURES) -> str:
    return report_text(record, small_calibration(data))


def _is_sound_and_alone(page: Page) -> None:
    assert page.problems == []
    assert not page.tags & {"script", "link", "iframe", "object", "embed", "form", "img", "a"}
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{name} in <{tag}>"
            assert name not in {"src", "href", "srcset", "action", "xlink:href"}
            assert "http" not in value or name in {"xmlns", "http-equiv"}, f"{name} in <{tag}>"
    assert not re.search(r"url\(|@import|expression", " ".join(page.styles))


@pytest.mark.parametrize("export", [None, REPORT])
@pytest.mark.parametrize("stale", [False, True])
def test_that_the_page_is_well_formed_and_asks_for_nothing(
    export: ExportReport | None, stale: bool
) -> None:
    text = _text(_record(export=export, stale=stale, validations=(RUN, RUN)))
    _is_sound_and_alone(Page(text))
    assert text.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in text


def _hostile_network() -> Network:
    network = small_network()
    layers = tuple(replace(layer, label=HOSTILE, operator=HOSTILE) for layer in network.layers)
    port = replace(network.inputs[0], name=HOSTILE, dtype=HOSTILE, shape=(HOSTILE, 3))
    return replace(network, name=HOSTILE, layers=layers, inputs=(port,), changes=(HOSTILE,))


def test_that_hostile_names_are_text_and_nothing_else() -> None:
    export = replace(
        REPORT,
        path=f"/{HOSTILE}.onnx",
        notes=(HOSTILE,),
        warnings=(HOSTILE,),
        not_simulated=((HOSTILE, HOSTILE),),
        simulation=(replace(REPORT.simulation[0], label=HOSTILE, kernel=HOSTILE),),
    )
    found = validation_of(class_names=(HOSTILE, "b"), warnings=(HOSTILE,), label_kind=HOSTILE)
    run = replace(RUN, names=(HOSTILE,), validation=found)
    whole = _record(_hostile_network(), export=export, validations=(run, run))
    record = replace(whole, model=f"/{HOSTILE}.onnx")
    data = DataDescription(kind=SourceKind.IMAGES, path=HOSTILE)
    calibration = replace(small_calibration(data), skipped=(HOSTILE,))
    page = Page(report_text(record, calibration))
    _is_sound_and_alone(page)
    readable = HOSTILE.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    assert page.text.count("<script>") >= 10
    assert readable in page.text


def test_that_every_tensor_stands_with_its_type_and_what_that_costs() -> None:
    record, calibration = _record(), small_calibration(PICTURES)
    cells = Page(report_text(record, calibration)).text
    plan = calibration.plan(record.network, record.settings)
    for name in ("x", "w", "b", "y"):
        error = predict(calibration.statistics[name], plan.types[name])
        assert f"{plan.types[name].label()} " in cells
        assert decibel(error.sqnr_db) in cells


def test_that_the_picture_is_the_one_that_is_written_as_a_file(tmp_path: Path) -> None:
    record, calibration = _record(), small_calibration(PICTURES)
    plan = calibration.plan(record.network, record.settings)
    text = report_text(record, calibration)
    for dark in (False, True):
        file = draw_ranges(
            record.network, calibration, plan, tmp_path / f"{dark}.svg", PictureLook(dark=dark)
        ).read_text(encoding="utf-8")
        assert file.partition("\n")[2].strip() in text
    assert [tag for tag, _ in Page(text).elements].count("svg") == 2


def test_that_a_network_too_large_for_a_picture_has_its_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranges, "MOST_DRAWN", 4)
    page = Page(_text(_record()))
    assert "svg" not in page.tags
    assert "5 tensors are too many for a picture" in page.text
    assert "Predicted SQNR" in page.text


def test_that_noise_is_marked_and_real_data_is_not() -> None:
    noise = DataDescription(kind=SourceKind.RANDOM, seed=3)
    assert RANDOM_MARK in Page(_text(_record(), noise)).text
    assert "RANDOM DATA" not in Page(_text(_record())).text


def test_that_the_export_is_told_with_its_ties_ports_weights_and_biases() -> None:
    text = Page(_text(_record(export=REPORT))).text
    for words in (
        "small-int8.onnx",
        "1 of 1 layers",
        "39.5 dB 31.2 dB",  # measured, in the network
        "conv 20.5 dB 26.8 dB",  # weights
        "conv 1.25 0.500 0.012",  # biases
        "input x uint8 0.25 3",
        "conv Conv QLinearConv 0 1 1.5 % 12.5 % 6.2 %",
        "relu: it is part of conv",
        "weight scales raised",
        REPORT.simulated()[1:],
    ):
        assert words in text, words


def test_that_figures_of_another_export_do_not_stand_beside_the_types() -> None:
    text = Page(_text(_record(export=REPORT, stale=True))).text
    assert "made from other settings or statistics" in text
    assert "31.2 dB" not in text
    assert "small-int8.onnx" in text


def test_that_nothing_is_said_of_an_export_that_was_not() -> None:
    text = Page(_text(_record())).text
    assert "No export has been reported yet" in text
    assert "Measured" not in text


def test_that_the_latest_validation_stands_in_full_and_others_in_a_line() -> None:
    before = replace(RUN, when="2026-11-26T23:59:00+02:00", names=(), is_stale=True)
    before = replace(before, validation=replace(RUN.validation, variants=()))
    text = Page(_text(_record(validations=(RUN, before)))).text
    for words in (
        "75.0 % Top-1 on 20 labelled samples; 80.0 % in float",
        "2026-11-27 01:00 UTC",
        "something to know.",
        "8 bits Top-1 80.0 % 75.0 % −5.00 points −10.00 to +0.00 points",
        "Intervals: a paired interval.",
        "8 bits 1.06 KB (26%) 1.5 KB 2 none 0.5 ms (4.00 × as fast)",
        "cat taken for dog: 3 times (float 2)",
        "Label, and what it was called cat dog cat 7 3 dog 2 8",
        "4 of 20 samples that 8 bits answers otherwise",
        "dog/7.png cat dog dog quantized",
        "2026-11-26 21:59 UTC the float network alone Top-1 80.0 % 20 of other types",
        "quantscope validate /models/small.onnx small-quantized.onnx --data /held/out",
    ):
        assert words in text, words


def test_that_a_validation_of_other_types_is_marked_and_not_on_top() -> None:
    text = Page(_text(_record(validations=(replace(RUN, is_stale=True),)))).text
    assert "This validation is of other types or of another network" in text
    assert "labelled samples;" not in text
    assert "quantscope validate" not in text


def test_that_noise_labels_and_metrics_of_ones_own_are_told() -> None:
    request = ValidationRequest(
        data=DataDescription(kind=SourceKind.RANDOM, seed=7), labels="/l.csv", custom="/m.py"
    )
    run = replace(RUN, validation=validation_of(request=request))
    text = Page(_text(_record(validations=(run,)))).text
    assert "seeded noise, seed 7" in text
    assert "labels /l.csv" in text
    bare = replace(RUN, validation=validation_of(label_kind="none"))
    assert "labels none" in Page(_text(_record(validations=(bare,)))).text
    assert "the class folders of the data" in Page(_text(_record(validations=(RUN,)))).text
    assert "metrics of its own /m.py" in text


def test_that_many_classes_and_samples_are_cut_short() -> None:
    classes = validation.MOST_CLASSES + 1
    counts = ((1,) * classes,) * classes
    (variant,) = RUN.validation.variants
    many = variant.disagreements * validation.MOST_SAMPLES
    found = validation_of(variants=(replace(variant, confusion=counts, disagreements=many),))
    text = Page(_text(_record(validations=(replace(RUN, validation=found),)))).text
    assert "Confusion of" not in text
    assert "cat taken for dog: once" in text
    assert f"and {3 * validation.MOST_SAMPLES} more" in text


def test_that_nothing_is_said_of_a_validation_that_was_not() -> None:
    text = Page(_text(_record())).text
    assert "Nothing was validated on labelled data yet" in text
    assert "Memory and time" not in text


def test_that_the_commands_stand_there_with_the_recipe() -> None:
    pinned = PlanSettings().with_target("fixed-point").pin(("x",), FixedPoint(8, 2))
    text = Page(_text(_record(settings=pinned))).text
    assert "quantscope calibrate /models/small.onnx --data '/photos/of things'" in text
    assert "quantscope quantize small.qscope --recipe recipe.json" in text
    assert "save the recipe below as recipe.json" in text
    assert '"format": "quantscope recipe"' in text


def test_that_the_same_record_gives_the_same_page() -> None:
    assert _text(_record(export=REPORT)) == _text(_record(export=REPORT))


def test_that_the_page_replaces_no_file_unasked(tmp_path: Path) -> None:
    calibration: Calibration = small_calibration(PICTURES)
    path = write_report(_record(), calibration, tmp_path / "a.html")
    first = path.read_bytes()
    with pytest.raises(QuantscopeError, match="exists"):
        write_report(_record(export=REPORT), calibration, path)
    assert path.read_bytes() == first
    write_report(_record(export=REPORT), calibration, path, overwrite=True)
    assert path.read_bytes() != first
