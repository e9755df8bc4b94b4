"""ONNX test data whose tensors are damaged, lie about themselves or are of another network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from quantscope.core.data.description import SourceKind
from quantscope.core.networks.network import Port
from quantscope.engine.sources import protobuf
from tests.engine.sources.faults import X, Y, data_of, little_memory, read_or_told, told

GOOD = np.arange(6, dtype=np.float32).reshape(1, 2, 3)


def stored(values: np.ndarray, name: str = "x") -> bytes:
    return numpy_helper.from_array(values, name).SerializeToString()


def tensor(**fields: Any) -> bytes:
    proto = TensorProto(name="x")
    for key, value in fields.items():
        if isinstance(value, list):
            getattr(proto, key).extend(value)
        else:
            setattr(proto, key, value)
    return proto.SerializeToString()


def elsewhere() -> bytes:
    proto = numpy_helper.from_array(GOOD, "x")
    proto.data_location = TensorProto.EXTERNAL
    proto.external_data.add(key="location", value="/etc/passwd")
    return proto.SerializeToString()


def place(folder: Path, *contents: bytes) -> Path:
    for number, content in enumerate(contents):
        path = folder / "test_data_set_0" / f"input_{number}.pb"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"just text", "it is damaged, or something else than a tensor"),
        (b"\xff" * 40, "it is damaged, or something else than a tensor"),
        (stored(GOOD)[:-4], "it is damaged, or something else than a tensor"),
        (onnx.SequenceProto(name="x").SerializeToString(), "it says no type of values"),
        (tensor(dims=[6], float_data=[1.0] * 6), "it says no type of values"),
        (tensor(dims=[-1, 2, 3], data_type=1, float_data=[1.0] * 6), "its shape is damaged"),
        (tensor(dims=[1], data_type=99, raw_data=b"0000"), "its values are of the type 99, which"),
        (tensor(dims=[10**12], data_type=1, raw_data=b"0000"), "its values do not fill its shape"),
        (
            tensor(dims=[2**62] * 2, data_type=1, float_data=[1.0]),
            "its values do not fill its shape",
        ),
        (tensor(dims=[10**10], data_type=1), "its values do not fill its shape"),
        (
            tensor(dims=[10**12], data_type=TensorProto.INT4, int32_data=[3]),
            "its values do not fill its shape",
        ),
        (elsewhere(), "its values lie in another file"),
    ],
)
def test_that_what_is_no_tensor_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    with little_memory():
        sentence = told(data_of(SourceKind.PROTOBUF, place(tmp_path, content)), name="input_0.pb")
    assert f"the file holds no readable tensor ({why}" in sentence
    assert "Save it again as an ONNX TensorProto with its values inside" in sentence


@pytest.mark.parametrize(
    ("contents", "inputs", "words"),
    [
        ([stored(GOOD * np.nan)], [X], "the data holds 6 NaN. Repair or remove this sample"),
        ([stored(GOOD.astype(complex))], [X], "gives complex128. Save the data as real numbers"),
        ([stored(GOOD[:0])], [X], "the shape 0x2x3, but one sample of nx2x3 has a leading axis"),
        ([stored(GOOD.reshape(1, 3, 2))], [X], "wants nx2x3 float32 and the sample gives 1x3x2"),
        ([stored(GOOD)], [X, Y], "the set has 1 tensors (`x`) and the network 2 inputs (`x`, `y`)"),
        (
            [helper.make_tensor("x", TensorProto.STRING, [1], [b"a"]).SerializeToString()],
            [X],
            "the sample gives object. Save the data as real numbers",
        ),
    ],
)
def test_that_tensors_that_do_not_fit_are_told(
    tmp_path: Path, contents: list[bytes], inputs: list[Port], words: str
) -> None:
    data = data_of(SourceKind.PROTOBUF, place(tmp_path, *contents))
    assert words in told(data, *inputs, name=tmp_path.name)


@pytest.mark.parametrize("names", [("y", "x2"), ("x2", "x"), ("z", "x")])
def test_that_a_name_speaks_against_a_number(tmp_path: Path, names: tuple[str, str]) -> None:
    place(tmp_path, *(stored(GOOD, name) for name in names))
    sentence = told(data_of(SourceKind.PROTOBUF, tmp_path), X, Y, name="input_")
    assert "by its number, and the network wants `x`, `y`. Call the tensors as the" in sentence


def test_that_a_number_that_is_left_out_is_told(tmp_path: Path) -> None:
    place(tmp_path, stored(GOOD, ""), stored(GOOD[0, 0, :2], ""))
    folder = tmp_path / "test_data_set_0"
    (folder / "input_1.pb").rename(folder / "input_2.pb")
    sentence = told(data_of(SourceKind.PROTOBUF, tmp_path), X, Y, name="input_2.pb")
    assert "or number their files in a row" in sentence


def test_that_a_folder_called_like_a_tensor_is_told(tmp_path: Path) -> None:
    (tmp_path / "test_data_set_0" / "input_0.pb").mkdir(parents=True)
    sentence = told(data_of(SourceKind.PROTOBUF, tmp_path), name="input_0.pb")
    assert "the file holds no readable tensor (is a directory)" in sentence


def test_that_damage_anywhere_gives_a_tensor_or_a_sentence(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    packed = tensor(dims=[1, 2, 3], data_type=TensorProto.INT4, int32_data=[1, 2, 3])
    for number in range(300):
        content = np.frombuffer((stored(GOOD), packed)[number % 2], np.uint8).copy()
        content[random.integers(0, 14, 2)] = random.integers(0, 256, 2)
        place(tmp_path, content.tobytes())
        sentence = read_or_told(data_of(SourceKind.PROTOBUF, tmp_path))
        assert not sentence or tmp_path.name in sentence


def test_that_a_file_larger_than_a_sample_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protobuf, "MOST_BYTES", 20)
    sentence = told(data_of(SourceKind.PROTOBUF, place(tmp_path, stored(GOOD))), name="input_0.pb")
    assert "it is larger than 1 GiB" in sentence
