"""What a file that is not ONNX looks like, so that the refusal can say what to do about it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

HEAD_BYTES = 512  # of a file: enough to recognise every kind below

_CHOOSE = "Choose an ONNX model"
_EXPORT = "Export the network to ONNX and open the exported file"
_EXPORT_TORCH = "Export the network with torch.onnx.export and open the exported file"
_EXPORT_TF = "Convert it with tf2onnx and open the converted file"


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file in words ("a PNG picture"), and what its owner should do instead."""

    name: str
    remedy: str


# Bytes at an offset, and the kind of file that has them there.
_SIGNATURES = (
    (0, b"\x89PNG\r\n", FileKind("a PNG picture", _CHOOSE)),
    (0, b"\xff\xd8\xff", FileKind("a JPEG picture", _CHOOSE)),
    (0, b"GIF8", FileKind("a GIF picture", _CHOOSE)),
    (0, b"%PDF", FileKind("a PDF document", _CHOOSE)),
    (0, b"\x93NUMPY", FileKind("a NumPy array", _CHOOSE)),
    (0, b"\x89HDF\r\n", FileKind("a Keras or HDF5 file", _EXPORT_TF)),
    (4, b"TFL3", FileKind("a TensorFlow Lite model", _EXPORT_TF)),
    (4, b"ORTM", FileKind("a model in ONNX Runtime's own format", "Open the .onnx it came from")),
    (0, b"GGUF", FileKind("a GGUF model", _EXPORT)),
    (8, b'{"', FileKind("a safetensors file: weights without a network", _EXPORT_TORCH)),
    (0, b"\x80\x02", FileKind("a PyTorch or pickle file", _EXPORT_TORCH)),
    (0, b"\x80\x04", FileKind("a PyTorch or pickle file", _EXPORT_TORCH)),
    (0, b"\x1f\x8b", FileKind("a gzip archive", "Unpack it and open the ONNX model inside")),
    (257, b"ustar", FileKind("a tar archive", "Unpack it and open the ONNX model inside")),
    (0, b"\x7fELF", FileKind("a program", _CHOOSE)),
    (0, b"MZ", FileKind("a program", _CHOOSE)),
)

# The end of a member's name in a zip file, and what such a file is.
_ZIP_MEMBERS: Mapping[str, FileKind] = MappingProxyType(
    {
        "data.pkl": FileKind("a PyTorch file", _EXPORT_TORCH),
        "model.weights.h5": FileKind("a Keras model", _EXPORT_TF),
        ".npy": FileKind("a NumPy archive", _CHOOSE),
        ".onnx": FileKind("a zip archive", "Unpack it and open the ONNX model inside"),
    }
)

# The beginning of a text, in lower case without leading blanks.
_TEXTS = (
    (
        "version https://git-lfs",
        FileKind("a Git LFS pointer in place of the model", "Fetch the model with: git lfs pull"),
    ),
    ("<!doctype html", FileKind("a web page", "Download the model itself, not the page about it")),
    ("<html", FileKind("a web page", "Download the model itself, not the page about it")),
)


def recognise(path: Path, head: bytes) -> FileKind | None:
    """What the file whose first bytes are ``head`` looks like; ``None`` where that is unclear."""
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    for offset, magic, kind in _SIGNATURES:
        if head[offset : offset + len(magic)] == magic:
            return kind
    return _text_kind(head)


def _zip_kind(path: Path) -> FileKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        names = []
    for ending, kind in _ZIP_MEMBERS.items():
        if any(name.endswith(ending) for name in names):
            return kind
    return FileKind("a zip archive", _CHOOSE)


def _text_kind(head: bytes) -> FileKind | None:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as failure:
        if failure.start < len(head) - 3:  # otherwise the head ends inside a character
            return None
        text = head[: failure.start].decode("utf-8")
    beginning = text.lstrip("\ufeff \t\r\n").lower()
    for start, kind in _TEXTS:
        if beginning.startswith(start):
            return kind
    if all(character.isprintable() or character in "\ufeff\t\r\n" for character in text):
        return FileKind("a text file", _CHOOSE)
    return None
