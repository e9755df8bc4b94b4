"""A Python file makes samples once a person has agreed to it, and what it does wrong is told."""

import gc
from pathlib import Path

import numpy as np
import pytest

from quantscope.core.data.description import DataDescription, SourceKind, content_hash
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources import generated
from quantscope.engine.sources.opening import guess_source, open_source
from quantscope.engine.sources.samples import SampleSource

X = Port(name="x", dtype="float32", shape=("batch", 2))
IDS = Port(name="ids", dtype="int64", shape=("batch", "length"))
COUNTING = """
import numpy as np

def samples():
    for number in range(5):
        yield {"x": np.full(2, number, np.float32), "ids": [number] * (number + 1)}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.py"


def opened(
    path: Path, *inputs: Port, samples: int | None = None, shuffle: int | None = None
) -> SampleSource:
    description = DataDescription(
        kind=SourceKind.PYTHON,
        path=str(path),
        samples=samples,
        shuffle=shuffle,
        trusted=content_hash(path.read_bytes()),
    )
    return open_source(description, inputs)


def refusal(path: Path, text: str, *inputs: Port) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QuantscopeError) as caught:
        opened(path, *(inputs or (X,))).sample(0)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def test_that_samples_are_read_in_any_order_with_varying_lengths(file: Path) -> None:
    file.write_text(COUNTING)
    source = opened(file, X, IDS)
    assert source.names == tuple(f"sample {number}" for number in range(5))
    for number in (3, 0, 4):
        sample = source.sample(number)
        assert sample["x"].tolist() == [[number, number]]
        assert sample["ids"].tolist() == [[number] * (number + 1)]


def test_that_a_limit_stops_an_endless_generator_and_no_limit_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = "def samples():\n    while True:\n        yield {'x': [1.0, 2.0]}\n"
    file.write_text(endless)
    assert len(opened(file, X, samples=3)) == 3
    monkeypatch.setattr(generated, "MOST_SAMPLES", 20)
    assert "has yielded 20 samples and goes on. Say how many" in refusal(file, endless)


def test_that_shuffling_takes_from_all_samples(file: Path) -> None:
    file.write_text(COUNTING)
    taken = opened(file, X, samples=3, shuffle=1).names
    assert len(set(taken)) == 3
    assert taken != ("sample 0", "sample 1", "sample 2")


@pytest.mark.parametrize("trusted", ["", content_hash(b"another file")])
def test_that_a_file_is_not_run_before_a_person_agreed_to_its_content(
    file: Path, tmp_path: Path, trusted: str
) -> None:
    file.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    description = DataDescription(kind=SourceKind.PYTHON, path=str(file), trusted=trusted)
    why = "has changed since it was agreed" if trusted else "nobody has agreed to run it"
    with pytest.raises(QuantscopeError, match=why):
        open_source(description, [X])
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file has no function samples(). Write one: def samples(...)"),
        ("samples = 3", "the file has no function samples()"),
        ("def samples():\n    return\n    yield", "samples() yields nothing"),
        (
            "def samples() -> None:\n    return",
            "samples() gives a NoneType, not one sample after the other",
        ),
        ("def samples(): yield", "sample 0: samples() yields a NoneType, not a dictionary"),
        ("def samples(): yield [1, 2]", "yields a list, not a dictionary. Yield an array for"),
        ("def samples(): yield {'y': [1, 2]}", "no array for the input `x`; there are `y`"),
        ("def samples(): yield {'x': [1, 2, 3]}", "wants batchx2 float32 and the sample gives 3"),
        ("def samples(): yield {'x': [[1, 2], [3]]}", "input `x`: a list is no array of numbers"),
        ("def samples(): yield {'x': object()}", "input `x`: a object is no array of numbers"),
        ("def samples(): yield {'x': [float('nan'), 1]}", "the data holds 1 NaN"),
        ("\nraise ValueError('no\\nluck')", "the file raised ValueError (no luck), line 2"),
        ("import no_such_module", "the file raised ModuleNotFoundError"),
        ("def samples(:", "the file raised SyntaxError"),
        ("def samples(:", ", line 1. Correct the file"),
        ("import sys\nsys.exit(3)", "the file raised SystemExit (3), line 2"),
        ("def samples(a): yield", "samples() raised TypeError"),
        (
            "def samples():\n    yield {'x': [1, 2]}\n    1 / 0",
            "samples(), at sample 1, raised ZeroDivisionError (division by zero), line 3",
        ),
        ("x = '\\N{nothing}'", "the file raised SyntaxError"),
    ],
)
def test_that_a_file_that_does_wrong_is_told(file: Path, text: str, sentence: str) -> None:
    assert sentence in refusal(file, text)


def test_that_a_file_that_is_no_text_is_told(file: Path) -> None:
    file.write_bytes(b"\xff\x00")
    with pytest.raises(QuantscopeError, match="data.py: the file raised "):
        opened(file, X)


def test_that_what_a_file_prints_stays_out_of_standard_output(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("print('here')\n" + COUNTING.replace("    for", "    print('there')\n    for"))
    opened(file, X, IDS)
    assert capsys.readouterr() == ("", "here\nthere\n")


def test_that_the_files_of_samples_are_gone_with_the_source(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file.write_text(COUNTING)
    source = opened(file, X, IDS)
    assert list(tmp_path.glob("quantscope-samples-*/*.npy"))
    assert np.isfinite(source.sample(4)["x"]).all()
    del source
    gc.collect()
    assert list(tmp_path.iterdir()) == [file]


def test_that_a_python_file_is_recognized(file: Path) -> None:
    file.write_text(COUNTING)
    assert guess_source(str(file)) is SourceKind.PYTHON
