"""Samples counted in several runs give the file that one run over all gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.core.counting.calibration import Calibration, questions
from quantscope.core.counting.merging import merged
from quantscope.core.data.description import DataDescription, SourceKind, content_hash
from quantscope.core.data.joined import with_source
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine import tasks
from quantscope.session.calibration_file import read_calibration, write_calibration
from tests.engine import models
from tests.engine.exports import finish
from tests.engine.outliers import MIGRATED, data_of, with_outliers

PLAIN = PreparationChoices()


def never() -> bool:
    return False


class Desk:
    """A network on disk, and calibrations of it as the bytes of their files."""

    def __init__(self, folder: Path, proto: onnx.ModelProto, choices: PreparationChoices) -> None:
        self.folder = folder
        self.proto = proto
        self.model = str(models.save(proto, folder))
        self.choices = choices
        self._files = 0

    def rows(self, count: int, name: str, seed: int = 0) -> DataDescription:
        feeds = models.samples(self.proto, count, seed)
        np.save(self.folder / name, np.concatenate([feed["x"] for feed in feeds]))
        return DataDescription(kind=SourceKind.NPY, path=str(self.folder / name))

    def run(
        self,
        data: DataDescription,
        basis: Calibration | None = None,
        stop: Callable[[], bool] = never,
    ) -> Calibration:
        """Calibrate, write the file, read it again."""
        calibration, _ = finish(tasks.calibrate(self.model, data, False, stop, self.choices, basis))
        return self.kept(calibration)

    def kept(self, calibration: Calibration) -> Calibration:
        self._files += 1
        path = self.folder / f"{self._files}.npz"
        write_calibration(path, calibration)
        return read_calibration(path)

    def bytes_of(self, calibration: Calibration) -> bytes:
        path = self.folder / "compared.npz"
        write_calibration(path, calibration)
        return path.read_bytes()


def after(samples: int) -> Callable[[], bool]:
    """A stop that is asked once before each sample is begun."""
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > samples

    return stop


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, models.residual_net(), PLAIN)


def test_that_samples_added_later_give_the_file_of_all_at_once(desk: Desk) -> None:
    data = desk.rows(50, "x.npy")
    whole = desk.run(data)
    basis = desk.run(replace(data, samples=20))
    assert (basis.samples, basis.left) == (20, 0)
    middle = desk.run(replace(data, samples=33), basis)
    assert middle.samples == 33
    assert desk.bytes_of(desk.run(data, middle)) == desk.bytes_of(whole)
    assert desk.bytes_of(basis) != desk.bytes_of(whole)


@pytest.mark.parametrize("samples", [1, 7, 23])
def test_that_a_run_that_is_paused_and_resumed_gives_the_file_of_one_run(
    desk: Desk, samples: int
) -> None:
    data = desk.rows(24, "x.npy")
    paused = desk.run(data, stop=after(samples))
    assert (paused.samples, paused.left) == (samples, 24 - samples)
    resumed = desk.run(data, paused)
    assert (resumed.samples, resumed.left) == (24, 0)
    assert desk.bytes_of(resumed) == desk.bytes_of(desk.run(data))


def test_that_a_resumed_run_reads_no_sample_again(desk: Desk) -> None:
    data = desk.rows(12, "x.npy")
    paused = desk.run(data, stop=after(9))
    steps = tasks.calibrate(desk.model, data, False, never, PLAIN, paused)
    events = list(steps)
    counted = [each for each in events if isinstance(each, Progress)]
    assert (counted[0].stage, counted[0].done, counted[0].total) == ("calibration", 9, 12)
    live = [each for each in events if isinstance(each, LiveCounts)][-1]
    whole = desk.run(data)
    for name, counts in live.counts.items():
        expected = whole.statistics[name].histogram.most_significant_bits()
        np.testing.assert_array_equal(counts.table(), expected)


@pytest.mark.parametrize("first", ["a.npy", "b.npy"])
def test_that_another_source_added_later_gives_the_file_of_both_at_once(
    desk: Desk, first: str
) -> None:
    sources = {name: desk.rows(9, name, seed) for seed, name in enumerate(("a.npy", "b.npy"))}
    both = with_source(sources["a.npy"], sources["b.npy"])
    whole = desk.run(both)
    assert whole.sample_names[0] == "source 1: row 0"
    assert desk.bytes_of(desk.run(both, desk.run(sources[first]))) == desk.bytes_of(whole)


def test_that_merged_runs_give_the_file_of_all_at_once(desk: Desk) -> None:
    one, two = (desk.rows(9, name, seed) for seed, name in enumerate(("a.npy", "b.npy")))
    whole = desk.run(with_source(one, two))
    runs = [desk.run(one), desk.run(two)]
    network = tasks.describe(desk.model)
    for order in (runs, runs[::-1]):
        together = merged(*order)
        for question in questions(network):
            together.choose(*question)
        assert desk.bytes_of(together) == desk.bytes_of(whole)


def test_that_more_of_one_source_and_the_rest_of_another_go_on_together(desk: Desk) -> None:
    one, two = (desk.rows(12, name, seed) for seed, name in enumerate(("a.npy", "b.npy")))
    parts = [desk.run(one, stop=after(5)), desk.run(replace(two, samples=4))]
    both = with_source(one, two)
    paused = desk.run(both, desk.kept(merged(*parts)), after(9))
    assert paused.samples == 5 + 4 + 9
    resumed = desk.run(both, paused)
    assert desk.bytes_of(resumed) == desk.bytes_of(desk.run(both))


def test_that_class_folders_take_turns_so_that_a_limit_may_grow(tmp_path: Path, desk: Desk) -> None:
    rng = np.random.default_rng(0)
    for folder, count in (("a", 5), ("b", 9), ("c", 2)):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for number in range(count):
            feed = models.samples(desk.proto, 1, int(rng.integers(1_000)))[0]
            np.savez(tmp_path / "data" / folder / f"{number}.npz", x=feed["x"][0])
    data = DataDescription(kind=SourceKind.NPZ_FOLDER, path=str(tmp_path / "data"))
    for shuffle in (None, 3):
        ordered = replace(data, shuffle=shuffle)
        some = desk.run(replace(ordered, samples=7))
        assert {name[0] for name in some.sample_names[:3]} == set("abc")
        assert desk.bytes_of(desk.run(ordered, some)) == desk.bytes_of(desk.run(ordered))


@pytest.mark.parametrize("first", [1, 4, 6, 8])
def test_that_a_fixed_batch_gives_the_same_wherever_the_first_run_ended(
    tmp_path: Path, first: int
) -> None:
    proto = models.residual_net()
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 4
    desk = Desk(tmp_path, proto, PLAIN)
    data = desk.rows(3, "x.npy")  # three batches of four samples
    basis = desk.run(replace(data, samples=first))
    assert basis.samples == first
    assert desk.bytes_of(desk.run(data, basis)) == desk.bytes_of(desk.run(data))


def test_that_noise_goes_on_where_it_ended(desk: Desk) -> None:
    data = DataDescription(kind=SourceKind.RANDOM, seed=5, samples=10)
    basis = desk.run(replace(data, samples=4))
    assert desk.bytes_of(desk.run(data, basis)) == desk.bytes_of(desk.run(data))


def test_that_migrated_scales_are_those_of_all_samples(tmp_path: Path) -> None:
    proto = with_outliers(models.transformer_block())
    desk = Desk(tmp_path, proto, MIGRATED)
    data = data_of(proto, tmp_path / "data")
    whole = desk.run(data)
    few = desk.run(replace(data, samples=2))
    assert few.migration != whole.migration
    assert desk.bytes_of(desk.run(data, few)) == desk.bytes_of(whole)


# ---- coming to rest ------------------------------------------------------------------------------


def test_that_a_run_ends_once_that_many_samples_moved_no_exponent(desk: Desk) -> None:
    data = desk.rows(200, "x.npy")
    whole = desk.run(data)
    moves = sorted({at for s in whole.statistics.values() for at, _ in s.growth.exponents})
    ends = [n for n in range(8, 201, 8) if not any(n - 8 <= move < n for move in moves)]
    assert ends[0] < 200
    stable = desk.run(replace(data, stable_after=8))
    assert (stable.samples, stable.left) == (ends[0], 200 - ends[0])
    expected = desk.run(replace(data, samples=ends[0]))
    for name, kept in stable.statistics.items():
        assert kept.histogram == expected.statistics[name].histogram
    assert finish(tasks.calibrate(desk.model, replace(data, stable_after=8), False, never))[1]


def test_that_a_pause_does_not_change_where_a_run_comes_to_rest(desk: Desk) -> None:
    data = replace(desk.rows(200, "x.npy"), stable_after=8)
    paused = desk.run(data, stop=after(5))
    assert paused.samples == 5
    assert desk.bytes_of(desk.run(data, paused)) == desk.bytes_of(desk.run(data))


# ---- what is refused -----------------------------------------------------------------------------


def test_that_a_network_of_another_kind_does_not_go_on(desk: Desk, tmp_path: Path) -> None:
    data = desk.rows(4, "x.npy")
    other = replace(desk.run(data), fingerprint="another")
    with pytest.raises(QuantscopeError, match="another network or preparation"):
        desk.run(data, other)


def test_that_data_whose_first_samples_changed_does_not_go_on(desk: Desk) -> None:
    folder = desk.folder / "data"
    folder.mkdir()
    for number in (1, 2, 3):
        feed = models.samples(desk.proto, 1, number)[0]
        np.savez(folder / f"{number}.npz", x=feed["x"][0])
    data = DataDescription(kind=SourceKind.NPZ_FOLDER, path=str(folder))
    basis = desk.run(replace(data, samples=2))
    (folder / "1.npz").rename(folder / "0.npz")
    with pytest.raises(QuantscopeError, match="2 samples that were counted are not the first"):
        desk.run(data, basis)


def test_that_fewer_samples_than_were_counted_are_refused(desk: Desk) -> None:
    data = desk.rows(6, "x.npy")
    with pytest.raises(QuantscopeError, match="6 samples that were counted are not the first"):
        desk.run(replace(data, samples=3), desk.run(data))


def test_that_data_without_the_source_that_was_counted_is_refused(desk: Desk) -> None:
    basis = desk.run(desk.rows(4, "x.npy"))
    with pytest.raises(QuantscopeError, match=r"x\.npy: this source was counted"):
        desk.run(desk.rows(4, "y.npy"), basis)


def test_that_a_sample_can_not_come_from_two_sources(desk: Desk) -> None:
    data = desk.rows(4, "x.npy")
    twice = with_source(data, replace(data, shuffle=1))
    with pytest.raises(QuantscopeError, match="row . is in two of the sources"):
        desk.run(twice)


def test_that_python_files_of_both_sources_are_agreed_to_together(desk: Desk) -> None:
    sources = []
    for seed in (1, 2):
        path = desk.folder / f"{seed}.py"
        shape = models.samples(desk.proto, 1)[0]["x"].shape[1:]
        path.write_text(
            "import numpy as np\n"
            f"def samples():\n    r = np.random.default_rng({seed})\n"
            f"    for _ in range(3):\n        yield {{'x': r.normal(size={shape})"
            ".astype(np.float32)}\n"
        )
        sources.append(DataDescription(kind=SourceKind.PYTHON, path=str(path)))
    hashes = [content_hash(Path(each.path).read_bytes()) for each in sources]
    both = with_source(*sources)
    with pytest.raises(QuantscopeError, match="nobody has agreed"):
        desk.run(both)
    with pytest.raises(QuantscopeError, match=r"2\.py: the Python file has changed"):
        desk.run(replace(both, trusted=hashes[0]))
    found = desk.run(replace(both, trusted=" ".join(hashes)))
    assert found.samples == 6
    assert found.data.trusted == ""
