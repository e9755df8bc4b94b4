"""Every kind of calibration data is found, opened, read in order, and fitted to the inputs."""

import gc
import io
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper
from PIL import Image

from quantscope.core.data.description import DataDescription, Preprocessing, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import check_source, guess_source, open_source
from quantscope.engine.sources.samples import SampleSource

PICTURE = Port(name="image", dtype="float32", shape=("batch", 3, 4, 6))
ROW = Port(name="x", dtype="float32", shape=(1, 2, 3))
IDS = Port(name="ids", dtype="int64", shape=("batch", "length"))
MASK = Port(name="attention_mask", dtype="int64", shape=("batch", "length"))


def opened(kind: SourceKind, path: Path, *inputs: Port, samples: int | None = None) -> SampleSource:
    description = DataDescription(
        kind=kind, path=str(path), samples=samples, preprocessing=Preprocessing(scale=1.0)
    )
    return open_source(description, inputs)


def refusal(kind: SourceKind, path: Path, *inputs: Port, samples: int | None = None) -> str:
    """The sentence with which the first sample, or the whole source, is refused."""
    with pytest.raises(QuantscopeError) as caught:
        opened(kind, path, *inputs, samples=samples).sample(0)
    return str(caught.value)


def save_picture(path: Path, level: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 4), (level, level, level)).save(path)


def save_tensor(path: Path, values: np.ndarray, name: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(numpy_helper.from_array(values, name).SerializeToString())


# ---- order, limits, labels -----------------------------------------------------------------------


def test_that_samples_come_in_natural_order_of_their_relative_paths(tmp_path: Path) -> None:
    for name in ("b/1.png", "a/10.png", "a/9.png", "a/2/7.png"):
        save_picture(tmp_path / name)
    source = opened(SourceKind.IMAGES, tmp_path, PICTURE)
    assert source.names == ("a/2/7.png", "a/9.png", "a/10.png", "b/1.png")


def test_that_a_limit_sees_every_class_folder_and_keeps_the_order(tmp_path: Path) -> None:
    for name in ("a/0", "a/1", "a/2", "b/0", "c/0", "c/1"):
        save_picture(tmp_path / f"{name}.png")
    source = opened(SourceKind.IMAGES, tmp_path, PICTURE, samples=4)
    assert source.names == ("a/0.png", "a/1.png", "b/0.png", "c/0.png")
    assert source.labels == (0, 0, 1, 2)


def test_that_class_folders_are_found_below_folders_that_all_files_share(tmp_path: Path) -> None:
    for name in ("data/train/9", "data/train/10"):
        save_picture(tmp_path / name / "0.png")
    assert opened(SourceKind.IMAGES, tmp_path, PICTURE).labels == (0, 1)


@pytest.mark.parametrize("names", [("0", "1"), ("a/0", "1"), ("a/0", "a/1")])
def test_that_files_without_class_folders_have_no_labels(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        save_picture(tmp_path / f"{name}.png")
    assert opened(SourceKind.IMAGES, tmp_path, PICTURE).labels is None


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_that_linked_folders_are_read_and_loops_end(tmp_path: Path) -> None:
    save_picture(tmp_path / "elsewhere" / "0.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "data")
    assert opened(SourceKind.IMAGES, tmp_path / "data", PICTURE).names == ("cat/0.png",)


def test_that_one_picture_file_is_a_source_of_one_sample(tmp_path: Path) -> None:
    save_picture(tmp_path / "a" / "0.png")
    assert opened(SourceKind.IMAGES, tmp_path / "a" / "0.png", PICTURE).names == ("0.png",)


def test_that_a_limit_takes_the_first_rows_of_an_array(tmp_path: Path) -> None:
    values = np.arange(30, dtype=np.float32).reshape(5, 2, 3)
    np.save(tmp_path / "x.npy", values)
    source = opened(SourceKind.NPY, tmp_path / "x.npy", ROW, samples=3)
    assert source.names == ("row 0", "row 1", "row 2")
    assert np.array_equal(np.concatenate([sample["x"] for sample in source]), values[:3])
    assert len(opened(SourceKind.NPY, tmp_path / "x.npy", ROW, samples=9)) == 5


def test_that_a_source_ends_where_its_samples_end(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((5, 2, 3), np.float32))
    with pytest.raises(IndexError):
        opened(SourceKind.NPY, tmp_path / "x.npy", ROW, samples=3).sample(3)


# ---- guessing ------------------------------------------------------------------------------------


def test_that_the_kind_of_data_is_guessed_from_what_is_there(tmp_path: Path) -> None:
    save_picture(tmp_path / "pictures" / "deep" / "0.png")
    (tmp_path / "archives").mkdir()
    np.savez(tmp_path / "archives" / "0.npz", x=np.zeros(3))
    np.save(tmp_path / "x.npy", np.zeros(3))
    save_tensor(tmp_path / "model" / "test_data_set_0" / "input_0.pb", np.zeros(3))
    expected = {
        "pictures": SourceKind.IMAGES,
        "pictures/deep/0.png": SourceKind.IMAGES,
        "archives": SourceKind.NPZ_FOLDER,
        "archives/0.npz": SourceKind.NPZ,
        "x.npy": SourceKind.NPY,
        "model": SourceKind.PROTOBUF,
        "model/test_data_set_0": SourceKind.PROTOBUF,
    }
    assert {name: guess_source(str(tmp_path / name)) for name in expected} == expected


@pytest.mark.parametrize("name", ["empty", "hidden", "notes.txt"])
def test_that_what_is_no_data_is_named_with_what_would_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    save_picture(tmp_path / "hidden" / "._0.png")
    save_picture(tmp_path / "hidden" / ".cache" / "0.png")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(QuantscopeError, match=f"{name}: this is no calibration data.*folder of"):
        guess_source(str(tmp_path / name))


def test_that_a_missing_path_is_refused(tmp_path: Path) -> None:
    sentence = refusal(SourceKind.NPY, tmp_path / "gone.npy", ROW)
    assert "gone.npy: there is nothing at this path. Choose" in sentence
    with pytest.raises(QuantscopeError, match="data: no path is given"):
        guess_source("")


def test_that_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    assert "this is a folder" in refusal(SourceKind.NPZ, tmp_path, ROW)
    np.save(tmp_path / "x.npy", np.zeros(3))
    assert "this is a file" in refusal(SourceKind.NPZ_FOLDER, tmp_path / "x.npy", ROW)


def test_that_a_request_for_no_samples_or_no_inputs_is_refused(tmp_path: Path) -> None:
    assert "0 samples are asked for" in refusal(SourceKind.NPY, tmp_path, ROW, samples=0)
    assert "the network has no inputs" in refusal(SourceKind.NPY, tmp_path)


@pytest.mark.parametrize("dtype", ["string", "complex64", ""])
def test_that_an_input_which_takes_no_numbers_is_refused(tmp_path: Path, dtype: str) -> None:
    port = Port(name="text", dtype=dtype, shape=(1,))
    sentence = refusal(SourceKind.RANDOM, tmp_path, port)
    assert sentence.startswith(f"input `text`: the input takes {dtype or 'an unknown type'}, ")


# ---- numpy files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_that_an_archive_gives_rows_of_each_input_in_any_order(
    tmp_path: Path, order: str, save: object
) -> None:
    values = np.asarray(np.random.default_rng(1).normal(size=(7, 2, 3)), order=order)  # type: ignore[call-overload]
    ids = np.arange(28).reshape(7, 4)
    save(tmp_path / "d.npz", x=values, ids=ids, labels=np.zeros(7))  # type: ignore[operator]
    source = opened(SourceKind.NPZ, tmp_path / "d.npz", ROW, IDS)
    assert len(source) == 7
    for number in (4, 0, 6, 1):
        sample = source.sample(number)
        assert list(sample) == ["x", "ids"]
        assert np.array_equal(sample["x"], values[number : number + 1].astype(np.float32))
        assert np.array_equal(sample["ids"], ids[number : number + 1])
        assert sample["x"].dtype == np.float32 and sample["x"].flags.c_contiguous


def test_that_arrays_saved_without_names_go_to_the_inputs_in_order(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", np.ones((2, 2, 3)), np.zeros((2, 5), np.int64))
    sample = opened(SourceKind.NPZ, tmp_path / "d.npz", ROW, IDS).sample(1)
    assert sample["x"].shape == (1, 2, 3) and sample["ids"].shape == (1, 5)


def test_that_an_archive_without_an_input_says_which_arrays_it_has(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", ids=np.zeros((2, 5), np.int64), other=np.zeros(2))
    sentence = refusal(SourceKind.NPZ, tmp_path / "d.npz", IDS, MASK)
    assert "no array for the input `attention_mask`; it has `ids`, `other`" in sentence


def test_that_arrays_with_different_numbers_of_samples_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", ids=np.zeros((2, 5)), attention_mask=np.zeros((3, 5)))
    sentence = refusal(SourceKind.NPZ, tmp_path / "d.npz", IDS, MASK)
    assert "different numbers of samples: `ids` 2, `attention_mask` 3" in sentence


@pytest.mark.parametrize("shape", [(0, 2, 3), ()])
def test_that_an_array_without_samples_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "x.npy", np.zeros(shape, np.float32))
    assert "input `x` holds no samples" in refusal(SourceKind.NPY, tmp_path / "x.npy", ROW)


def test_that_a_folder_of_archives_takes_varying_lengths_with_or_without_batch_axis(
    tmp_path: Path,
) -> None:
    np.savez(tmp_path / "2.npz", ids=np.arange(5), attention_mask=np.ones(5, np.int64))
    np.savez(tmp_path / "10.npz", ids=np.ones((1, 7), int), attention_mask=np.ones((1, 7), int))
    source = opened(SourceKind.NPZ_FOLDER, tmp_path, IDS, MASK)
    assert source.names == ("2.npz", "10.npz")
    assert [sample["ids"].shape for sample in source] == [(1, 5), (1, 7)]


def test_that_nan_is_told_with_file_row_and_input(tmp_path: Path) -> None:
    values = np.zeros((4, 2, 3), np.float32)
    values[2, 1, 1] = np.nan
    np.savez(tmp_path / "d.npz", x=values)
    source = opened(SourceKind.NPZ, tmp_path / "d.npz", ROW)
    with pytest.raises(QuantscopeError) as caught:
        list(source)
    assert str(caught.value) == (
        f"{tmp_path / 'd.npz'}, row 2, input `x`: the data holds 1 NaN. "
        "Repair or remove this sample: calibration needs finite values."
    )


def test_that_a_folder_without_archives_is_refused(tmp_path: Path) -> None:
    assert "hold no .npz files" in refusal(SourceKind.NPZ_FOLDER, tmp_path, IDS)


def test_that_several_samples_in_one_file_of_a_folder_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "0.npz", ids=np.zeros((8, 5), np.int64))
    sentence = refusal(SourceKind.NPZ_FOLDER, tmp_path, IDS)
    assert "0.npz, input `ids`: the array has the shape 8x5, but one sample" in sentence
    assert "Keep one sample in each file" in sentence


@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_that_a_file_that_needs_pickle_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x{ending}"
    values = np.array([{"a": 1}, {"b": 2}], dtype=object)
    (np.save if ending == ".npy" else np.savez)(path, values)
    kind = SourceKind.NPY if ending == ".npy" else SourceKind.NPZ
    sentence = refusal(kind, path, ROW)
    assert f"x{ending}: the file can't be read (it holds Python objects, which only" in sentence
    assert "Save the arrays again" in sentence


@pytest.mark.parametrize("ending", [".npy", ".npz"])
@pytest.mark.parametrize("kept", [0, 40, 0.5, 0.98])
def test_that_a_truncated_array_file_is_refused(tmp_path: Path, ending: str, kept: float) -> None:
    path = tmp_path / f"x{ending}"
    values = np.random.default_rng(0).normal(size=(20, 2, 3))
    (np.save if ending == ".npy" else np.savez)(path, values)
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    kind = SourceKind.NPY if ending == ".npy" else SourceKind.NPZ
    assert f"x{ending}: the file can't be read (" in refusal(kind, path, ROW)


def test_that_an_array_cut_off_inside_an_archive_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.save(content, np.zeros((4, 2, 3)))
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("x.npy", content.getvalue()[:-8])
    source = opened(SourceKind.NPZ, tmp_path / "d.npz", ROW)
    assert source.sample(2)["x"].shape == (1, 2, 3)
    with pytest.raises(QuantscopeError, match="it ends in the middle of an array"):
        source.sample(3)


def test_that_an_archive_that_unpacks_to_more_than_a_sample_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (1, 1 << 29)}
    np.lib.format.write_array_header_1_0(content, header)
    with zipfile.ZipFile(tmp_path / "d.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content.getvalue() + bytes(1 << 20))
    sentence = refusal(SourceKind.NPZ_FOLDER, tmp_path, ROW)
    assert "it unpacks to 1x536870912 values, more than one sample can have" in sentence


def test_that_one_array_can_not_fill_several_inputs(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 5), np.int64))
    sentence = refusal(SourceKind.NPY, tmp_path / "x.npy", IDS, MASK)
    assert "2 inputs (`ids`, `attention_mask`) and one .npy array can fill only one" in sentence


@pytest.mark.parametrize("kind", [SourceKind.NPY, SourceKind.NPZ])
def test_that_reading_a_sample_takes_the_memory_of_a_sample(
    tmp_path: Path, kind: SourceKind
) -> None:
    path = tmp_path / f"x.{kind}"
    values = np.ones((1000, 4096), np.float32)
    np.save(path, values) if kind is SourceKind.NPY else np.savez_compressed(path, x=values)
    source = opened(kind, path, Port(name="x", dtype="float32", shape=("n", 4096)))
    tracemalloc.start()
    try:
        assert sum(int(sample["x"].sum()) for sample in source) == values.size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < values.nbytes / 20


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_that_rows_of_an_array_file_are_read_in_any_order(
    tmp_path: Path, order: str, version: tuple[int, int]
) -> None:
    values = np.asarray(np.random.default_rng(1).normal(size=(7, 2, 3)), order=order)
    with (tmp_path / "x.npy").open("wb") as stream:
        np.lib.format.write_array(stream, values, version)
    source = opened(SourceKind.NPY, tmp_path / "x.npy", ROW)
    for number in (4, 0, 6):
        assert np.array_equal(source.sample(number)["x"][0], values[number].astype(np.float32))


def test_that_a_source_that_is_dropped_closes_its_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.zeros((4, 2, 3), np.float32))
    source = opened(SourceKind.NPZ, tmp_path / "d.npz", ROW)
    source.sample(0)
    del source
    gc.collect()  # a warning about an open file would fail this test
    (tmp_path / "d.npz").unlink()


def test_that_an_array_of_records_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="format 3.0"):
        np.save(tmp_path / "x.npy", np.zeros(3, [("\u03b1", "f4")]))
    assert "it holds records, not numbers" in refusal(SourceKind.NPY, tmp_path / "x.npy", ROW)


def test_that_a_file_that_is_gone_when_it_is_read_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "0.npz", ids=np.arange(5))
    source = opened(SourceKind.NPZ_FOLDER, tmp_path, IDS)
    (tmp_path / "0.npz").unlink()
    with pytest.raises(QuantscopeError, match="0.npz: the file can't be read .no such file"):
        source.sample(0)


# ---- the dry run ---------------------------------------------------------------------------------


def test_that_a_dry_run_tells_size_first_sample_and_range(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.linspace(-3, 5, 12).reshape(2, 2, 3), ids=[[1, 9], [2, 2]])
    description = DataDescription(kind=SourceKind.NPZ, path=str(tmp_path / "d.npz"))
    check = check_source(description, [ROW, IDS])
    assert (check.samples, check.first) == (2, "row 0")
    assert check.shapes == (("x", (1, 2, 3), "float32"), ("ids", (1, 2), "int64"))
    assert (check.minimum, check.maximum) == (-3.0, 9.0)
