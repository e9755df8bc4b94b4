"""A calibration comes back from its file bit for bit, and its arrays only when asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.data.description import DataDescription, Preprocessing, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.planning.prediction import PredictedError
from quantscope.core.planning.schemes import Candidate, Family, Scheme, TypeRequest
from quantscope.core.planning.settings import PlanSettings
from quantscope.session.archive import Archive
from quantscope.session.calibration_file import (
    read_calibration,
    reading_calibration,
    stored_at,
    write_calibration,
)
from quantscope.session.steps import finish
from tests.session.examples import RANDOM_DATA, small_calibration, small_network

FLOATS = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5),
    elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
)


def same_bits(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Equal shape, type and bytes: NaN payloads and the sign of zero count."""
    if one is None or other is None:
        return one is other
    same_kind = one.dtype == other.dtype and one.shape == other.shape
    return same_kind and one.tobytes() == other.tobytes()


def assert_same(one: TensorStatistics, other: TensorStatistics) -> None:
    assert same_bits(one.histogram.buckets, other.histogram.buckets)
    assert same_bits(one.histogram.counts, other.histogram.counts)
    assert (one.minimum, one.maximum) == (other.minimum, other.maximum)
    assert one.channel_axis == other.channel_axis
    assert same_bits(one.values, other.values)
    assert same_bits(one.near_one.counts, other.near_one.counts)
    assert (one.distinct is None) == (other.distinct is None)
    if one.distinct is not None and other.distinct is not None:
        assert same_bits(one.distinct.values, other.distinct.values)
        assert same_bits(one.distinct.counts, other.distinct.counts)


def calibration_of(statistics: dict[str, TensorStatistics]) -> Calibration:
    return Calibration(
        fingerprint="f00d",
        data=RANDOM_DATA,
        samples=1,
        sample_names=("only",),
        statistics=statistics,
    )


def test_that_skipped_samples_come_back_and_an_agreement_does_not(tmp_path: Path) -> None:
    data = DataDescription(kind=SourceKind.PYTHON, path="data.py", trusted="f00d")
    kept = replace(small_calibration(data), skipped=("sample 3", "sample 9"))
    back = written(kept, tmp_path)
    assert back.skipped == ("sample 3", "sample 9")
    assert (back.data, back.data.trusted) == (data, "")
    assert stored_at(back) == tmp_path / "kept.npz"


def test_that_migrated_scales_come_back(tmp_path: Path) -> None:
    migration = {"norm": (0, -3, 10), "gelu": (1,)}
    kept = replace(small_calibration(RANDOM_DATA), migration=migration)
    assert written(kept, tmp_path).migration == migration


def written(calibration: Calibration, folder: Path) -> Calibration:
    path = folder / "kept.npz"
    write_calibration(path, calibration)
    return read_calibration(path)


@given(activations=st.lists(FLOATS, max_size=3), parameters=st.lists(FLOATS, max_size=3))
def test_that_all_statistics_come_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory,
    activations: list[np.ndarray],
    parameters: list[np.ndarray],
) -> None:
    statistics = {
        f"activation {i}": TensorStatistics.from_values(values, sample=0)
        for i, values in enumerate(activations)
    } | {
        f"parameter {i}": TensorStatistics.of_parameter(values, channel_axis=values.ndim - 1)
        for i, values in enumerate(parameters)
    }
    back = written(calibration_of(statistics), tmp_path_factory.mktemp("kept"))
    assert list(back.statistics) == list(statistics)
    for name, kept in statistics.items():
        assert_same(back.statistics[name], kept)


def test_that_tensors_without_values_and_with_single_values_come_back(tmp_path: Path) -> None:
    scalar = replace(
        TensorStatistics.of_parameter(np.float32(-0.0)), values=np.array(-0.0, np.float32)
    )
    statistics = {
        "empty": TensorStatistics.empty(),
        "only NaN": TensorStatistics.from_values([np.nan, np.inf, -np.inf], 0),
        "no channels": TensorStatistics.of_parameter(np.empty((0, 3), np.float32), 0),
        "scalar": scalar,
        "transposed": replace(scalar, values=np.arange(6, dtype=np.float32).reshape(2, 3).T),
    }
    back = written(calibration_of(statistics), tmp_path).statistics
    for name, kept in statistics.items():
        assert_same(back[name], kept)
    histogram = back["only NaN"].histogram
    assert (histogram.not_a_number, histogram.infinities, histogram.total) == (1, 2, 3)


def test_that_the_description_of_the_run_comes_back(tmp_path: Path) -> None:
    data = DataDescription(
        kind=SourceKind.IMAGES,
        path="/päth/with \N{SNOWMAN}",
        preprocessing=Preprocessing(mean=(0.1, 0.2), std=(0.3,)),
        samples=7,
    )
    kept = replace(small_calibration(data), sample_names=("ä/1.png", 'quote"'))
    back = written(kept, tmp_path)
    assert (back.fingerprint, back.data, back.samples) == (kept.fingerprint, data, 2)
    assert back.sample_names == kept.sample_names


def test_that_derived_types_of_every_kind_come_back(tmp_path: Path) -> None:
    fixed = TypeRequest(family=Family.FIXED_POINT, scheme=Scheme.MINMAX)
    scaled = TypeRequest(family=Family.SCALED, scheme=Scheme.HISTOGRAM, per_channel=True)
    error = PredictedError(3, 1.5, float("inf"), 0.25, 0.0)
    kept = calibration_of({"a": TensorStatistics.empty(), "b": TensorStatistics.empty()})
    kept.derived.update(
        {
            (("a",), fixed): Candidate(FixedPoint(16, -3, False, True), error),
            (("b", "a"), fixed): Candidate(Scaled(1 / 3, 7, 8, False), error),
            (("b",), scaled): Candidate(ChannelScaled((0.1, 1e-30), 1, 4, True, False), error),
        }
    )
    assert written(kept, tmp_path).derived == kept.derived


def test_that_the_plan_from_the_file_is_the_plan_before(tmp_path: Path) -> None:
    kept = small_calibration()
    back = written(kept, tmp_path)
    assert back.derived == kept.derived
    for settings in (PlanSettings(), PlanSettings().with_target("fixed-point")):
        assert back.plan(small_network(), settings) == kept.plan(small_network(), settings)


def test_that_the_same_calibration_makes_the_same_bytes(tmp_path: Path) -> None:
    write_calibration(tmp_path / "one.npz", small_calibration())
    back = read_calibration(tmp_path / "one.npz")
    write_calibration(tmp_path / "two.npz", back)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_that_numpy_alone_reads_the_arrays_without_pickle(tmp_path: Path) -> None:
    write_calibration(tmp_path / "a.npz", small_calibration())
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        arrays_by_name = {name: archive[name] for name in archive.files if name != "header.json"}
    assert arrays_by_name["buckets"].dtype == np.uint16
    assert arrays_by_name["values_1"].shape == (3, 2, 1, 1)


def test_that_values_are_read_when_their_tensor_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_calibration(tmp_path / "a.npz", small_calibration())
    read: list[str] = []
    original = Archive.reading
    monkeypatch.setattr(
        Archive, "reading", lambda self, name: (read.append(name), original(self, name))[1]
    )
    back = read_calibration(tmp_path / "a.npz")
    assert not any("values" in name or "counts" in name for name in read)
    back.statistics["c"]
    assert "counts.npy" in read
    assert not any(name.startswith("values_") for name in read)
    back.statistics["w"]
    back.statistics["w"]
    assert [name for name in read if name.startswith("values_")] == ["values_1.npy"]


def test_that_a_whole_calibration_is_read_in_steps_and_asks_the_file_no_more(
    tmp_path: Path,
) -> None:
    path, kept = tmp_path / "a.npz", small_calibration()
    write_calibration(path, kept)
    steps = reading_calibration(path)
    for _ in range(len(kept.statistics)):  # one for each tensor at the least
        next(steps)
    back = finish(steps)
    path.unlink()
    for name, statistics in kept.statistics.items():
        assert back.statistics[name].histogram == statistics.histogram
    assert back.derived == kept.derived


def test_that_a_file_that_was_written_again_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    kept = small_calibration()
    write_calibration(path, kept)
    back = read_calibration(path)
    write_calibration(path, replace(kept, sample_names=("a longer name", "than before")))
    assert_same(back.statistics["w"], kept.statistics["w"])


def test_that_values_replaced_by_others_are_refused_and_never_mixed_in(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_calibration(path, small_calibration())
    back = read_calibration(path)
    write_calibration(path, small_calibration(seed=1))
    with pytest.raises(QuantscopeError, match=r"a\.npz: .* was replaced by another"):
        back.statistics["w"]


def test_that_a_file_that_is_gone_is_a_sentence_when_its_values_are_asked_for(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.npz"
    write_calibration(path, small_calibration())
    back = read_calibration(path)
    path.unlink()
    with pytest.raises(QuantscopeError, match=r"a\.npz: cannot be read"):
        back.statistics["w"]


def test_that_a_calibration_says_in_which_file_it_is(tmp_path: Path) -> None:
    kept = small_calibration()
    assert stored_at(kept) is None
    back = written(kept, tmp_path)
    assert stored_at(back) == tmp_path / "kept.npz"
    moved = replace(back, data=DataDescription(kind=SourceKind.IMAGES, path="/moved"))
    assert stored_at(moved) is None


def test_that_looking_for_an_unknown_tensor_is_a_key_error(tmp_path: Path) -> None:
    back = written(small_calibration(), tmp_path)
    assert "unknown" not in back.statistics
    assert len(back.statistics) == 5
    with pytest.raises(KeyError):
        back.statistics["unknown"]
