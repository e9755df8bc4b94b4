"""The hard network collapses with plain power-of-two types, and recovery brings it back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from quantscope.bundled import demo_folder
from quantscope.core.counting.channels import channel_bits
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.network import Role
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.preparing import prepare
from quantscope.engine.sources.opening import open_source
from tests.engine import exports
from tests.engine.exports import Array
from tests.engine.uneven import EQUALIZED

HARD = Path(__file__).parents[2] / "resources" / "hard" / "hard.onnx"
PLAIN = PlanSettings(target="fixed-point", bias_word_length=8)
CORRECTED = replace(PLAIN, correct_bias=True)
SAMPLES = 100  # to calibrate with


def pictures(folder: str, samples: int | None = None) -> DataDescription:
    path = str(demo_folder() / folder)
    return DataDescription(kind=SourceKind.IMAGES, path=path, samples=samples)


@pytest.fixture(scope="module")
def labelled() -> tuple[Array, npt.NDArray[np.int64]]:
    """All 500 validation pictures in one batch, and their classes."""
    source = open_source(pictures("validation"), tasks.describe(str(HARD)).inputs)
    stacked = np.concatenate([sample["image"] for sample in source])
    return stacked, np.asarray(source.labels)


def top1(model: Path, labelled: tuple[Array, npt.NDArray[np.int64]]) -> float:
    """The share of pictures whose class has the highest score, in percent."""
    images, labels = labelled
    scores = exports.run(model, {"image": images})["scores"]
    return 100.0 * float((scores.argmax(axis=1) == labels).mean())


def exported(choices: PreparationChoices, settings: PlanSettings, folder: Path) -> Path:
    """The quantized network, calibrated on pictures of its own."""
    data, output = pictures("calibration", SAMPLES), folder / "quantized.onnx"
    steps = tasks.calibrate(str(HARD), data, False, lambda: False, choices)
    calibration, _ = exports.finish(steps)
    exports.finish(
        tasks.export(
            str(HARD), calibration, settings, str(output), 4, False, lambda: False, choices
        )
    )
    return output


def test_that_it_collapses_with_plain_power_of_two_types(
    labelled: tuple[Array, npt.NDArray[np.int64]], tmp_path: Path
) -> None:
    assert top1(HARD, labelled) >= 95.0
    assert top1(exported(PreparationChoices(), PLAIN, tmp_path), labelled) < 60.0


def test_that_equalizing_and_corrected_biases_bring_it_within_a_point_of_float(
    labelled: tuple[Array, npt.NDArray[np.int64]], tmp_path: Path
) -> None:
    recovered = exported(EQUALIZED, CORRECTED, tmp_path)
    assert top1(recovered, labelled) >= top1(HARD, labelled) - 1.0


def test_that_channels_differ_by_a_hundred_and_equalizing_mends_it() -> None:
    spreads = []
    for choices in (PreparationChoices(), EQUALIZED):
        ready = prepare(open_model(HARD), choices)
        found = [
            channel_bits(values, 0)
            for name, values in ready.parameters.items()
            if ready.network.tensors[name].role is Role.WEIGHTS and "depthwise" in name
        ]
        assert len(found) == 5
        spreads.append([each.largest.max() / each.largest.min() for each in found])
    assert min(spreads[0]) >= 100.0
    assert max(spreads[1]) < min(spreads[0])
