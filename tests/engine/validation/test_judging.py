"""A validation of the demo, held against a few lines of onnxruntime and numpy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from quantscope.bundled import demo_folder
from quantscope.core.data.description import (
    DataDescription,
    Preprocessing,
    SourceKind,
    content_hash,
)
from quantscope.core.errors import QuantscopeError
from quantscope.core.findings.validation import Validation, ValidationRequest
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.export import saturation
from tests.engine import exports, models

DEMO = demo_folder() / "demo.onnx"
SAMPLES = 60
ON_THIS_MACHINE = saturation.products_saturate
CHAIN = Preprocessing(scale=1 / 255)


def data(folder: str, samples: int | None = SAMPLES) -> DataDescription:
    return DataDescription(
        kind=SourceKind.IMAGES,
        path=str(demo_folder() / folder),
        preprocessing=CHAIN,
        samples=samples,
    )


@pytest.fixture(scope="module")
def quantized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo in rough fixed-point types, so that answers differ."""
    path = tmp_path_factory.mktemp("quantized") / "demo-int8.onnx"
    steps = tasks.calibrate(str(DEMO), data("calibration", 20), False, lambda: False)
    calibration, _ = exports.finish(steps)
    settings = PlanSettings(target="fixed-point", bias_word_length=8)
    export = tasks.export(str(DEMO), calibration, settings, str(path), 2, False, lambda: False)
    exports.finish(export)
    return path


def validated(quantized: Path, **changes: object) -> Validation:
    request = ValidationRequest(**({"data": data("validation")} | changes))
    steps = tasks.validate(str(DEMO), [str(quantized)], request, lambda: False)
    found = exports.finish(steps)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def found(quantized: Path) -> Validation:
    return validated(quantized)


def answers(path: Path, names: list[str]) -> list[int]:
    session = exports.session(path)
    port = session.get_inputs()[0].name
    result = []
    for name in names:
        picture = np.asarray(Image.open(demo_folder() / "validation" / name), np.float32) / 255
        feed = {port: picture.transpose(2, 0, 1)[np.newaxis]}
        result.append(int(session.run(None, feed)[0].argmax()))
    return result


def names_and_labels() -> tuple[list[str], list[int]]:
    """The first pictures of each class, as a limit takes them."""
    folder = demo_folder() / "validation"
    classes = sorted(each.name for each in folder.iterdir() if each.is_dir())
    names, labels = [], []
    for number, kind in enumerate(classes):
        pictures = sorted(each.name for each in (folder / kind).iterdir())
        names += [f"{kind}/{each}" for each in pictures[: SAMPLES // len(classes)]]
        labels += [number] * (SAMPLES // len(classes))
    return names, labels


def test_that_top_1_and_disagreements_are_those_of_a_few_lines(
    found: Validation, quantized: Path
) -> None:
    names, labels = names_and_labels()
    exact, rounded = answers(DEMO, names), answers(quantized, names)
    top1 = next(each for each in found.figures if each.metric == "top1")
    assert top1.value == pytest.approx(np.mean(np.equal(exact, labels)))
    (variant,) = found.variants
    figures = {each.metric: each for each in variant.figures}
    assert figures["top1"].value == pytest.approx(np.mean(np.equal(rounded, labels)))
    assert figures["top1"].exact == top1.value
    assert figures["agreement"].value == pytest.approx(np.mean(np.equal(exact, rounded)))
    differing = [n for n, a, b in zip(names, exact, rounded, strict=True) if a != b]
    assert differing  # or this test shows nothing
    assert [each.sample for each in variant.disagreements] == differing
    matrix = np.zeros((10, 10), int)
    np.add.at(matrix, (labels, rounded), 1)
    assert variant.confusion == tuple(map(tuple, matrix.tolist()))
    assert len(found.class_names) == 10
    assert found.samples == SAMPLES


def test_that_memory_is_what_lies_in_the_files(found: Validation, quantized: Path) -> None:
    for costs, path in ((found.exact, DEMO), (found.variants[0].costs, quantized)):
        graph = onnx.load(path).graph
        grids = {
            name
            for node in graph.node
            if node.op_type in ("QuantizeLinear", "DequantizeLinear")
            for name in node.input[1:]
        }
        values = {t.name: t for t in graph.initializer}
        values |= {n.output[0]: n.attribute[0].t for n in graph.node if n.op_type == "Constant"}
        arrays = [numpy_helper.to_array(t) for name, t in values.items() if name not in grids]
        counted = sum(each.nbytes for each in arrays if each.dtype != np.int64)
        assert costs.parameter_bytes == counted
        assert costs.file_bytes == path.stat().st_size
    assert found.exact.parameter_bytes > 3 * found.variants[0].costs.parameter_bytes


def test_that_kernels_and_times_are_told(found: Validation) -> None:
    (variant,) = found.variants
    assert found.exact.integer_operators == 0
    assert sum(count for name, count in found.exact.float_operators if "Conv" in name) > 5
    assert variant.costs.integer_operators >= 10
    assert not any("Conv" in name for name, _ in variant.costs.float_operators)
    for costs in (found.exact, variant.costs):
        assert costs.latency_ms is not None
        assert costs.latency_ms > 0.0


def test_that_float_alone_can_be_validated() -> None:
    request = ValidationRequest(data=data("validation", 10), metrics=("top1",))
    found = exports.finish(tasks.validate(str(DEMO), [], request, lambda: False))
    assert found is not None
    assert [each.metric for each in found.figures] == ["top1"]
    assert found.variants == ()
    assert found.warnings == ()


def test_that_wrong_labels_look_like_chance_and_are_a_warning(tmp_path: Path) -> None:
    names, labels = names_and_labels()
    table = tmp_path / "labels.csv"
    rows = [f"{name},{(label + 1) % 10}" for name, label in zip(names, labels, strict=True)]
    table.write_text("\n".join(rows), encoding="utf-8")
    request = ValidationRequest(data=data("validation"), labels=str(table))
    found = exports.finish(tasks.validate(str(DEMO), [], request, lambda: False))
    assert found is not None
    assert "guessing among 10 classes reaches too" in found.warnings[0]
    rows[3:5] = [f"{names[3]},10", f"{names[4]},-1"]
    table.write_text("\n".join(rows), encoding="utf-8")
    found = exports.finish(tasks.validate(str(DEMO), [], request, lambda: False))
    assert found is not None
    of_all = f"2 of {len(names)} labels are no class of the network, which has 0 to 9"
    assert found.warnings[1] == f"{of_all}, and count as wrong: the first is 10 of {names[3]}"


def test_that_results_which_saturate_by_default_are_told(
    quantized: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saturates_here = ON_THIS_MACHINE()
    monkeypatch.setattr(saturation, "products_saturate", lambda: True)
    told = [text for text in validated(quantized).warnings if "VNNI" in text]
    assert len(told) == int(saturates_here)
    assert not told or told[0].startswith("demo-int8.onnx: ")


def test_that_noise_is_marked(quantized: Path) -> None:
    noise = DataDescription(kind=SourceKind.RANDOM, samples=3)
    found = validated(quantized, data=noise)
    assert found.random_data
    assert [each.metric for each in found.variants[0].figures] == ["agreement", "cosine", "sqnr"]
    assert "noise" in found.warnings[-1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"output": "nowhere"}, "no output `nowhere`"),
        ({"metrics": ("best",)}, "no metric `best`"),
        ({"metrics": ("miou",)}, "needs a label of the kind class map"),
        ({"custom": "missing.py"}, "can't be read"),
    ],
)
def test_that_what_does_not_fit_is_a_sentence(
    quantized: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(QuantscopeError, match=words):
        validated(quantized, **changes)


def test_that_a_file_of_another_network_is_a_sentence(tmp_path: Path) -> None:
    other = models.save(models.residual_net(), tmp_path, "other.onnx")
    with pytest.raises(QuantscopeError, match="those of the float network are"):
        validated(other)


def custom(folder: Path, text: str) -> tuple[str, str]:
    path = folder / "metrics.py"
    path.write_text(text, encoding="utf-8")
    return str(path), content_hash(path.read_bytes())


def test_that_metrics_of_ones_own_see_all_outputs_and_labels(
    quantized: Path, tmp_path: Path
) -> None:
    path, agreed = custom(
        tmp_path,
        "import numpy as np\n"
        "def errors(outputs, labels):\n"
        "    named = [next(iter(each.values())).argmax() for each in outputs]\n"
        "    return sum(a != b for a, b in zip(named, labels))\n"
        "def count(outputs, labels):\n"
        "    return len(outputs)\n"
        "def helper(other):\n"
        "    return 0\n",
    )
    trusting = replace(data("validation"), trusted=agreed)
    found = validated(quantized, data=trusting, custom=path, metrics=("top1",))
    figures = {each.metric: each for each in found.variants[0].figures}
    assert list(figures) == ["top1", "errors", "count"]
    wrong = SAMPLES * (1 - figures["top1"].value)
    assert figures["errors"].value == pytest.approx(wrong)
    assert figures["errors"].difference is not None
    assert figures["count"].value == SAMPLES
    assert found.request.data.trusted == ""
    with pytest.raises(QuantscopeError, match="nobody has agreed"):
        validated(quantized, custom=path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "the file has no metric"),
        ("def m(outputs, labels):\n    return 1 / 0\n", r"m\(\) raised ZeroDivisionError"),
        ("def m(outputs, labels):\n    return 'good'\n", r"m\(\) returned 'good', not a number"),
    ],
)
def test_that_a_metric_that_fails_is_a_sentence(
    quantized: Path, tmp_path: Path, text: str, words: str
) -> None:
    path, agreed = custom(tmp_path, text)
    trusting = replace(data("validation", 4), trusted=agreed)
    with pytest.raises(QuantscopeError, match=words):
        validated(quantized, data=trusting, custom=path)


def test_that_it_stops_when_asked(quantized: Path) -> None:
    request = ValidationRequest(data=data("validation"))
    steps = tasks.validate(str(DEMO), [str(quantized)], request, lambda: True)
    assert next(steps).done == 1
    assert exports.finish(steps) is None


def test_that_a_fixed_batch_is_split_into_its_samples(tmp_path: Path) -> None:
    model = models.residual_net()
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 4
    path = models.save(model, tmp_path, "batch.onnx")
    alone = models.save(models.residual_net(), tmp_path, "one.onnx")
    noise = DataDescription(kind=SourceKind.RANDOM, samples=6)

    def figures(file: Path) -> list[float]:
        request = ValidationRequest(data=noise)
        steps = tasks.validate(str(file), [str(file)], request, lambda: False)
        found = exports.finish(steps)
        assert found is not None
        assert found.samples == 6
        return [each.value for each in found.variants[0].figures]

    assert figures(path) == pytest.approx(figures(alone), nan_ok=True)
