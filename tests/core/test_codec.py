"""What is written as JSON is read back equal, and what was damaged is a ValueError."""

import dataclasses
import enum
import importlib
import json
import math
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quantscope.core
from quantscope.core import codec
from quantscope.core.codec import decode, decoding, encode, json_pieces, json_text
from quantscope.core.data.description import (
    Preprocessing,
)
from quantscope.core.networks.network import Layer, LayerKind
from quantscope.core.numbers.formats import DataType, FixedPoint
from quantscope.core.planning.schemes import Scheme
from tests.core.written_values import NEVER_WRITTEN, WRITTEN, data_types, texts, whole

TESTED_APART = ("exchange", "metrics")  # rooms with formats of their own


def through_json(value: object) -> Any:
    return json.loads(json.dumps(encode(value), allow_nan=False))


def test_that_every_dataclass_of_core_is_either_written_or_known_not_to_be():
    found = set()
    for module in pkgutil.walk_packages(quantscope.core.__path__, "quantscope.core."):
        if module.name.split(".")[2] in TESTED_APART:
            continue
        members = vars(importlib.import_module(module.name)).values()
        found |= {
            m.__name__
            for m in members
            if isinstance(m, type) and dataclasses.is_dataclass(m) and m.__module__ == module.name
        }
    found = {name for name in found if not name.startswith("_")}  # a module's own affair
    assert found - NEVER_WRITTEN == {kind.__name__ for kind in WRITTEN}


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.__name__)
def test_that_values_read_back_equal(kind):
    @settings(max_examples=6)
    @given(WRITTEN[kind])
    def reads_back(value):
        assert decode(kind, through_json(value)) == value

    reads_back()


def in_steps(kind: Any, data: Any) -> tuple[Any, int]:
    """What comes of decoding in steps, and after how many pauses."""
    steps, pauses = decoding(kind, data), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, pauses
        pauses += 1


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.__name__)
def test_that_values_read_back_equal_in_steps(kind):
    @settings(max_examples=3)
    @given(WRITTEN[kind])
    def reads_back(value):
        assert in_steps(kind, through_json(value))[0] == value

    reads_back()


@settings(max_examples=30)
@given(data_types)
def test_that_a_union_reads_back_as_the_member_that_was_written(value):
    again = decode(DataType, through_json(value))
    assert type(again) is type(value)
    assert again == value


json_values = st.recursive(
    st.none() | st.booleans() | whole | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.__name__)
def test_that_damaged_values_are_refused_as_a_value_error(kind):
    """Whatever replaces one entry, the answer is a value of that kind or a ValueError."""

    @settings(max_examples=6)
    @given(WRITTEN[kind], json_values, st.data())
    def is_refused(value, damage, data):
        written = through_json(value)
        written[data.draw(st.sampled_from(sorted(written)))] = damage
        try:
            assert isinstance(decode(kind, written), kind)
        except ValueError:
            return

    is_refused()


# ---- single rules --------------------------------------------------------------------------------


class Size(enum.IntEnum):
    SMALL = 1


@dataclass(frozen=True)
class Sample:
    ratio: float
    size: Size = Size.SMALL
    flag: bool = False
    several: tuple[int, ...] = ()
    pair: tuple[int, str] = (0, "")
    table: Mapping[str, list[float]] = dataclasses.field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    maybe: int | None = None
    anything: Any = None
    derived: int = dataclasses.field(default=7, init=False)


def test_that_what_json_has_is_written_plainly():
    sample = Sample(0.5, several=(1, 2), pair=(3, "x"), table={"a": [1.0]}, tags=frozenset("ba"))
    assert encode(sample) == {
        "class": "Sample",
        "ratio": 0.5,
        "size": 1,
        "flag": False,
        "several": [1, 2],
        "pair": [3, "x"],
        "table": {"a": [1.0]},
        "tags": ["a", "b"],
        "maybe": None,
        "anything": None,
        "derived": 7,
    }
    assert decode(Sample, through_json(sample)) == sample


@pytest.mark.parametrize(
    ("value", "text"), [(math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan")]
)
def test_that_floats_that_json_lacks_are_written_as_words(value, text):
    written = through_json(Sample(value))
    assert written["ratio"] == text
    again = decode(Sample, written).ratio
    assert again == value or (math.isnan(again) and math.isnan(value))


def test_that_a_field_called_kind_keeps_its_value():
    layer = Layer(name="a", label="a", operator="Conv", kind=LayerKind.WEIGHTED)
    assert encode(layer)["kind"] == "weighted"
    assert encode(layer)["class"] == "Layer"


def test_that_whole_numbers_are_taken_for_floats_and_not_the_other_way():
    assert decode(float, 3) == 3.0
    assert isinstance(decode(float, 3), float)
    with pytest.raises(ValueError, match="not of type int"):
        decode(int, 3.0)
    with pytest.raises(ValueError, match="largest float"):
        decode(float, 10**400)


def test_that_unknown_entries_are_ignored_and_missing_ones_take_their_default():
    assert decode(Sample, {"ratio": 1.0, "colour": "green"}) == Sample(1.0)
    with pytest.raises(ValueError, match="ratio"):
        decode(Sample, {"flag": True})


def test_that_anything_is_handed_through_where_anything_is_asked_for():
    assert decode(Sample, {"ratio": 1.0, "anything": {"deep": [1, None]}}).anything == {
        "deep": [1, None]
    }
    assert decode(object, "x") == "x"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Sample, [1.0]),
        (Sample, {"class": "Other", "ratio": 1.0}),
        (float, "1.5"),
        (float, True),
        (float, None),
        (int, True),
        (bool, 1),
        (str, 1),
        (Size, 2),
        (Scheme, "MINMAX"),
        (Scheme, ["minmax"]),
        (tuple[int, ...], 5),
        (tuple[int, ...], "12"),
        (tuple[int, str], [1]),
        (tuple[int, str], [1, "a", 2]),
        (Mapping[str, int], [["a", 1]]),
        (Mapping[str, int], {"a": "1"}),
        (list[int], {"a": 1}),
        (frozenset[str], "abc"),
        (int | None, "none"),
        (DataType, {"class": "Network"}),
        (DataType, {"class": "Scaled", "scale": -1.0}),
        (DataType, {"class": "FixedPoint", "word_length": 10**9}),
        (Preprocessing, {"std": [0.0]}),
        (Preprocessing, {"mean": []}),
    ],
)
def test_that_what_does_not_fit_is_a_value_error(kind, data):
    with pytest.raises(ValueError, match=r"."):
        decode(kind, data)


@dataclass(frozen=True)
class Many:
    pairs: Mapping[str, Sample]
    numbers: tuple[int, ...]
    maybe: Sample | None = None


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.__name__)
def test_that_pieces_are_the_text_of_the_whole(kind, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(codec, "STEP", 2)

    @settings(max_examples=3)
    @given(WRITTEN[kind])
    def is_the_text(value):
        assert "".join(json_pieces(value)) == json_text(encode(value))

    is_the_text()


def test_that_no_piece_holds_more_than_some_entries(monkeypatch: pytest.MonkeyPatch):
    many = Many({str(n): Sample(float(n)) for n in range(9)}, tuple(range(5)), Sample(1.0))
    monkeypatch.setattr(codec, "STEP", 2)
    pieces = list(json_pieces(many))
    assert "".join(pieces) == json_text(encode(many))
    assert max(piece.count("Sample") for piece in pieces) == 2


@pytest.mark.parametrize("values", [(0.5, 1.0), (0.5, 1), (0.5, math.inf), (0.5, True), ()])
def test_that_floats_are_written_as_they_are_and_only_where_all_are(values):
    assert encode(values) == ["inf" if value == math.inf else value for value in values]


def test_that_reading_pauses_within_long_lists_and_mappings(monkeypatch: pytest.MonkeyPatch):
    many = Many({str(n): Sample(float(n)) for n in range(9)}, tuple(range(5)), Sample(1.0))
    monkeypatch.setattr(codec, "STEP", 2)
    assert in_steps(Many, through_json(many)) == (many, 4 + 2)
    assert in_steps(Many, {"pairs": {}, "numbers": []}) == (Many({}, ()), 0)
    plain = {"pairs": {}, "numbers": [], "maybe": {"ratio": 2.0}}  # of no class that it states
    assert in_steps(Many, plain) == (Many({}, (), Sample(2.0)), 0)


@pytest.mark.parametrize(
    "data",
    [
        {"class": "Other", "pairs": {}, "numbers": []},
        {"pairs": {"a": {"ratio": "x"}}, "numbers": []},
        {"pairs": [], "numbers": []},
        {"pairs": {}, "numbers": {}},
        {"pairs": {}, "numbers": ["1"]},
        {"pairs": {}},
    ],
)
def test_that_what_does_not_fit_is_a_value_error_in_steps_too(data):
    with pytest.raises(ValueError, match=r"."):
        in_steps(Many, data)


def test_that_a_union_without_a_class_takes_the_first_that_fits():
    assert decode(DataType, {"word_length": 8, "fraction_length": 3}) == FixedPoint(8, 3)
    assert decode(DataType, {"scales": [1.0]}) == FixedPoint()  # all entries have defaults
    assert decode(int | str, "N") == "N"
    assert decode(int | None, None) is None


def test_that_what_cannot_be_written_is_a_type_error():
    for value in (object(), Sample, 1j, b"bytes"):
        with pytest.raises(TypeError, match="cannot be written as JSON"):
            encode(value)
