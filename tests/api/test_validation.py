"""`Quantizer.validate`: its figures are those of a few lines, whatever data and labels come as."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from quantscope import QuantizationOptions, Quantizer, QuantscopeError, open_session
from quantscope.bundled import bundled_path, demo_folder
from quantscope.core.data.description import PRESETS
from quantscope.core.findings.validation import Figure, Validation
from tests.engine import exports

SAMPLES = 60
CLASSES = 10
Floats = npt.NDArray[np.float32]


def mean_score(outputs: Any, labels: Any) -> float:
    return float(np.mean([each["scores"].max() for each in outputs]))


@pytest.fixture(scope="module")
def demo() -> Quantizer:
    """The demo in rough types, so that answers differ."""
    quantizer = Quantizer(demo_folder() / "demo.onnx", target="fixed-point", bias_word_length=8)
    quantizer.calibrate(demo_folder() / "calibration", samples=20)
    return quantizer


@pytest.fixture(scope="module")
def found(demo: Quantizer) -> Validation:
    by = QuantizationOptions(metrics=["top1", "agreement", "cosine", "sqnr", mean_score])
    return demo.validate(demo_folder() / "validation", by, samples=SAMPLES)


@pytest.fixture(scope="module")
def pixels() -> tuple[Floats, list[int]]:
    """The first pictures of each class, as a limit takes them, and their classes."""
    folders = sorted(each for each in (demo_folder() / "validation").iterdir() if each.is_dir())
    taken = [sorted(each.iterdir())[: SAMPLES // CLASSES] for each in folders]
    pictures = [np.asarray(Image.open(path), np.float32) / 255 for own in taken for path in own]
    labels = [number for number, own in enumerate(taken) for _ in own]
    return np.stack(pictures).transpose(0, 3, 1, 2), labels


def answers(path: Path, pixels: Floats) -> Floats:
    session = exports.session(path)
    return np.concatenate([session.run(None, {"image": each[np.newaxis]})[0] for each in pixels])


def figures(found: Validation) -> list[Figure]:
    return list(found.quantized.figures)


def test_that_the_figures_are_those_of_a_few_lines(
    demo: Quantizer, found: Validation, pixels: tuple[Floats, list[int]], tmp_path: Path
) -> None:
    demo.quantize(tmp_path / "demo-int8.onnx")
    images, labels = pixels
    exact = answers(demo_folder() / "demo.onnx", images).astype(np.float64)
    rounded = answers(tmp_path / "demo-int8.onnx", images).astype(np.float64)
    right = [np.mean(each.argmax(axis=1) == labels) for each in (exact, rounded)]
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(rounded, axis=1)
    noise = ((rounded - exact) ** 2).sum()
    wanted = {
        "top1": right[1],
        "agreement": np.mean(exact.argmax(axis=1) == rounded.argmax(axis=1)),
        "cosine": np.mean((exact * rounded).sum(axis=1) / lengths),
        "sqnr": 10 * np.log10((exact**2).sum() / noise),
        "mean_score": rounded.max(axis=1).mean(),
    }
    got = {each.metric: each.value for each in figures(found)}
    assert got == pytest.approx(wanted)
    assert 0.5 < got["agreement"] < 1.0  # or this test shows little
    top1 = found.quantized.figure("top1")
    assert (top1.exact, found.figure("top1").value) == pytest.approx((right[0], right[0]))
    assert top1.difference == pytest.approx(right[1] - right[0])
    assert top1.interval is not None
    assert top1.interval[0] <= right[1] - right[0] <= top1.interval[1]
    own = found.quantized.figure("mean_score")
    assert own.exact == pytest.approx(exact.max(axis=1).mean())


def test_that_costs_are_those_of_the_file(demo: Quantizer, found: Validation) -> None:
    exact, costs = found.exact, found.quantized.costs
    assert exact.file_bytes == (demo_folder() / "demo.onnx").stat().st_size
    assert costs.parameter_bytes < exact.parameter_bytes / 3
    assert costs.integer_operators > 15 > exact.integer_operators == 0
    in_float = [dict(each.float_operators) for each in (exact, costs)]
    assert any("Conv" in name for name in in_float[0])
    assert not any("Conv" in name for name in in_float[1])
    assert exact.latency_ms is not None and costs.latency_ms is not None
    assert min(exact.latency_ms, costs.latency_ms) > 0.0


def test_that_samples_and_labels_may_be_in_memory(
    demo: Quantizer, found: Validation, pixels: tuple[Floats, list[int]]
) -> None:
    images, labels = pixels
    by = QuantizationOptions(metrics=["top1", "agreement", "cosine", "sqnr", mean_score])
    named = {f"row {number}": label for number, label in enumerate(np.array(labels))}
    for given in (labels, np.array(labels), np.array(labels)[:, np.newaxis], named):
        assert figures(demo.validate(images, by, labels=given)) == figures(found)
    one_by_one = demo.validate(({"image": each} for each in images), by, labels=labels)
    assert figures(one_by_one) == figures(found)


def test_that_labels_may_be_a_file(demo: Quantizer, found: Validation, tmp_path: Path) -> None:
    names = sorted(
        f"{each.parent.name}/{each.name}" for each in (demo_folder() / "validation").glob("*/*")
    )
    classes = sorted({each.partition("/")[0] for each in names})
    rows = [f"{each},{classes.index(each.partition('/')[0])}" for each in names]
    (tmp_path / "labels.csv").write_text("\n".join(["name,label", *rows]), encoding="utf-8")
    by = QuantizationOptions(metrics=["top1"])
    data = demo_folder() / "validation"
    again = demo.validate(data, by, labels=tmp_path / "labels.csv", samples=SAMPLES)
    assert figures(again) == [found.quantized.figure("top1")]


def test_that_numbers_are_judged_by_errors(
    calibrated: Quantizer, samples: Floats, tmp_path: Path
) -> None:
    targets = np.random.default_rng(5).random((len(samples), 5))
    by = QuantizationOptions(metrics=["rmse", "mae"])
    got = calibrated.validate(samples, by, labels=targets)
    session = exports.session(calibrated.quantize(tmp_path / "net.onnx").path)
    outputs = np.concatenate([session.run(None, {"x": each[np.newaxis]})[0] for each in samples])
    errors = outputs.astype(np.float64) - targets
    wanted = [np.sqrt((errors**2).mean()), np.abs(errors).mean()]
    assert [each.value for each in figures(got)] == pytest.approx(wanted)
    assert not got.quantized.figure("mae").higher_is_better


def test_that_all_that_the_labels_allow_is_judged_by_without_options(
    calibrated: Quantizer, samples: Floats
) -> None:
    plain = calibrated.validate(samples)
    assert [each.metric for each in figures(plain)] == ["agreement", "cosine", "sqnr"]
    labelled = calibrated.validate(samples, labels=[0, 1, 2, 3, 4, 0])
    names = ["top1", "agreement", "cosine", "sqnr"]
    assert [each.metric for each in figures(labelled)] == names
    assert np.array(labelled.quantized.confusion).sum() == len(samples)


# ---- what is judged


def test_that_the_float_network_is_judged_alone_before_calibration(
    model: Path, samples: Floats
) -> None:
    found = Quantizer(model).validate(samples, labels=[0] * len(samples))
    assert [each.metric for each in found.figures] == ["top1"]
    with pytest.raises(QuantscopeError, match="no quantized network was judged"):
        _ = found.quantized
    with pytest.raises(QuantscopeError, match='no figure of "sqnr"'):
        found.figure("sqnr")


def test_that_files_are_judged_after_the_types_at_hand(
    calibrated: Quantizer, samples: Floats, tmp_path: Path
) -> None:
    path = tmp_path / "net-int8.onnx"
    calibrated.quantize(path)
    same, file = calibrated.validate(samples, files=[path]).variants
    assert same.figures == file.figures
    calibrated.configure(word_length=16)
    wide, file = calibrated.validate(samples, files=path).variants
    assert wide.figure("sqnr").value > file.figure("sqnr").value + 20
    assert file.costs.path == str(path)


def test_that_data_is_prepared_as_the_calibration_data_was() -> None:
    quantizer = Quantizer(demo_folder() / "demo.onnx")
    data = demo_folder() / "calibration"
    quantizer.calibrate(data, samples=4, preprocess="-1-1")
    kept = quantizer.validate(data, samples=4).request.data.preprocessing
    assert kept == PRESETS["-1-1"] == quantizer.calibration.data.preprocessing
    said = quantizer.validate(data, samples=4, preprocess="0-1").request.data.preprocessing
    assert said == PRESETS["0-1"]


def test_that_what_is_found_stays_with_report_and_session(
    calibrated: Quantizer, samples: Floats, tmp_path: Path
) -> None:
    found = calibrated.validate(samples, labels=[0] * len(samples))
    page = calibrated.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Same answer as float" in page
    again = open_session(calibrated.save(tmp_path / "net.qscope"))
    assert "Same answer as float" in again.report(tmp_path / "again.html").read_text("utf-8")
    assert found.samples == len(samples)


# ---- metrics of one's own


def test_that_a_function_is_given_every_output_and_label(
    calibrated: Quantizer, samples: Floats, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[Any] = []

    def largest(outputs: Any, labels: Any) -> Any:
        given.append((outputs, labels))
        sys.stdout.write("asked\n")
        return np.float32(max(each["gemm"].max() for each in outputs))

    by = QuantizationOptions(metrics=[largest])
    found = calibrated.validate(samples, by, labels=range(len(samples)))
    (figure,) = figures(found)
    assert (figure.metric, figure.exact) == ("largest", found.figure("largest").value)
    (exact, labels), (rounded, _) = given
    assert labels == list(range(len(samples)))
    assert [each["gemm"].shape for each in exact] == [(1, 5)] * len(samples)
    assert figure.value == pytest.approx(max(each["gemm"].max() for each in rounded))
    assert figure.difference == pytest.approx(figure.value - found.figures[0].value)
    assert capsys.readouterr().out == "asked\n" * 2


def test_that_a_function_has_the_interval_of_a_built_in_metric_once_it_is_resampled(
    calibrated: Quantizer, samples: Floats
) -> None:
    def error(outputs: list[dict[str, Floats]], labels: list[Floats]) -> float:
        found = np.concatenate([each["gemm"] for each in outputs]).astype(np.float64)
        return float(np.sqrt(((found - np.stack(labels)) ** 2).mean()))

    def distinct(outputs: Any, labels: list[Floats]) -> float:
        if len({each.tobytes() for each in labels}) < len(labels):
            raise ValueError("a sample is there twice")
        return 0.0

    targets = np.random.default_rng(5).random((len(samples), 5))
    by = QuantizationOptions(metrics=["rmse", error, distinct], resamples=1000)
    found = calibrated.validate(samples, by, labels=targets).quantized
    wanted = found.figure("rmse").interval
    assert wanted is not None and wanted[0] < wanted[1]
    assert found.figure("error").interval == pytest.approx(wanted)
    assert found.figure("error").method == found.figure("rmse").method
    assert found.figure("distinct").interval is None
    by = QuantizationOptions(metrics=[error])
    plain = calibrated.validate(samples, by, labels=targets).quantized
    assert plain.figure("error").interval is None


def test_that_a_function_that_fails_is_one_sentence_with_its_line(
    calibrated: Quantizer, samples: Floats
) -> None:
    def broken(outputs: Any, labels: Any) -> float:
        raise KeyError("scores")

    def silent(outputs: Any, labels: Any) -> float:
        return None  # type: ignore[return-value]

    line = broken.__code__.co_firstlineno + 1
    with pytest.raises(QuantscopeError) as caught:
        calibrated.validate(samples, QuantizationOptions(metrics=[broken]))
    problem = caught.value.problem
    assert problem.what == f"broken() raised KeyError ('scores'), line {line}"
    assert problem.where == __file__
    with pytest.raises(QuantscopeError, match=r"silent\(\) returned None, not a number"):
        calibrated.validate(samples, QuantizationOptions(metrics=[silent]))


def test_that_a_file_of_metrics_runs_once_it_is_trusted(
    calibrated: Quantizer, samples: Floats
) -> None:
    path = bundled_path("examples/metrics.py")
    labels = [0, 1, 2, 3, 4, 0]
    by = QuantizationOptions(metrics=[path])
    with pytest.raises(QuantscopeError, match="nobody has agreed to run it"):
        calibrated.validate(samples, by, labels=labels)
    found = calibrated.validate(samples, by, labels=labels, trust_python=True)
    assert [each.metric for each in figures(found)] == ["mean_confidence", "log_loss"]
    assert found.request.data.trusted == ""


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        (["top2"], 'there is no metric "top2"'),
        ("top1", "not in a list"),
        (mean_score, "not in a list"),
        ([lambda outputs, labels: 0.0], "needs a name of its own"),
        ([mean_score, mean_score], 'another metric "mean_score"'),
        (["a.py", Path("b.py")], "several files of metrics"),
    ],
)
def test_that_metrics_that_there_are_not_are_one_sentence(metrics: Any, words: str) -> None:
    with pytest.raises(QuantscopeError, match=words):
        QuantizationOptions(metrics=metrics)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1], "2 entries for 6 samples"),
        (["cat", "dog"] * 3, "not an array of numbers"),
        ([[0], [0, 1]], "not an array of numbers"),
        ({"row 0": object()}, "neither numbers, names, arrays nor boxes"),
        ({"row 0": 1}, "the sample row 1 has no label"),
        ("nowhere.csv", "nothing at this path"),
    ],
)
def test_that_labels_that_do_not_fit_are_one_sentence(
    calibrated: Quantizer, samples: Floats, labels: Any, words: str
) -> None:
    with pytest.raises(QuantscopeError, match=words) as caught:
        calibrated.validate(samples, labels=labels)
    given = isinstance(labels, str)
    assert caught.value.problem.where == (str(Path(labels).absolute()) if given else "labels")


def test_that_resamples_are_a_whole_number() -> None:
    with pytest.raises(QuantscopeError, match="resamples: -1 is no whole number"):
        QuantizationOptions(metrics=[mean_score], resamples=-1)


def test_that_metrics_without_their_labels_are_one_sentence(
    calibrated: Quantizer, samples: Floats
) -> None:
    with pytest.raises(QuantscopeError, match="Top-1 needs a label"):
        calibrated.validate(samples, QuantizationOptions(metrics=["top1"]))
    by = QuantizationOptions(output="probabilities")
    with pytest.raises(QuantscopeError, match="no output `probabilities`"):
        calibrated.validate(samples, by)
