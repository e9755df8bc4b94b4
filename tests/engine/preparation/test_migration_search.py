"""Divisors found on calibration data, kept with the statistics, and written into the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription
from quantscope.core.events import Progress
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.migration_search import STAGE, find_migration
from quantscope.engine.preparation.preparing import prepare
from quantscope.engine.sources.opening import open_source
from quantscope.session.calibration_file import read_calibration, write_calibration
from tests.engine import exports, models
from tests.engine.outliers import MIGRATED, PLANTED, data_of, sqnr, with_outliers

Array = npt.NDArray[Any]
PRODUCTS = PlanSettings(only_operators=frozenset({"MatMul"}))
PLAIN = PreparationChoices()


def never() -> bool:
    return False


@dataclass(frozen=True)
class Block:
    """A transformer block with planted outliers, on disk, and data for it."""

    proto: onnx.ModelProto
    path: str
    data: DataDescription

    def calibrated(self, choices: PreparationChoices) -> Calibration:
        calibration: Calibration
        calibration, _ = exports.finish(
            tasks.calibrate(self.path, self.data, False, never, choices)
        )
        return calibration

    def outputs(self, model: bytes | Path) -> list[Array]:
        """For samples that calibration did not see."""
        feeds = models.samples(self.proto, 20, seed=5)
        return [exports.run(model, feed)["norm2"] for feed in feeds]


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> Block:
    folder = tmp_path_factory.mktemp("block")
    proto = with_outliers(models.transformer_block())
    path = models.save(proto, folder)
    return Block(proto, str(path), data_of(proto, folder / "data"))


def test_that_divisors_come_back_from_the_file_and_give_a_more_accurate_model(
    block: Block, tmp_path: Path
) -> None:
    true = block.outputs(block.proto.SerializeToString())
    found = {}
    for name, choices in (("plain", PLAIN), ("migrated", MIGRATED)):
        calibration = block.calibrated(choices)
        write_calibration(tmp_path / f"{name}.npz", calibration)
        kept = read_calibration(tmp_path / f"{name}.npz")
        assert kept.migration == calibration.migration
        assert bool(kept.migration) == choices.migrate
        output = tmp_path / f"{name}.onnx"
        report = exports.finish(
            tasks.export(block.path, kept, PRODUCTS, str(output), 4, False, never, choices)
        )
        assert {each.integer for each in report.kernels} == {True}
        found[name] = sqnr(block.outputs(output), true)
    assert found["migrated"] > found["plain"] + 6.0


def test_that_the_planted_channels_are_found(block: Block) -> None:
    migration = block.calibrated(MIGRATED).migration
    for name, (channel, _) in PLANTED.items():
        exponents = migration[name.removesuffix(".scale")]
        assert np.argmax(exponents) == channel
        assert exponents[channel] >= 2


def test_that_statistics_are_of_the_migrated_network(block: Block) -> None:
    plain, migrated = block.calibrated(PLAIN), block.calibrated(MIGRATED)
    assert migrated.fingerprint == f"{plain.fingerprint}+migrated"
    ends = [
        each.statistics[name].maximum
        for each, name in ((plain, "norm1"), (migrated, "norm1"), (migrated, "norm1_migrated"))
    ]
    assert ends[0] == ends[1]
    assert ends[1] is not None
    assert ends[2] is not None
    assert ends[2].value < ends[1].value / 2
    before, after = (each.statistics["up.weight"].values for each in (plain, migrated))
    assert before is not None
    assert after is not None
    factors = 2.0 ** np.array(migrated.migration["norm1"])
    np.testing.assert_array_equal(after, before * factors[:, None])


def test_that_the_search_gives_the_same_divisors_again(block: Block) -> None:
    assert block.calibrated(MIGRATED).migration == block.calibrated(MIGRATED).migration


def from_call(calls: int) -> Callable[[], bool]:
    """A stop that says yes from the ``calls``-th time on."""
    left = iter(range(calls))
    return lambda: next(left, None) is None


@pytest.mark.parametrize("calls", [0, 5, 26])
def test_that_it_stops_where_it_is_asked_to(block: Block, calls: int) -> None:
    plain = prepare(open_model(Path(block.path)))
    source = open_source(block.data, plain.network.inputs)
    assert exports.finish(find_migration(plain, source, from_call(calls))) is None
    steps = tasks.calibrate(block.path, block.data, False, from_call(calls), MIGRATED)
    calibration, finished = exports.finish(steps)
    assert (calibration.samples, calibration.migration, finished) == (0, {}, False)


def test_that_progress_counts_samples_and_activations(block: Block) -> None:
    plain = prepare(open_model(Path(block.path)))
    source = open_source(block.data, plain.network.inputs)
    steps = list(find_migration(plain, source, never))
    assert steps == [Progress(STAGE, done, 28) for done in range(28)]


def test_that_a_network_without_a_place_is_not_run(tmp_path: Path) -> None:
    model = models.residual_net()
    plain = prepare(open_model(models.save(model, tmp_path)))
    source = open_source(data_of(model, tmp_path / "data", 2), plain.network.inputs)
    steps = find_migration(plain, source, never)
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == {}
