"""Archives taken apart and put together wrongly, and the sentence with which each is refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantscope.core.errors import QuantscopeError
from quantscope.session.calibration_file import read_calibration
from quantscope.session.session_file import load_session

Members = dict[str, bytes]
Edit = Callable[[Any], object]
STORED = zipfile.ZIP_STORED


def members_of(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(members: Members, compression: int = STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return stream.getvalue()


def edited(content: bytes, member: str, edit: Callable[[Any], object]) -> bytes:
    """The archive with the JSON of ``member`` edited in place (or replaced by what is returned)."""
    members = members_of(content)
    data = json.loads(members[member])
    result = edit(data)
    members[member] = json.dumps(data if result is None else result).encode()
    return pack(members)


def with_array(content: bytes, member: str, array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return pack(members_of(content) | {member: stream.getvalue()})


def array_in(content: bytes, member: str) -> np.ndarray:
    array: np.ndarray = np.load(io.BytesIO(members_of(content)[member]))
    return array


def refusal_of_session(content: bytes, folder: Path) -> str:
    path = folder / "bad.qscope"
    path.write_bytes(content)
    with pytest.raises(QuantscopeError) as caught:
        load_session(path)
    return told(caught.value, path)


def refusal_of_calibration(content: bytes, folder: Path) -> str:
    """Read all of it: what is wrong with an array shows when it is asked for."""
    path = folder / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(QuantscopeError) as caught:
        dict(read_calibration(path).statistics)
    return told(caught.value, path)


def told(error: QuantscopeError, path: Path) -> str:
    """The sentence, which must be one line that begins with the file's name."""
    sentence = str(error)
    assert sentence.startswith(f"{path}: ")
    assert "\n" not in sentence
    return sentence.removeprefix(f"{path}: ")
