"""Opening models: what is read, and the one sentence for each thing that can be wrong."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantscope.core.errors import QuantscopeError
from quantscope.engine.model import opening
from quantscope.engine.model.opening import ModelFile, newest_opset, open_model
from tests.engine import models

HEADER = '<ir_version: 8, opset_import: ["": 13, "local": 1, "com.microsoft": 1]>\n'
needs_links = pytest.mark.skipif(os.name == "nt", reason="links need rights there")


def parsed(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(HEADER + text)


def refused(path: Path) -> str:
    """The sentence, which begins with the file that it is about."""
    with pytest.raises(QuantscopeError) as caught:
        open_model(path)
    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    assert caught.value.problem.remedy
    return sentence[len(str(path)) :]


def refused_model(model: onnx.ModelProto, folder: Path) -> str:
    return refused(models.save(model, folder))


def external_model(folder: Path) -> Path:
    """`residual_net` with every weight of more than 64 bytes in weights.bin."""
    path = folder / "outside.onnx"
    onnx.save(
        models.residual_net(),
        path,
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=64,
    )
    return path


def edit_entry(path: Path, key: str, value: str) -> None:
    """Set where the first external tensor of the model says that its values lie."""
    model = onnx.load(path, load_external_data=False)
    tensor = next(t for t in model.graph.initializer if t.external_data)
    for entry in tensor.external_data:
        if entry.key == key:
            entry.value = value
    path.write_bytes(model.SerializeToString())


# ---- what is read --------------------------------------------------------------------------------


def test_that_a_model_is_opened_with_its_opset_size_and_fingerprint(tmp_path: Path) -> None:
    path = models.save(models.residual_net(), tmp_path)
    opened = open_model(str(path))
    assert isinstance(opened, ModelFile)
    assert opened.path == path and opened.files == (path,)
    assert opened.opset == 13
    assert opened.size == path.stat().st_size
    assert opened.fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [node.op_type for node in opened.model.graph][:3] == [
        "Conv",
        "BatchNormalization",
        "Relu",
    ]


def test_that_weights_listed_as_inputs_are_no_inputs(tmp_path: Path) -> None:
    model = models.old_style_net()
    assert len(model.graph.input) > 1
    opened = open_model(models.save(model, tmp_path))
    assert [value.name for value in opened.model.graph.inputs] == ["x"]
    assert "kernel" in opened.model.graph.initializers
    assert opened.model.ir_version >= 4


def test_that_external_weights_stay_outside_until_they_are_read(tmp_path: Path) -> None:
    opened = open_model(external_model(tmp_path))
    assert opened.external == (tmp_path / "weights.bin",)
    tensor = opened.model.graph.initializers["conv1.weight"].const_value
    assert isinstance(tensor, ir.ExternalTensor)
    assert tensor.raw is None
    expected = models.residual_net().graph.initializer[0]
    np.testing.assert_array_equal(tensor.numpy(), onnx.numpy_helper.to_array(expected))


def test_that_external_weights_are_found_from_any_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    external_model(tmp_path)
    monkeypatch.chdir(tmp_path)
    opened = open_model("outside.onnx")
    monkeypatch.chdir("/")
    tensor = opened.model.graph.initializers["conv1.weight"].const_value
    assert tensor is not None and tensor.numpy().shape == (8, 3, 3, 3)


def test_that_the_fingerprint_covers_external_data_and_not_the_place(tmp_path: Path) -> None:
    first = open_model(external_model(tmp_path))
    assert first.size == sum(file.stat().st_size for file in first.files)
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in first.files:
        shutil.copy(file, copy)
    second = open_model(copy / "outside.onnx")
    assert second.fingerprint == first.fingerprint
    data = bytearray((copy / "weights.bin").read_bytes())
    data[-1] ^= 1
    (copy / "weights.bin").write_bytes(data)
    assert open_model(copy / "outside.onnx").fingerprint != first.fingerprint


def test_that_external_constants_are_read_at_once(tmp_path: Path) -> None:
    text = "net (float[2] x) => (float[2] y) { c = Constant<value=float[2] {1,2}>() y=Add(x,c) }"
    path = tmp_path / "constant.onnx"
    model = parsed(text)
    tensor = model.graph.node[0].attribute[0].t
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="c.bin")
    (tmp_path / "c.bin").write_bytes(np.array([3, 4], np.float32).tobytes())
    path.write_bytes(model.SerializeToString())
    opened = open_model(path)
    value = opened.model.graph[0].attributes["value"].as_tensor()
    assert value.numpy().tolist() == [3, 4]
    assert opened.external == (tmp_path / "c.bin",)


@pytest.mark.parametrize("opset", [7, 9, 12, 17, newest_opset()])
def test_that_opsets_from_7_to_the_runtimes_newest_open(opset: int, tmp_path: Path) -> None:
    model = parsed("net (float[N] x) => (float[N] y) { y = Relu(x) }")
    model.opset_import[0].version = opset
    assert open_model(models.save(model, tmp_path)).opset == opset


def test_that_the_newest_opset_is_found_by_asking_the_runtime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening, "_runtime_reads", lambda opset: opset < 20)
    assert newest_opset.__wrapped__() == 19
    monkeypatch.undo()
    assert newest_opset() >= 25
    assert not opening._runtime_reads(1000)


def test_that_the_standard_domain_has_two_spellings(tmp_path: Path) -> None:
    model = parsed("net (float[N] x) => (float[N] y) { y = Relu(x) }")
    model.opset_import[0].domain = model.graph.node[0].domain = "ai.onnx"
    opened = open_model(models.save(model, tmp_path))
    assert opened.opset == opened.model.graph.opset_imports[""] == 13
    assert "ai.onnx" not in opened.model.graph.opset_imports


def test_that_domains_nobody_uses_do_not_count(tmp_path: Path) -> None:
    model = models.conv_relu()
    for domain in ("ai.onnx.training", "com.facebook", "org.pytorch.aten"):
        model.opset_import.add(domain=domain, version=1)
    assert open_model(models.save(model, tmp_path)).opset == 13


def test_that_local_functions_and_microsoft_operators_open(tmp_path: Path) -> None:
    text = """net (float[N] x) => (float[N] y) { a = local.f(x) y = com.microsoft.Gelu(a) }
        <domain: "local", opset_import: ["": 13]> f (u) => (o) { m = Abs(u) o = Relu(m) }
        <domain: "local", opset_import: ["my.ops": 1]> unused (u) => (o) { o = my.ops.Foo(u) }"""
    assert len(open_model(models.save(parsed(text), tmp_path)).model.functions) == 2


def test_that_nodes_in_any_order_are_sorted(tmp_path: Path) -> None:
    model = parsed("net (float[N] x) => (float[N] y) { y = Relu(a) a = Abs(x) }")
    opened = open_model(models.save(model, tmp_path))
    assert [node.op_type for node in opened.model.graph] == ["Abs", "Relu"]


# ---- files that are no models --------------------------------------------------------------------


def test_that_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "there is no such file. Check the path" in refused(tmp_path / "none.onnx")


def test_that_a_folder_is_named(tmp_path: Path) -> None:
    assert "this is a folder. Choose the .onnx file inside it" in refused(tmp_path)


def test_that_an_empty_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.onnx"
    path.write_bytes(b"")
    assert "the file is empty. Fetch the file again" in refused(path)


@pytest.mark.skipif(os.name == "nt", reason="POSIX places")
def test_that_a_device_is_not_read() -> None:
    assert "this is not a file. Choose an ONNX model" in refused(Path("/dev/zero"))


def test_that_a_path_no_system_knows_is_refused(tmp_path: Path) -> None:
    assert "Check" in refused(tmp_path / ("x" * 300))


def test_that_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = models.save(models.conv_relu(), tmp_path)
    monkeypatch.setattr(Path, "read_bytes", fail)
    assert "the file cannot be read (Permission denied). Check that" in refused(path)


def test_that_a_file_over_two_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as stream:
        stream.write(b"\x08\x08")
        stream.truncate(2**31)
    assert "larger than 2 GB, which no ONNX file can be. Export the model with ext" in refused(path)
    with path.open("r+b") as stream:
        stream.write(b"GGUF")
    assert "it looks like a GGUF model" in refused(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a PNG picture. Choose an ONNX model"),
        (b"\xff\xd8\xff\xe0" + bytes(99), "a JPEG picture. Choose an ONNX model"),
        (b"<!DOCTYPE html><title>Not found</title>", "a web page. Download the model itself"),
        (b"\n <html><body>", "a web page. Download the model itself"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Fetch the model with: git lfs pull"),
        ("Häuser\n".encode() * 99, "a text file. Choose an ONNX model"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "a Keras or HDF5 file. Convert it with tf2onnx"),
        (b"\x1c\0\0\0TFL3" + bytes(99), "a TensorFlow Lite model. Convert it with tf2onnx"),
        (b"\x80\x02\x8a\nl\xfc\x9c" + bytes(99), "a PyTorch or pickle file. Export the network"),
        (b"\x1f\x8b\x08" + bytes(99), "a gzip archive. Unpack it"),
        (b"PK\x03\x04" + bytes(99), "a zip archive. Choose an ONNX model"),
        (b"\x93NUMPY\x01\0" + bytes(99), "a NumPy array. Choose an ONNX model"),
    ],
)
def test_that_files_of_other_kinds_are_recognised(
    content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    assert words in refused(path)


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("archive/data.pkl", "a PyTorch file. Export the network with torch.onnx.export"),
        ("model.weights.h5", "a Keras model. Convert it with tf2onnx"),
        ("x.npy", "a NumPy archive"),
        ("resnet/model.onnx", "a zip archive. Unpack it"),
    ],
)
def test_that_zip_files_are_looked_into(member: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, b"content")
    assert words in refused(path)


def test_that_random_bytes_are_not_a_model(tmp_path: Path) -> None:
    path = tmp_path / "random.onnx"
    path.write_bytes(np.random.default_rng(1).bytes(2000))
    assert "this is not an ONNX model. Export the network to ONNX" in refused(path)


def test_that_a_stored_tensor_is_not_a_model(tmp_path: Path) -> None:
    path = tmp_path / "input_0.pb"
    path.write_bytes(onnx.numpy_helper.from_array(np.ones(5, np.float32)).SerializeToString())
    refused(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_that_a_truncated_model_is_recognised(share: float, tmp_path: Path) -> None:
    path = models.save(models.residual_net(), tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert "the file is cut off or damaged. Fetch the file again" in refused(path)


def test_that_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = models.save(models.conv_relu(), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"Relu", b"\xff\xfe\xfd\xfc"))
    assert "a name in it is not text. Fetch the file again" in refused(path)


# ---- external data -------------------------------------------------------------------------------


def test_that_missing_external_data_is_named(tmp_path: Path) -> None:
    path = external_model(tmp_path)
    (tmp_path / "weights.bin").unlink()
    sentence = refused(path)
    assert "tensor conv1.weight: the file weights.bin with its values is missing" in sentence
    assert f"Put it into {tmp_path}" in sentence


def test_that_short_external_data_is_named(tmp_path: Path) -> None:
    path = external_model(tmp_path)
    with (tmp_path / "weights.bin").open("r+b") as stream:
        stream.truncate(1000)
    sentence = refused(path)
    assert "weights.bin ends at byte 1000, before the end of its values" in sentence
    assert "copy it again" in sentence


@pytest.mark.parametrize(
    "location", ["../weights.bin", "/etc/passwd", "a/../../b", "C:\\x.bin", "..\\x.bin"]
)
def test_that_external_data_outside_the_folder_is_not_touched(
    location: str, tmp_path: Path
) -> None:
    (tmp_path / "weights.bin").write_bytes(bytes(100_000))
    (tmp_path / "inner").mkdir()
    path = external_model(tmp_path / "inner")
    edit_entry(path, "location", location)
    sentence = refused(path)
    assert f"tensor conv1.weight: its values lie in {location}, outside" in sentence
    assert "Keep the model and its data in one folder" in sentence


@needs_links
def test_that_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    path = external_model(tmp_path / "inner")
    shutil.move(tmp_path / "inner" / "weights.bin", tmp_path / "weights.bin")
    (tmp_path / "inner" / "weights.bin").symlink_to(tmp_path / "weights.bin")
    sentence = refused(path)
    assert f"weights.bin is a link to {tmp_path / 'weights.bin'}, outside" in sentence
    assert "Copy the file itself into the model's folder" in sentence


@needs_links
def test_that_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    path = external_model(tmp_path)
    (tmp_path / "weights.bin").rename(tmp_path / "real.bin")
    (tmp_path / "weights.bin").symlink_to("real.bin")
    tensor = open_model(path).model.graph.initializers["conv1.weight"].const_value
    assert tensor is not None and tensor.numpy().shape == (8, 3, 3, 3)


@needs_links
@pytest.mark.parametrize("kind", ["circle", "hard", "folder", "pipe"])
def test_that_strange_external_files_are_refused(kind: str, tmp_path: Path) -> None:
    path = external_model(tmp_path)
    weights = tmp_path / "weights.bin"
    if kind == "hard":
        (tmp_path / "other.bin").hardlink_to(weights)
        assert "has several hard links. Copy the model and its data" in refused(path)
        return
    weights.unlink()
    if kind == "circle":
        weights.symlink_to(weights)
    elif kind == "folder":
        weights.mkdir()
    else:
        os.mkfifo(weights)
    assert "the file weights.bin with its values is missing" in refused(path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("length", "4", "asks for 864 bytes and weights.bin is said to hold 4"),
        ("length", "-1", "its place in weights.bin makes no sense"),
        ("offset", "-8", "its place in weights.bin makes no sense"),
        ("offset", "much", "its place in weights.bin makes no sense"),
        ("offset", str(2**70), "before the end of its values"),
        ("location", "", "which it does not name"),
        ("location", "x" * 5000, "is missing"),
    ],
)
def test_that_external_entries_that_make_no_sense_are_refused(
    key: str, value: str, words: str, tmp_path: Path
) -> None:
    path = external_model(tmp_path)
    edit_entry(path, key, value)
    assert words in refused(path)


# ---- tensors -------------------------------------------------------------------------------------


def _first_weight(edit: Callable[[onnx.TensorProto], object]) -> onnx.ModelProto:
    model = models.conv_relu()
    edit(model.graph.initializer[0])
    return model


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda t: t.dims.append(2**60), "and the file holds 432. Export the model again"),
        (lambda t: t.dims.append(-1), "has a negative dimension"),
        (lambda t: t.dims.append(0), "asks for 0 bytes and the file holds 432"),
        (lambda t: setattr(t, "data_type", 99), "its data type number 99 is unknown"),
        (lambda t: setattr(t, "data_type", 0), "its data type number 0 is unknown"),
        (lambda t: setattr(t, "data_type", 8), "asks for 108 values and the file holds 0"),
        (lambda t: t.ClearField("raw_data"), "asks for 108 values and the file holds 0"),
        (lambda t: setattr(t, "raw_data", t.raw_data[:-1]), "432 bytes and the file holds 431"),
    ],
)
def test_that_tensors_must_be_as_long_as_their_shape_says(
    edit: Callable[[onnx.TensorProto], object], words: str, tmp_path: Path
) -> None:
    sentence = refused_model(_first_weight(edit), tmp_path)
    assert sentence.startswith(", tensor conv.weight: ") and words in sentence


@pytest.mark.parametrize(
    ("kind", "values", "count"),
    [
        ("FLOAT", [1.0, 2.0, 3.0], 3),
        ("COMPLEX64", [1 + 2j, 3j, 1], 3),
        ("INT4", [1, 2, -3], 3),
        ("STRING", [b"a", b"b"], 2),
        ("FLOAT16", [1.0, 2.0], 2),
    ],
)
def test_that_every_way_to_store_values_is_counted(
    kind: str, values: list[Any], count: int, tmp_path: Path
) -> None:
    model = models.conv_relu()
    dtype = onnx.TensorProto.DataType.Value(kind)
    model.graph.initializer.append(onnx.helper.make_tensor("extra", dtype, [count], values))
    path = models.save(model, tmp_path)
    assert "extra" in open_model(path).model.graph.initializers
    model.graph.initializer[-1].dims[0] = count + 7
    assert "tensor extra: its shape" in refused_model(model, tmp_path)


def test_that_sparse_weights_are_refused(tmp_path: Path) -> None:
    model = models.conv_relu()
    values = onnx.helper.make_tensor("sparse", onnx.TensorProto.FLOAT, [1], [1.0])
    indices = onnx.helper.make_tensor("indices", onnx.TensorProto.INT64, [1], [0])
    sparse = onnx.helper.make_sparse_tensor(values, indices, [4])
    model.graph.sparse_initializer.append(sparse)
    words = "stored sparse, which Quantscope does not read. Export the model again with dense"
    assert ", tensor sparse: " in refused_model(model, tmp_path)
    del model.graph.sparse_initializer[:]
    model.graph.node.append(
        onnx.helper.make_node("Constant", [], ["s"], name="fixed", sparse_value=sparse)
    )
    sentence = refused_model(model, tmp_path)
    assert ", layer fixed: " in sentence and words in sentence


# ---- the network ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (6, "its opset 6 is too old: Quantscope reads 7 to"),
        (99, "its opset 99 is too new: Quantscope reads 7 to"),
        (None, "it does not say its opset"),
    ],
)
def test_that_the_opset_must_be_known(version: int | None, words: str, tmp_path: Path) -> None:
    model = models.conv_relu()
    if version is None:
        del model.opset_import[:]
    else:
        model.opset_import[0].version = version
    sentence = refused_model(model, tmp_path)
    assert words in sentence and "xport the model again" in sentence


def test_that_a_newer_format_is_refused(tmp_path: Path) -> None:
    model = models.conv_relu()
    model.ir_version = 99
    sentence = refused_model(model, tmp_path)
    assert "its format (IR version 99) is newer" in sentence and "update Quantscope" in sentence


@pytest.mark.parametrize("part", ["nodes", "outputs", "inputs"])
def test_that_a_network_without_a_part_is_refused(part: str, tmp_path: Path) -> None:
    model = models.old_style_net()
    field = {"nodes": "node", "outputs": "output", "inputs": "input"}[part]
    model.graph.ClearField(field)
    assert f": the network has no {part}. " in refused_model(model, tmp_path)


def test_that_weights_alone_are_no_inputs(tmp_path: Path) -> None:
    model = models.old_style_net()
    del model.graph.input[0]
    assert ": the network has no inputs. " in refused_model(model, tmp_path)


RELU = "net (float[N] x) => (float[N] y) {{ {} }}"
TRAINING = "runs in training mode, where results depend on chance and batch. Put the network into"


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (
            "y = my.ops.Foo(x)",
            ", layer Foo (makes y): its operator Foo is from the unknown domain my.ops. Export",
        ),
        ("y = Foo(x)", ", layer Foo (makes y): its operator Foo is unknown. Export the model"),
        ("y = Gelu(x)", "its operator Gelu needs a newer opset (20) than the model has (13)"),
        ("y = Add(x, b)", ", layer Add: it reads b, which nothing makes. Export the model again"),
        ("a = Add(x, b) b = Relu(a) y = Abs(b)", ", layer Add: it waits for b, which waits for it"),
        ("a = Relu(x)", ": no layer makes the network's output y. Export the model again"),
        ("y = Relu(x) y = Abs(x)", ": it is not valid ONNX: Graph must be in single static"),
        ("y = Add(x)", ": it is not valid ONNX: Node with schema(::Add:13) has input size 1"),
        ("y = Relu<foo = 1>(x)", ": it is not valid ONNX: Unrecognized attribute: foo"),
        ("y = local.g(x)", "from the unknown domain local"),
        (
            "y = com.microsoft.MatMulNBits(x)",
            "the model is quantized already, by MatMulNBits, whose types are not read. Open the",
        ),
        ("y = ConvInteger(x, x)", "by ConvInteger, whose types are not read. Open the float model"),
        (
            "t = Constant<value = bool {1}>() y = Dropout(x, , t)",
            f", layer Dropout (makes y): Dropout {TRAINING}",
        ),
    ],
)
def test_that_networks_that_cannot_be_quantized_name_the_layer(
    nodes: str, words: str, tmp_path: Path
) -> None:
    assert words in refused_model(parsed(RELU.format(nodes)), tmp_path)


def test_that_the_checkers_complaint_names_the_layer(tmp_path: Path) -> None:
    model = models.conv_relu()
    model.graph.node[0].name = "stem"
    model.graph.node[0].attribute.add(name="mystery", i=1, type=onnx.AttributeProto.INT)
    sentence = refused_model(model, tmp_path)
    assert sentence.startswith(", layer stem: it is not valid ONNX: ")


def test_that_operators_inside_functions_and_branches_count(tmp_path: Path) -> None:
    function = """net (float[N] x) => (float[N] y) { y = local.f(x) }
        <domain: "local", opset_import: ["": 13]> f (u) => (o) { o = Mystery(u) }"""
    branch = """net (float[N] x, bool c) => (float[N] y) { y = If (c) <
        then_branch = t () => (float[N] p) { p = Mystery(x) },
        else_branch = e () => (float[N] q) { q = Relu(x) }> }"""
    for text in (function, branch):
        assert "its operator Mystery is unknown" in refused_model(parsed(text), tmp_path)


def test_that_functions_that_call_themselves_are_refused(tmp_path: Path) -> None:
    text = """net (float[N] x) => (float[N] y) { y = local.f(x) }
        <domain: "local", opset_import: ["": 13, "local": 1]> f (u) => (o) { o = local.f(u) }"""
    assert "must not be recursive" in refused_model(parsed(text), tmp_path)


def test_that_dropout_in_evaluation_mode_opens(tmp_path: Path) -> None:
    nodes = (
        "r = Constant<value = float {0.5}>() t = Constant<value = bool {0}>() "
        "a = Dropout(x, r, t) y, m = Dropout(a)"
    )
    assert open_model(models.save(parsed(RELU.format(nodes)), tmp_path)).opset == 13


@pytest.mark.parametrize("how", ["attribute", "outputs"])
def test_that_batch_norm_in_training_mode_is_refused(how: str, tmp_path: Path) -> None:
    model = models.residual_net()
    node = next(n for n in model.graph.node if n.op_type == "BatchNormalization")
    if how == "attribute":
        model.opset_import[0].version = 15
        node.attribute.append(onnx.helper.make_attribute("training_mode", 1))
    else:
        node.output.extend(["mean", "variance"])
    sentence = refused_model(model, tmp_path)
    assert sentence.startswith(f", layer bn1: BatchNormalization {TRAINING}")


def test_that_long_names_are_cut(tmp_path: Path) -> None:
    model = models.conv_relu()
    model.graph.node[0].name = "n" * 100_000
    model.graph.node[0].op_type = "o" * 100_000
    assert len(refused_model(model, tmp_path)) < 1000


# ---- damage --------------------------------------------------------------------------------------

_FUNCTION = """net (float[N,2] x, bool c) => (float[N,2] y) <float[2] w = {1, 2}> {
    a = Constant<value = float[2] {1, 2}>() z = local.f(x, w)
    y = If (c) <then_branch = t () => (float[N,2] p) { p = Add(z, a) },
                else_branch = e () => (float[N,2] q) { q = Relu(z) }> }
    <domain: "local", opset_import: ["": 13]> f (u, v) => (o) { m = Mul(u, v) o = Relu(m) }"""
_VALID = [parsed(_FUNCTION).SerializeToString(), models.conv_relu().SerializeToString()]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.sampled_from(_VALID),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
    kept=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_that_damaged_models_are_refused_in_a_sentence_or_opened(
    data: bytes, flips: list[tuple[float, int]], kept: float, tmp_path: Path
) -> None:
    damaged = bytearray(data)
    for place, value in flips:
        damaged[int(place * (len(data) - 1))] = value
    path = tmp_path / "damaged.onnx"
    path.write_bytes(damaged[: int(kept * len(data))])
    try:
        open_model(path)
    except QuantscopeError as refusal:
        sentence = str(refusal)
    else:
        sentence = str(path)
    assert sentence.startswith(str(path))
    assert len(sentence) < 1500
