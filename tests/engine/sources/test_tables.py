"""Rows of text and Parquet tables become samples, or are refused with the row and the column."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import guess_source, open_source
from quantscope.engine.sources.samples import SampleSource

FEATURES = Port(name="x", dtype="float32", shape=("batch", 3))
GRID = Port(name="x", dtype="float32", shape=("batch", 2, 3))
WORDS = Port(name="ids", dtype="int64", shape=("batch", "length"))
MASK = Port(name="mask", dtype="int64", shape=("batch", 2))


def opened(path: Path, *inputs: Port) -> SampleSource:
    kind = guess_source(str(path))
    return open_source(DataDescription(kind=kind, path=str(path)), inputs)


def table(folder: Path, text: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(path: Path, *inputs: Port, number: int = 0) -> str:
    with pytest.raises(QuantscopeError) as caught:
        opened(path, *inputs).sample(number)
    return str(caught.value)


# ---- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("heading", ["", "a,b,c"])
def test_that_rows_are_read_in_any_order(
    tmp_path: Path, separator: str, ends: str, mark: str, heading: str
) -> None:
    lines = [*filter(None, [heading]), "1,-2.5,3e2", ' 4 ,"5",6', "7,8,9"]
    path = table(tmp_path, mark + ends.join(lines).replace(",", separator))
    source = opened(path, FEATURES)
    assert source.names == ("row 0", "row 1", "row 2")
    expected = [[7, 8, 9], [1, -2.5, 300], [4, 5, 6]]
    found = [source.sample(number)["x"] for number in (2, 0, 1)]
    assert np.array_equal(np.concatenate(found), np.array(expected, np.float32))


def test_that_a_row_fills_the_shape_of_the_input_row_by_row(tmp_path: Path) -> None:
    sample = opened(table(tmp_path, "1,2,3,4,5,6\n"), GRID).sample(0)
    assert np.array_equal(sample["x"], [[[1, 2, 3], [4, 5, 6]]])


def test_that_one_free_dimension_takes_what_is_left(tmp_path: Path) -> None:
    free = Port(name="x", dtype="float32", shape=(1, "time", 3))
    assert opened(table(tmp_path, "1,2,3,4,5,6\n"), free).sample(0)["x"].shape == (1, 2, 3)


def test_that_whole_numbers_stay_whole_for_integer_inputs(tmp_path: Path) -> None:
    large = 2**62 + 1
    assert opened(table(tmp_path, f"1,{large}\n"), WORDS).sample(0)["ids"].tolist() == [[1, large]]
    sentence = refusal(table(tmp_path, "1.5,2\n"), WORDS)
    assert "the input wants int64 and the sample gives float64" in sentence


@pytest.mark.parametrize("form", ["{}_{}", "{}.{}", "{}[{}]"])
def test_that_headings_say_which_columns_fill_which_input(tmp_path: Path, form: str) -> None:
    titles = [form.format("mask", 1), "label", form.format("ids", 0), form.format("mask", 0)]
    path = table(tmp_path, ",".join(titles) + "\n1,cat,7,0\n")
    sample = opened(path, WORDS, MASK).sample(0)
    assert sample["ids"].tolist() == [[7]]
    assert sample["mask"].tolist() == [[0, 1]]


def test_that_a_column_of_the_input_s_own_name_is_enough(tmp_path: Path) -> None:
    scalar = Port(name="x", dtype="float32", shape=("batch",))
    assert opened(table(tmp_path, "x,y\n3,4\n"), scalar).sample(0)["x"].tolist() == [3.0]


@pytest.mark.parametrize(
    ("text", "inputs", "sentence"),
    [
        ("", [FEATURES], "table.csv: the table can't be read (it is empty)"),
        ("\n \n", [FEATURES], "the table can't be read (it is empty)"),
        ("a,b,c\n", [FEATURES], "it has headings and no rows"),
        (b"\xff\xfe1\x00,\x002\x00", [FEATURES], "it is no plain text in UTF-8"),
        ("1,2\n", [FEATURES], "wants batchx3 float32, and the row gives 2 values. Give 3 values"),
        ("1,2\n", [FEATURES], "table.csv, row 0, input `x`: "),
        ("1,2,3,4\n", [GRID], "gives 4 values. Give 6 values"),
        ("1,,3\n", [FEATURES], "row 0: column 2 holds no number"),
        ("1,n/a,3\n", [FEATURES], 'row 0: column 2 holds "n/a", which is no number'),
        ("a;b;c\n1,5;2;3\n", [FEATURES], '"1,5", which is no number. Write numbers with a deci'),
        ("1,nan,3\n", [FEATURES], "row 0, input `x`: the data holds 1 NaN"),
        ("1,1e999,3\n", [FEATURES], "the data holds 1 infinite value."),
        ("a,b\n1,2\n", [WORDS, MASK], "after the input `ids`, `mask`; there are `a`, `b`"),
        ("1,2\n", [WORDS, MASK], "after the input `ids`, `mask`; there are none"),
        ("1,2\n", [Port(name="x", dtype="float32", shape=(1, "a", "b"))], "does not say its shape"),
    ],
)  # fmt: skip
def test_that_a_table_that_can_not_be_meant_is_told(
    tmp_path: Path, text: str | bytes, inputs: list[Port], sentence: str
) -> None:
    assert sentence in refusal(table(tmp_path, text), *inputs)


def test_that_a_ragged_row_is_told_with_its_number(tmp_path: Path) -> None:
    path = table(tmp_path, "1,2,3\n4,5,6\n7,8\n")
    assert opened(path, FEATURES).sample(1)["x"].tolist() == [[4, 5, 6]]
    sentence = refusal(path, FEATURES, number=2)
    assert "row 2: the row has 2 cells, and the table 3 columns" in sentence


def test_that_a_table_that_is_gone_when_it_is_read_is_named(tmp_path: Path) -> None:
    source = opened(table(tmp_path, "1,2,3\n"), FEATURES)
    (tmp_path / "table.csv").unlink()
    with pytest.raises(QuantscopeError, match="table.csv: the table can't be read"):
        source.sample(0)


# ---- Parquet -------------------------------------------------------------------------------------


def save_parquet(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pyarrow = pytest.importorskip("pyarrow", reason="the extra quantscope[parquet]")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table(columns), path, **options)
    return path


def test_that_parquet_rows_are_read_in_any_order_over_row_groups(tmp_path: Path) -> None:
    values = np.arange(21, dtype=np.float64).reshape(7, 3)
    columns = {f"x_{number}": values[:, number] for number in range(3)} | {"label": list("abcdefg")}
    path = save_parquet(tmp_path / "t.parquet", columns, row_group_size=3)
    source = opened(path, FEATURES)
    assert len(source) == 7
    for number in (6, 0, 3, 2):
        assert source.sample(number)["x"].tolist() == [values[number].tolist()]


def test_that_parquet_lists_are_values_of_one_sample(tmp_path: Path) -> None:
    columns = {"ids": [[5, 6], [7, 8, 9]], "mask": [[1, 1], [1, 0]]}
    source = opened(save_parquet(tmp_path / "t.parquet", columns), WORDS, MASK)
    assert [sample["ids"].tolist() for sample in source] == [[[5, 6]], [[7, 8, 9]]]
    assert source.sample(1)["mask"].dtype == np.int64


@pytest.mark.parametrize("cell", [None, "seven"])
def test_that_a_parquet_row_with_what_is_no_number_is_refused(tmp_path: Path, cell: Any) -> None:
    path = save_parquet(tmp_path / "t.parquet", {"ids": [cell]})
    assert "row 0: the row holds what is no number" in refusal(path, WORDS)


def test_that_a_parquet_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = save_parquet(tmp_path / "t.parquet", {"ids": np.array([], np.int64)})
    assert "it holds no rows" in refusal(path, WORDS)


@pytest.mark.parametrize("kept", [0, 4, 0.5])
def test_that_a_truncated_parquet_file_is_refused(tmp_path: Path, kept: float) -> None:
    path = save_parquet(tmp_path / "t.parquet", {"ids": np.arange(1000)})
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    assert "t.parquet: the table can't be read (" in refusal(path, WORDS)


def test_that_parquet_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    sentence = refusal(tmp_path / "t.parquet", WORDS)
    assert "needs pyarrow, which is not installed. Install it with: pip install" in sentence
    assert guess_source(str(tmp_path / "t.parquet")) is SourceKind.PARQUET
