"""`Quantizer`: models, types and files from a script, as on the command line."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from PIL import Image

from quantscope import FixedPoint, Quantizer, QuantscopeError, open_model, open_session
from quantscope.cli import main
from tests.engine.models import Builder, save

Floats = npt.NDArray[np.float32]


# ---- models


def test_that_a_model_is_described_as_it_will_be_quantized(model: Path) -> None:
    network = open_model(model)
    assert network == Quantizer(model).network
    assert [each.name for each in network.inputs] == ["x"]
    assert {each.operator for each in network.layers} >= {"Conv", "Gemm", "Concat"}


def test_that_a_chosen_preparation_makes_another_network(model: Path, samples: Floats) -> None:
    plain, equalized = Quantizer(model), Quantizer(model, prepare=["equalize"])
    assert plain.network.fingerprint != equalized.network.fingerprint
    assert open_model(model, prepare=["equalize"]) == equalized.network
    equalized.calibrate(samples)
    assert equalized.calibration.fingerprint == equalized.network.fingerprint


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda model: open_model(model.parent / "none.onnx"), "none.onnx"),
        (lambda model: Quantizer(model, prepare=["equalise"]), "Did you mean equalize"),
        (lambda model: Quantizer(model, target="fixedpoint"), "Did you mean fixed-point"),
        (lambda model: Quantizer(model, word_length=5), "does not take 5 bits"),
        (lambda model: Quantizer(model, words=8), 'there is no setting "words"'),
        (lambda model: Quantizer(model, float_layers=["conv9"]), 'there is no layer "conv9"'),
        (open_session, "net.onnx"),
    ],
)
def test_that_what_there_is_not_is_one_sentence(model: Path, make: Any, words: str) -> None:
    with pytest.raises(QuantscopeError, match=words) as caught:
        make(model)
    problem = caught.value.problem
    assert problem.what and problem.where and problem.remedy
    assert "\n" not in problem.sentence()


# ---- data


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "picture"}, 'there is no kind of data "picture"'),
        ({"preprocess": "imagnet"}, '"imagnet" is not a preset'),
        ({"samples": 1.5}, "1.5 is no whole number"),
        ({"seed": -1}, "-1 is no whole number"),
        ({"stop_when_stable": "soon"}, "'soon' is no whole number"),
        ({"smaples": 3}, "Did you mean samples"),
    ],
)
def test_that_options_that_there_are_not_are_one_sentence(
    model: Path, options: Any, words: str
) -> None:
    with pytest.raises(QuantscopeError, match=words):
        Quantizer(model).calibrate("random", **options)


def test_that_an_end_at_rest_is_an_option_only_of_calibrating(calibrated: Quantizer) -> None:
    stable: Any = {"stop_when_stable": 3}
    for asked in (calibrated.check_data, calibrated.forecast, calibrated.validate):
        with pytest.raises(QuantscopeError, match="stop_when_stable"):
            asked("random", **stable)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros((2, 3, 8, 8), np.float32), "3x8x8"),
        ([np.full((1, 3, 16, 16), "a")], "not an array of numbers"),
        ([], "there are no samples"),
        ({"y": np.zeros((1, 3, 16, 16), np.float32)}, "x"),
        ("nowhere", "nowhere"),
    ],
)
def test_that_data_that_does_not_fit_is_one_sentence(model: Path, given: Any, words: str) -> None:
    with pytest.raises(QuantscopeError, match=words) as caught:
        Quantizer(model).calibrate(given)
    assert "quantscope-" not in str(caught.value)  # no file that the script knows nothing of


def test_that_a_sample_of_one_array_is_refused_where_there_are_several_inputs(
    tmp_path: Path,
) -> None:
    builder = Builder(1)
    builder.node(
        "Relu", [builder.conv(builder.node("Add", ["x", "y"], "sum"), "conv", (3, 4))], "z"
    )
    shape = (1, 3, 8, 8)
    made = builder.model({"x": shape, "y": shape}, {"z": (1, 4, 8, 8)})
    quantizer = Quantizer(save(made, tmp_path))
    ones = np.ones(shape, np.float32)
    with pytest.raises(QuantscopeError, match="has 2 inputs and a sample is one array"):
        quantizer.calibrate([ones])
    quantizer.calibrate([{"x": ones, "y": ones}])
    assert quantizer.calibration.samples == 1


def test_that_samples_are_kept_where_they_are_wanted(
    model: Path, samples: Floats, tmp_path: Path
) -> None:
    quantizer = Quantizer(model)
    quantizer.calibrate(samples, keep_in=tmp_path / "samples")
    path = quantizer.save(tmp_path / "net.qscope")
    del quantizer
    assert open_session(path).quantize(tmp_path / "net.onnx").samples == len(samples)
    with pytest.raises(QuantscopeError, match="folder for the samples is not empty"):
        Quantizer(model).calibrate(samples, keep_in=tmp_path / "samples")


def test_that_a_dry_run_tells_what_goes_in(model: Path) -> None:
    check = Quantizer(model).check_data("random", samples=7, seed=3)
    assert (check.samples, check.shapes) == (7, (("x", (1, 3, 16, 16), "float32"),))


# ---- types


def test_that_predictions_are_of_settings_that_nobody_has_chosen(calibrated: Quantizer) -> None:
    before = calibrated.settings
    narrow, wide = (calibrated.predict(word_length=bits) for bits in (8, 16))
    assert list(narrow) == list(wide)
    judged = [name for name, each in narrow.items() if each.sqnr_db is not None]
    assert len(judged) > 10
    assert all(narrow[name].sqnr_db <= wide[name].sqnr_db for name in judged)  # type: ignore[operator]
    assert calibrated.settings == before


def test_that_a_prediction_is_that_of_the_values(calibrated: Quantizer, samples: Floats) -> None:
    calibrated.configure(target="fixed-point")
    found = calibrated.predict()["x"]
    assert isinstance(found.data_type, FixedPoint)
    error = found.data_type.cast(samples) - samples
    wanted = 10 * np.log10((samples.astype(np.float64) ** 2).sum() / (error**2).sum())
    assert found.sqnr_db == pytest.approx(wanted, abs=0.1)


def test_that_a_pinned_type_holds_for_all_that_share_it(calibrated: Quantizer) -> None:
    calibrated.configure(target="fixed-point")
    before = calibrated.plan().types
    calibrated.pin("relu3", FixedPoint(8, 2))
    after = calibrated.plan().types
    changed = {name for name in before if before[name] != after[name]}
    assert changed >= {"relu3", "relu4", "concat"}
    assert {after[name] for name in changed} == {FixedPoint(8, 2)}
    calibrated.reset("concat")
    assert calibrated.plan().types == before
    with pytest.raises(QuantscopeError, match='there is no tensor "relu99"'):
        calibrated.pin("relu99", FixedPoint(8, 2))


def test_that_statistics_are_exact_counts(calibrated: Quantizer, samples: Floats) -> None:
    kept = calibrated.statistics["x"]
    assert kept.histogram.total == samples.size
    assert kept.maximum is not None and kept.maximum.value == samples.max()
    table = calibrated.ranges()
    row = table.tensors.index("x")
    wanted = np.floor(np.log2(samples[samples > 0])).astype(int)
    for bit, counted in zip(table.bits, table.counts[row], strict=True):
        assert counted == (wanted == bit).sum()


# ---- files


def test_that_the_file_is_the_command_lines_byte_for_byte(
    model: Path, samples: Floats, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", samples)
    quantizer = Quantizer(model, target="onnxruntime", scheme="entropy")
    quantizer.calibrate(tmp_path / "x.npy")
    quantizer.quantize(tmp_path / "a.onnx")
    asked = ["--data", str(tmp_path / "x.npy"), "--scheme", "entropy", "--target", "onnxruntime"]
    assert main(["quantize", str(model), *asked, "-o", str(tmp_path / "b.onnx")]) == 0
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    onnx.checker.check_model(onnx.load(tmp_path / "a.onnx"), full_check=True)


def test_that_a_session_opens_to_what_was_saved(calibrated: Quantizer, tmp_path: Path) -> None:
    calibrated.configure(scheme="percentile")
    calibrated.pin("x", FixedPoint(8, 5))
    path = calibrated.save(tmp_path / "net.qscope")
    assert zipfile.is_zipfile(path)
    again = open_session(path)
    assert again.settings == calibrated.settings
    assert again.plan().types == calibrated.plan().types


def test_that_files_are_replaced_only_where_that_is_said(
    calibrated: Quantizer, tmp_path: Path
) -> None:
    writers: list[tuple[Any, str]] = [
        (calibrated.quantize, "net.onnx"),
        (calibrated.heat_map, "map.png"),
        (calibrated.heat_map, "map.svg"),
        (calibrated.report, "report.html"),
        (calibrated.write_statistics, "ranges.csv"),
        (calibrated.write_statistics, "ranges.json"),
        (calibrated.write_types, "types.json"),
        (calibrated.save, "net.qscope"),
    ]
    for write, name in writers:
        write(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 500
        with pytest.raises(QuantscopeError, match="exists"):
            write(tmp_path / name)
        write(tmp_path / name, overwrite=True)
    for write, name in writers:
        with pytest.raises(QuantscopeError, match="ending|name should end"):
            write(tmp_path / f"{name}.txt")


def test_that_tables_and_types_are_the_command_lines(calibrated: Quantizer, tmp_path: Path) -> None:
    session = str(calibrated.save(tmp_path / "net.qscope"))
    for ending in (".csv", ".json"):
        mine = calibrated.write_statistics(tmp_path / f"mine{ending}")
        theirs = tmp_path / f"theirs{ending}"
        assert main(["statistics", session, "-o", str(theirs)]) == 0
        assert mine.read_bytes() == theirs.read_bytes()
    for kind, ending in (("onnxruntime", ".json"), ("c-header", ".h"), ("recipe", ".json")):
        mine = calibrated.write_types(tmp_path / f"mine-{kind}{ending}", kind)
        theirs = tmp_path / f"theirs-{kind}{ending}"
        assert main(["types", session, "--format", kind, "-o", str(theirs)]) == 0
        assert mine.read_bytes() == theirs.read_bytes()
    with pytest.raises(QuantscopeError, match="Did you mean c-header"):
        calibrated.write_types(tmp_path / "a.h", "cheader")


def test_that_a_map_may_be_dark_and_logarithmic(calibrated: Quantizer, tmp_path: Path) -> None:
    plain = calibrated.heat_map(tmp_path / "a.png").read_bytes()
    assert calibrated.heat_map(tmp_path / "b.png", dark=True).read_bytes() != plain
    assert calibrated.heat_map(tmp_path / "c.png", log=True).read_bytes() != plain
    with Image.open(calibrated.heat_map(tmp_path / "d.png", width=640)) as image:
        assert image.width == 640


@pytest.mark.parametrize(
    "ask",
    [
        lambda quantizer: quantizer.calibration,
        lambda quantizer: quantizer.statistics,
        lambda quantizer: quantizer.ranges(),
        lambda quantizer: quantizer.convergence(),
        lambda quantizer: quantizer.plan(),
        lambda quantizer: quantizer.predict(),
        lambda quantizer: quantizer.quantize("never.onnx"),
        lambda quantizer: quantizer.heat_map("never.png"),
        lambda quantizer: quantizer.report("never.html"),
        lambda quantizer: quantizer.merge(quantizer),
    ],
)
def test_that_what_needs_statistics_asks_for_them(model: Path, ask: Any) -> None:
    with pytest.raises(QuantscopeError, match=r"Call calibrate\(\) first"):
        ask(Quantizer(model))
