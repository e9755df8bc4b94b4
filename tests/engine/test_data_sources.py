"""Every kind of calibration data is found, opened, read in order, and fitted to the inputs."""

from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from quantscope.core.data import DataDescription, Preprocessing, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.network import Port
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


def noise(*inputs: Port, seed: int = 0, samples: int | None = None) -> SampleSource:
    return open_source(DataDescription(kind=SourceKind.RANDOM, seed=seed, samples=samples), inputs)


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


def test_that_a_folder_without_archives_is_refused(tmp_path: Path) -> None:
    assert "hold no .npz files" in refusal(SourceKind.NPZ_FOLDER, tmp_path, IDS)


def test_that_several_samples_in_one_file_of_a_folder_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "0.npz", ids=np.zeros((8, 5), np.int64))
    sentence = refusal(SourceKind.NPZ_FOLDER, tmp_path, IDS)
    assert sentence.startswith("0.npz, input `ids`: the array has the shape 8x5, but one sample")
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
    import io
    import zipfile

    content = io.BytesIO()
    np.save(content, np.zeros((4, 2, 3)))
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("x.npy", content.getvalue()[:-8])
    source = opened(SourceKind.NPZ, tmp_path / "d.npz", ROW)
    assert source.sample(2)["x"].shape == (1, 2, 3)
    with pytest.raises(QuantscopeError, match="it ends in the middle of an array"):
        source.sample(3)


def test_that_one_array_can_not_fill_several_inputs(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 5), np.int64))
    sentence = refusal(SourceKind.NPY, tmp_path / "x.npy", IDS, MASK)
    assert "2 inputs (`ids`, `attention_mask`) and one .npy array can fill only one" in sentence


def test_that_a_large_array_file_is_mapped_and_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    table = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.float32, shape=(2**20, 2**12)
    )  # 16 GiB on paper, a hole in the file
    table[-1, -1] = 3.0
    del table
    port = Port(name="x", dtype="float32", shape=("n", 2**12))
    assert opened(SourceKind.NPY, path, port).sample(2**20 - 1)["x"].max() == 3.0


# ---- ONNX test data ------------------------------------------------------------------------------


def test_that_test_data_goes_to_inputs_by_name_and_else_by_number(tmp_path: Path) -> None:
    ids, mask = np.full((1, 4), 7), np.ones((1, 4), np.int64)
    for number in (10, 2):
        save_tensor(tmp_path / f"test_data_set_{number}" / "input_0.pb", mask, "attention_mask")
        save_tensor(tmp_path / f"test_data_set_{number}" / "input_1.pb", ids + number, "ids")
    save_tensor(tmp_path / "test_data_set_11" / "input_0.pb", ids)
    save_tensor(tmp_path / "test_data_set_11" / "input_1.pb", mask)
    source = opened(SourceKind.PROTOBUF, tmp_path, IDS, MASK)
    assert source.names == ("test_data_set_2", "test_data_set_10", "test_data_set_11")
    assert [int(sample["ids"][0, 0]) for sample in source] == [9, 17, 7]
    assert all(sample["attention_mask"].max() == 1 for sample in source)


def test_that_a_single_test_data_set_is_a_source_of_one_sample(tmp_path: Path) -> None:
    save_tensor(tmp_path / "set" / "input_0.pb", np.zeros((1, 2, 3), np.float32))
    assert opened(SourceKind.PROTOBUF, tmp_path / "set", ROW).names == ("set",)


def test_that_test_data_with_too_few_tensors_is_refused(tmp_path: Path) -> None:
    save_tensor(tmp_path / "input_0.pb", np.zeros((1, 4)), "a")
    sentence = refusal(SourceKind.PROTOBUF, tmp_path, IDS, MASK)
    assert "the set has 1 tensors (`a`) and the network 2 inputs" in sentence


def test_that_a_folder_without_test_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test_data_set_0").mkdir()
    assert "there are no test_data_set_* folders" in refusal(SourceKind.PROTOBUF, tmp_path, ROW)


@pytest.mark.parametrize("content", [b"", b"not a tensor", "truncated", "external"])
def test_that_a_damaged_tensor_file_is_refused(tmp_path: Path, content: bytes | str) -> None:
    tensor = numpy_helper.from_array(np.zeros((1, 2, 3), np.float32), "x")
    if content == "external":
        onnx.external_data_helper.set_external_data(tensor, "passwd")
    whole = tensor.SerializeToString()
    (tmp_path / "input_0.pb").write_bytes(
        content if isinstance(content, bytes) else whole[:-5] if content == "truncated" else whole
    )
    sentence = refusal(SourceKind.PROTOBUF, tmp_path, ROW)
    assert "input_0.pb: the file holds no readable tensor (" in sentence


# ---- random data ---------------------------------------------------------------------------------


def test_that_random_data_depends_on_the_seed_and_the_number_alone() -> None:
    port = Port(name="x", dtype="float32", shape=(1, 8))
    forward = [sample["x"] for sample in noise(port, seed=5)]
    backward = [noise(port, seed=5).sample(number)["x"] for number in reversed(range(32))]
    assert len(forward) == 32
    assert all(map(np.array_equal, forward, reversed(backward)))
    assert not np.array_equal(forward[0], forward[1])
    for seed in (6, -5):
        assert not np.array_equal(forward[0], noise(port, seed=seed).sample(0)["x"])


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        (("n", "length"), (1, 16)),
        (("n", 3, "h", "w"), (1, 3, 224, 224)),
        (("n", "h", "w", 3), (1, 224, 224, 3)),
        (("n", "c", "h", "w"), (1, 3, 224, 224)),
        (("n", "heads", "", 64), (1, 16, 16, 64)),
        (("n", "", 7), (1, 16, 7)),
        ((4, 7), (1, 7)),
        ((), ()),
    ],
)
def test_that_random_data_gives_free_dimensions_a_length(
    shape: tuple[int | str, ...], size: tuple[int, ...]
) -> None:
    assert noise(Port(name="x", dtype="float32", shape=shape)).sample(0)["x"].shape == size


@pytest.mark.parametrize(
    ("name", "dtype", "low", "high"),
    [
        ("ids", "int64", 0, 99),
        ("attention_mask", "int32", 0, 1),
        ("token_type_ids", "int64", 0, 1),
        ("x", "uint8", 0, 255),
        ("x", "int8", 0, 99),
        ("x", "int4", 0, 1),
        ("x", "bool", 0, 1),
        ("x", "float16", -1, 1),
        ("x", "bfloat16", -1, 1),
        ("x", "float64", -1, 1),
    ],
)
def test_that_random_data_stays_in_a_range_that_suits_the_type(
    name: str, dtype: str, low: float, high: float
) -> None:
    array = noise(Port(name=name, dtype=dtype, shape=(1, 4000))).sample(0)[name]
    assert array.dtype.name == dtype
    values = array.astype(np.float64)
    assert low == round(float(values.min()), 1) and high == round(float(values.max()), 1)


# ---- the dry run ---------------------------------------------------------------------------------


def test_that_a_dry_run_tells_size_first_sample_and_range(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.linspace(-3, 5, 12).reshape(2, 2, 3), ids=[[1, 9], [2, 2]])
    description = DataDescription(kind=SourceKind.NPZ, path=str(tmp_path / "d.npz"))
    check = check_source(description, [ROW, IDS])
    assert (check.samples, check.first) == (2, "row 0")
    assert check.shapes == (("x", (1, 2, 3), "float32"), ("ids", (1, 2), "int64"))
    assert (check.minimum, check.maximum) == (-3.0, 9.0)


def test_that_a_dry_run_takes_every_number_type() -> None:
    port = Port(name="x", dtype="bfloat16", shape=(1, 9))
    check = check_source(DataDescription(kind=SourceKind.RANDOM), [port])
    assert -1.0 <= check.minimum < check.maximum <= 1.0
    assert ml_dtypes.bfloat16 == noise(port).sample(0)["x"].dtype
