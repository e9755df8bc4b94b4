"""How the tests of faults ask: bad data is opened and read whole, and must be told in a sentence.

Which fault of which source is where (`test_faults_of_...py` in this folder):

| fault | paths | arrays | pictures | tables | recordings | test_data | python_files | joined |
|---|---|---|---|---|---|---|---|---|
| missing, no file, pipe, loop, odd names | all kinds | | | | | | | x |
| empty, truncated, other content | | x | x | x | x | x | x | |
| text, objects, complex, wrong shape | | x | - | x | - | x | x | |
| NaN, infinite, no rows | | x | - | x | x | x | x | |
| names of inputs | | x | - | x | - | x | x | |
| wants pickle | | x | - | - | - | - | x | |
| unpacks to too much, header that lies | | x | x | x | x | x | x | |
| some bad among good | | x | x | x | x | x | | x |

Labels are in `tests/engine/validation/test_faults_of_labels.py`, steps of the preprocessing in
`test_preprocessing_steps.py`, bad settings in `tests/core/test_data.py` and `test_sound.py`.
"""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import check_source, open_source

X = Port(name="x", dtype="float32", shape=("n", 2, 3))
Y = Port(name="y", dtype="float32", shape=("n", 2))
PICTURE = Port(name="image", dtype="float32", shape=("n", 3, 4, 6))
SOUND = Port(name="sound", dtype="float32", shape=("n", 100))
INPUT = {SourceKind.IMAGES: PICTURE, SourceKind.WAV: SOUND}  # of the others: X
OF_A_LIBRARY = re.compile(r"Errno|object at 0x|<class|Traceback|Error\(|\d+ bytes not processed")


def data_of(kind: SourceKind, path: Path | str, **settings: Any) -> DataDescription:
    """All samples at ``path``, as they are."""
    return DataDescription(kind=kind, path=str(path), **settings)


def told(data: DataDescription, *inputs: Port, name: str = "") -> str:
    """The sentence that refuses ``data`` when it is opened, or when all its samples are read.

    It must say where: ``name``, by default that of the path.
    """
    with pytest.raises(QuantscopeError) as caught:
        for _ in open_source(data, inputs or (INPUT.get(data.kind, X),)):
            pass
    problem = caught.value.problem
    sentence = problem.sentence()
    assert (name or Path(data.path).name) in problem.where
    assert problem.what and problem.remedy
    assert not OF_A_LIBRARY.search(sentence), sentence
    assert len(sentence) < 1000
    return sentence


def read_or_told(data: DataDescription) -> str:
    """Empty where the first sample can be read, else the sentence; what is no sentence fails."""
    inputs = (INPUT.get(data.kind, X),)
    try:
        check_source(data, inputs)
    except QuantscopeError as refused:
        return str(refused)
    return ""


@contextmanager
def little_memory(most: int = 32 << 20) -> Iterator[None]:
    """What is in it must not take ``most`` bytes."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most
