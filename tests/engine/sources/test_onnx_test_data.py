"""ONNX `test_data_set_*` folders become samples, or are refused with the set and the file."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import open_source
from quantscope.engine.sources.samples import SampleSource

ROW = Port(name="x", dtype="float32", shape=(1, 2, 3))
IDS = Port(name="ids", dtype="int64", shape=("batch", "length"))
MASK = Port(name="attention_mask", dtype="int64", shape=("batch", "length"))


def opened(path: Path, *inputs: Port, samples: int | None = None) -> SampleSource:
    kind = SourceKind.PROTOBUF
    return open_source(DataDescription(kind=kind, path=str(path), samples=samples), inputs)


def refusal(path: Path, *inputs: Port) -> str:
    with pytest.raises(QuantscopeError) as caught:
        opened(path, *inputs).sample(0)
    return str(caught.value)


def save_tensor(path: Path, values: np.ndarray, name: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(numpy_helper.from_array(values, name).SerializeToString())


def test_that_test_data_goes_to_inputs_by_name_and_else_by_number(tmp_path: Path) -> None:
    ids, mask = np.full((1, 4), 7), np.ones((1, 4), np.int64)
    for number in (10, 2):
        save_tensor(tmp_path / f"test_data_set_{number}" / "input_0.pb", mask, "attention_mask")
        save_tensor(tmp_path / f"test_data_set_{number}" / "input_1.pb", ids + number, "ids")
    save_tensor(tmp_path / "test_data_set_11" / "input_0.pb", ids)
    save_tensor(tmp_path / "test_data_set_11" / "input_1.pb", mask)
    source = opened(tmp_path, IDS, MASK)
    assert source.names == ("test_data_set_2", "test_data_set_10", "test_data_set_11")
    assert [int(sample["ids"][0, 0]) for sample in source] == [9, 17, 7]
    assert all(sample["attention_mask"].max() == 1 for sample in source)


def test_that_a_single_test_data_set_is_a_source_of_one_sample(tmp_path: Path) -> None:
    save_tensor(tmp_path / "set" / "input_0.pb", np.zeros((1, 2, 3), np.float32))
    assert opened(tmp_path / "set", ROW).names == ("set",)


def test_that_test_data_of_a_fixed_batch_gives_its_samples_one_by_one(tmp_path: Path) -> None:
    port = Port(name="x", dtype="float32", shape=(2, 3))
    for number in range(2):
        values = np.arange(6, dtype=np.float32).reshape(2, 3) + 10 * number
        save_tensor(tmp_path / f"test_data_set_{number}" / "input_0.pb", values)
    source = opened(tmp_path, port, samples=3)
    assert source.names == (
        "test_data_set_0 row 0",
        "test_data_set_0 row 1",
        "test_data_set_1 row 0",
    )
    assert [sample["x"].tolist() for sample in source] == [[[0, 1, 2]], [[3, 4, 5]], [[10, 11, 12]]]


def test_that_test_data_of_another_batch_than_the_network_is_refused(tmp_path: Path) -> None:
    save_tensor(tmp_path / "test_data_set_0" / "input_0.pb", np.zeros((3, 3), np.float32))
    port = Port(name="x", dtype="float32", shape=(2, 3))
    sentence = refusal(tmp_path, port)
    assert "the array has the shape 3x3, but one sample of 2x3 has a leading axis" in sentence


def test_that_test_data_with_too_few_tensors_is_refused(tmp_path: Path) -> None:
    save_tensor(tmp_path / "input_0.pb", np.zeros((1, 4)), "a")
    sentence = refusal(tmp_path, IDS, MASK)
    assert "the set has 1 tensors (`a`) and the network 2 inputs" in sentence


def test_that_a_folder_without_test_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test_data_set_0").mkdir()
    assert "there are no test_data_set_* folders" in refusal(tmp_path, ROW)


@pytest.mark.parametrize("content", [b"", b"not a tensor", "truncated", "external"])
def test_that_a_damaged_tensor_file_is_refused(tmp_path: Path, content: bytes | str) -> None:
    tensor = numpy_helper.from_array(np.zeros((1, 2, 3), np.float32), "x")
    if content == "external":
        onnx.external_data_helper.set_external_data(tensor, "passwd")
    whole = tensor.SerializeToString()
    (tmp_path / "input_0.pb").write_bytes(
        content if isinstance(content, bytes) else whole[:-5] if content == "truncated" else whole
    )
    sentence = refusal(tmp_path, ROW)
    assert "input_0.pb: the file holds no readable tensor (" in sentence
