"""Python files whose samples() does wrong in every way that it can."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quantscope.core.data.description import SourceKind, content_hash
from quantscope.engine.sources import generated
from quantscope.engine.sources.opening import open_source
from tests.engine.sources.faults import X, Y, data_of, little_memory, told

START = "import ml_dtypes, numpy as np\nx = np.ones((2, 3), np.float32)\n"
BAD = """
class Bad:
    def __array__(self, *a, **k): raise RuntimeError('needs detach()')
class Mute(BaseException):
    def __str__(self): raise RuntimeError
class Map(__import__('collections').UserDict):
    def __contains__(self, key): raise LookupError('no keys')
"""


def trusted(folder: Path, text: str) -> Path:
    (folder / "data.py").write_text(text)
    return folder / "data.py"


def refusal(folder: Path, text: str, *inputs: object) -> str:
    path = trusted(folder, text)
    data = data_of(SourceKind.PYTHON, path, trusted=content_hash(path.read_bytes()))
    with little_memory():
        return told(data, *inputs)


def yields(*values: str) -> str:
    lines = "".join(f"    yield {value}\n" for value in values)
    return f"{START}{BAD}def samples():\n{lines}"


NOT_ONE_BY_ONE = "not one sample after the other. Write a yield for each sample"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file has no function samples()"),
        ("samples = 3", "the file has no function samples()"),
        ("def samples(): return None", f"samples() gives a NoneType, {NOT_ONE_BY_ONE}"),
        ("async def samples(): return 1", f"samples() gives a coroutine, {NOT_ONE_BY_ONE}"),
        ("def samples(): return []", "samples() yields nothing. Yield at least one sample"),
        (yields("{'x': x}", "1 / 0"), "at sample 1, raised ZeroDivisionError (division by zero), "),
        (BAD + "def samples(): raise Mute", "samples() raised Mute, line 8. Correct the file"),
        ("def samples(): yield from samples()", "raised RecursionError (maximum recursion"),
        ("raise GeneratorExit", "the file raised GeneratorExit, line 1"),
        (yields("x"), "sample 0: samples() yields a ndarray, not a dictionary. Yield an array for"),
        (yields("{}"), "no array for the input `x`; there are none. Yield an array under the name"),
        (yields("{n: x for n in range(99)}"), "there are `0`, `1`, "),
        (yields("Map()"), "sample 0 raised LookupError (no keys)"),
        (yields("{'x': Bad()}"), "sample 0 raised RuntimeError (needs detach()), line 5"),
        (yields("{'x': [[1], [2, 3]]}"), "input `x`: a list is no array of numbers. Yield numpy"),
        (yields("{'x': None}"), "input `x`: a NoneType is no array of numbers"),
        (yields("{'x': 'abc'}"), "the sample gives <U3. Save the data as real numbers"),
        (yields("{'x': x + 1j}"), "the sample gives complex64. Save the data as real numbers"),
        (yields("{'x': x.T}"), "the input wants nx2x3 float32 and the sample gives 3x2 float32"),
        (yields("{'x': x}", "{'x': x * np.nan}"), "sample 1, input `x`: the data holds 6 NaN"),
        (
            yields("{'x': np.broadcast_to(np.float32(1), (10**6, 10**6))}"),
            "sample 0: it has 1000000x1000000 values, more than one sample can have",
        ),
    ],
)
def test_that_a_file_that_does_wrong_is_told(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(tmp_path, text)


def test_that_an_array_is_missed_by_its_name(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, yields("{'x': x}"), X, Y)
    assert "sample 0: there is no array for the input `y`; there are `x`" in sentence


def test_that_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(generated.np, "save", save)
    sentence = refusal(tmp_path, yields("{'x': x}"))
    assert "sample 0: it can't be kept in " in sentence
    assert "(no space left on device). Make room there, or ask for fewer samples" in sentence


def test_that_an_endless_file_ends_at_the_limit_or_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{START}def samples():\n    while True:\n        yield {{'x': x}}\n"
    monkeypatch.setattr(generated, "MOST_SAMPLES", 20)
    assert "samples() has yielded 20 samples and goes on. Say how many" in refusal(tmp_path, text)
    path = trusted(tmp_path, text)
    data = data_of(SourceKind.PYTHON, path, samples=3, trusted=content_hash(path.read_bytes()))
    assert len(open_source(data, [X])) == 3


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "int4"])
def test_that_types_that_files_forget_are_kept(tmp_path: Path, dtype: str) -> None:
    path = trusted(tmp_path, yields(f"{{'x': 3 * x.astype(ml_dtypes.{dtype})}}"))
    data = data_of(SourceKind.PYTHON, path, trusted=content_hash(path.read_bytes()))
    assert np.array_equal(open_source(data, [X]).sample(0)["x"], np.full((1, 2, 3), 3.0))
