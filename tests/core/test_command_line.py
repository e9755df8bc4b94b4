"""The commands of a report say all that decides on the file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quantscope.core.data.description import (
    PRESETS,
    DataDescription,
    Preprocessing,
    Resize,
    SourceKind,
)
from quantscope.core.data.joined import joined
from quantscope.core.data.sound import Sound
from quantscope.core.exchange.command_line import (
    RECIPE,
    commands,
    data_words,
    in_a_shell,
    preparation_words,
    settings_words,
    validation_words,
)
from quantscope.core.findings.record import Record, RecordedValidation
from quantscope.core.findings.validation import ValidationRequest
from quantscope.core.metrics.detector import BoxFormat, Coordinates, DetectorForm
from quantscope.core.networks.preparation import CHOICES, PreparationChoices
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings, WeightRounding
from tests.core.validations import validation_of
from tests.session.examples import small_calibration, small_network

NETWORK = small_network()


def test_that_calibrating_and_quantizing_are_two_commands_that_fit_together() -> None:
    record = Record(model="/models/net.v2.onnx", network=NETWORK, settings=PlanSettings())
    first, second = commands(record, small_calibration())
    assert first[:3] == ("quantscope", "calibrate", "/models/net.v2.onnx")
    assert first[-2:] == ("-o", "net.v2.qscope")
    assert second[:3] == ("quantscope", "quantize", "net.v2.qscope")
    assert second[-2:] == ("-o", "net.v2-quantized.onnx")


def test_that_a_calibration_of_less_says_so() -> None:
    record = Record(model="net.onnx", network=NETWORK, settings=PlanSettings())
    complete = small_calibration()
    less = {name: kept for name, kept in complete.statistics.items() if name != "c"}
    assert "--only-quantized" not in commands(record, complete)[0]
    assert "--only-quantized" in commands(record, replace(complete, statistics=less))[0]


def test_that_each_source_of_a_run_is_calibrated_after_the_other() -> None:
    record = Record(model="net.onnx", network=NETWORK, settings=PlanSettings())
    sources = [DataDescription(kind=SourceKind.NPY, path=f"/{name}.npy") for name in "ab"]
    whole = small_calibration()
    names = tuple(f"source {number}: row {row}" for number in (1, 2) for row in range(3))
    both = replace(
        whole, data=joined(sources, sources[0]), samples=6, sample_names=names, skipped=()
    )
    first, second, last = commands(record, both)
    assert first == ("quantscope", "calibrate", "net.onnx", *data_words(sources[0]), *first[-2:])
    assert second == (
        *("quantscope", "calibrate", "net.qscope", *data_words(sources[1])),
        *("-o", "net.qscope", "--overwrite"),
    )
    assert last[1] == "quantize"
    ended = replace(both, samples=3, sample_names=names[:3], left=9)
    first, last = commands(record, ended)
    assert "--samples 3" in " ".join(first)
    assert last[1] == "quantize"


def test_that_names_are_quoted_for_a_shell() -> None:
    assert in_a_shell(("quantscope", "my net.onnx", "$(rm -rf x)", "plain")) == (
        "quantscope 'my net.onnx' '$(rm -rf x)' plain"
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (DataDescription(kind=SourceKind.RANDOM, seed=7), "--data random --seed 7"),
        (
            DataDescription(
                kind=SourceKind.IMAGES,
                path="/pictures",
                preprocessing=PRESETS["caffe"],
                samples=20,
                shuffle=3,
                skip_unreadable=4,
            ),
            (
                "--data /pictures --kind images --preprocess caffe --samples 20 --shuffle 3 "
                "--skip-unreadable 4"
            ),
        ),
        (DataDescription(kind=SourceKind.NPY, path="a.npy"), "--data a.npy --kind npy"),
        (
            DataDescription(
                kind=SourceKind.NPZ,
                path="a.npz",
                as_pictures=True,
                preprocessing=Preprocessing(resize=Resize.FIT),
            ),
            "--data a.npz --kind npz --preprocess resize=fit",
        ),
        (DataDescription(kind=SourceKind.WAV, path="w"), "--data w --kind wav"),
        (
            DataDescription(kind=SourceKind.WAV, path="w", sound=Sound(rate=16_000)),
            "--data w --kind wav --sound rate=16000",
        ),
        (
            DataDescription(kind=SourceKind.PYTHON, path="d.py", trusted="0"),
            "--data d.py --kind python --trust-python",
        ),
    ],
)
def test_that_data_is_named_with_all_that_decides_on_it(data: DataDescription, words: str) -> None:
    assert " ".join(data_words(data)) == words


def test_that_every_choice_of_preparation_has_its_option() -> None:
    every = PreparationChoices(**dict.fromkeys(CHOICES, True))
    assert set(preparation_words(every)) == {f"--{key.replace('_', '-')}" for key in CHOICES}
    assert preparation_words(PreparationChoices()) == ()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            PlanSettings(),
            "--target onnxruntime --scheme minmax --word-length 8 --bias-word-length 32",
        ),
        (
            PlanSettings(scheme=Scheme.ENTROPY).with_target("tensorrt"),
            "--target tensorrt --scheme entropy --word-length 8",
        ),
        (
            PlanSettings(weight_rounding=WeightRounding.COMPENSATED, correct_bias=True)
            .with_target("fixed-point")
            .with_word_length(16)
            .with_weight_word_length(4)
            .with_switch("unsigned", True)
            .with_switch("integer_ports", True)
            .with_layer_quantized("relu", False)
            .with_layer_wide("conv", True)
            .with_only_operators(frozenset({"Relu", "Conv"})),
            (
                "--target fixed-point --scheme minmax --word-length 16 --weight-word-length 4 "
                "--bias-word-length 8 --only-operators Conv Relu --float-layers relu "
                "--wide-layers conv --round-weights compensated --correct-bias --integer-ports "
                "--unsigned"
            ),
        ),
        (PlanSettings().pin(("c",), FixedPoint(8, 3)), f"--recipe {RECIPE}"),
    ],
)
def test_that_settings_are_spelled_as_options(settings: PlanSettings, words: str) -> None:
    assert " ".join(settings_words(settings, NETWORK)) == words


def test_that_a_validation_of_the_types_at_hand_is_repeated_too() -> None:
    run = RecordedValidation(validation=validation_of(), names=("8 bits",), when="2026-11-27")
    record = Record(
        model="/models/net.onnx", network=NETWORK, settings=PlanSettings(), validations=(run,)
    )
    last = commands(record, small_calibration())[-1]
    assert last[:4] == ("quantscope", "validate", "/models/net.onnx", "net-quantized.onnx")
    assert last[4:] == validation_words(run.validation.request)
    for other in (
        replace(run, is_stale=True),
        replace(run, names=(), validation=replace(run.validation, variants=())),
    ):
        assert commands(replace(record, validations=(other, run)), small_calibration())[-1][1] == (
            "quantize"
        )


DATA = DataDescription(kind=SourceKind.NPZ, path="/held/out.npz")
SCRIPT = DataDescription(kind=SourceKind.PYTHON, path="/held/out.py")
BOXES = DetectorForm(
    boxes="b",
    scores="s",
    classes="c",
    box_format=BoxFormat.CXCYWH,
    coordinates=Coordinates.PIXELS,
    background=True,
    least_score=0.25,
    suppress=0.5,
)
BRIEF_FORM = (
    "--boxes b --scores s --box-format xyxy --coordinates fraction --least-score 0.0 --suppress 1.0"
)
WHOLE_FORM = (
    "--boxes b --scores s --classes c --box-format cxcywh --coordinates pixels --background"
    " --least-score 0.25 --suppress 0.5"
)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"labels": "l.csv"}, "--labels l.csv"),
        ({"metrics": ("top1", "sqnr")}, "--metrics top1 sqnr"),
        ({"output": "y"}, "--output y"),
        ({"custom": "m.py"}, "--custom m.py --trust-python"),
        ({"detector": DetectorForm(boxes="b", scores="s")}, BRIEF_FORM),
        ({"detector": BOXES}, WHOLE_FORM),
    ],
)
def test_that_a_validation_is_asked_for_in_full(changes: dict, words: str) -> None:
    request = ValidationRequest(data=DATA, **changes)
    assert " ".join(validation_words(request)) == " ".join([*data_words(DATA), *words.split()])


def test_that_sources_that_are_judged_together_are_named_together() -> None:
    other = replace(DATA, path="/other.npz")
    request = ValidationRequest(data=replace(DATA, added=(other,)))
    assert validation_words(request) == (*data_words(DATA), "--more-data", "/other.npz")
    for added, last in ((other, "validate"), (replace(other, samples=3), "quantize")):
        found = replace(
            validation_of(), request=replace(request, data=replace(DATA, added=(added,)))
        )
        run = RecordedValidation(validation=found, names=("8 bits",), when="2026-11-27")
        record = Record(model="n", network=NETWORK, settings=PlanSettings(), validations=(run,))
        assert commands(record, small_calibration())[-1][1] == last


def test_that_one_agreement_is_for_data_and_metrics() -> None:
    words = validation_words(ValidationRequest(data=SCRIPT, custom="m.py"))
    assert words.count("--trust-python") == 1
