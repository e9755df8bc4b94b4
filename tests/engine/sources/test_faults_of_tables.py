"""Tables that are damaged, ragged, written for people or for another network; CSV and Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantscope.core.data.description import SourceKind
from quantscope.core.networks.network import Port
from quantscope.engine.sources import parquet_rows, samples
from quantscope.engine.sources.opening import open_source
from tests.engine.sources.faults import X, Y, data_of, little_memory, told

ROW = "1,2,3,4,5,6\n"
WIDE = ",".join(f"c{number}" for number in range(2000))
UNREADABLE = "the table can't be read ({}). Save it as CSV text in UTF-8, one sample in each row"
DECIMAL = "Write numbers with a decimal point, and fill in or remove what is missing"


def refusal(folder: Path, content: str | bytes, *inputs: Port) -> str:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with little_memory():
        return told(data_of(SourceKind.CSV, path), *inputs)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        ("\n  \n", "it is empty"),
        ("a,b,c\n", "it has headings and no rows"),
        ("1,2,3,x,5,6\n", "its only line holds numbers and what is no number"),
        ("1,5;2,5;3,5\n", "its only line holds numbers and what is no number"),
        (bytes(range(256)), "it is no plain text in UTF-8"),
        (ROW.encode("utf-16"), "it is no plain text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "it is no plain text in UTF-8"),
        (ROW.replace("\n", "\r") * 2, "its lines end with a carriage return alone"),
        ("a" * 200_000 + "\n1\n", "a cell is longer than any number"),
        (ROW + "1" * 200_000 + ",2,3,4,5,6\n", "a cell is longer than any number, in row 1"),
    ],
)
def test_that_text_that_is_no_table_is_told(tmp_path: Path, content: str | bytes, why: str) -> None:
    assert UNREADABLE.format(why) in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1,2,3,,5,6\n", f"row 0: column 4 holds no number. {DECIMAL}"),
        (ROW + "1,2,3,x,5,6\n", f'row 1: column 4 holds "x", which is no number. {DECIMAL}'),
        ("a,b,c,d,e,f\n1_0,2,3,4,5,6\n", '"1_0", which is no number'),
        ("a,b,c,d,e,f\n0x10,2,3,4,5,6\n", '"0x10", which is no number'),
        ("a,b,c,d,e,f\nTrue,2,3,4,5,6\n", '"True", which is no number'),
        (f"{ROW}{'1' * 90}x,2,3,4,5,6\n", f'"{"1" * 40}", which is no number'),
        (ROW + "1,2,3\n", "row 1: the row has 3 cells, and the table 6 columns. Give all rows"),
        ('"1,2,3,4,5,6\n' + ROW, "row 0: the row has 6 cells, and the table 1 columns"),
        ("1,2,3\n", "wants nx2x3 float32, and the row gives 3 values. Give 6 values"),
        (",a,b,c,d,e,f\n0,1,2,3,4,5,6\n", "and the row gives 7 values. Give 6 values"),
        ("1,2,3,4,5,nan\n", "row 0, input `x`: the data holds 1 NaN. Repair or remove"),
        ("1,2,3,4,5,-1e999\n", "the data holds 1 infinite value. Repair or remove"),
        ("1" * 5000 + ",2,3,4,5,6\n", "the data holds 1 infinite value. Repair or remove"),
        (f"{WIDE}\n{WIDE.replace('c', '')}\n", "and the row gives 2000 values. Give 6 values"),
    ],
)
def test_that_rows_that_do_not_fit_are_told(tmp_path: Path, content: str, words: str) -> None:
    assert words in refusal(tmp_path, content)


def test_that_columns_that_are_no_inputs_are_told_and_of_many_the_first(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, f"{WIDE}\n{WIDE.replace('c', '')}\n", X, Y)
    assert "after the input `x`, `y`; there are `c0`, `c1`, " in sentence
    assert "and 1,988 more. Call the columns of an input x after it" in sentence


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("0,1,2,3,4,5\n.1,.2,.3,.4,.5,.6\n", 1),  # what pandas writes for an array
        ("0;1;2;3;4;5\n.1;.2;.3;.4;.5;.6\n", 1),
        ("0,1,2,3,4,5\n6,7,8,9,10,11\n", 2),  # an array that counts
        ("0,1,2,3,4,5\n", 1),
        ("0.0,1,2,3,4,5\n.1,.2,.3,.4,.5,.6\n", 2),
        ("1,2,3,4,5,6\n.1,.2,.3,.4,.5,.6\n", 2),
    ],
)
def test_that_the_numbers_of_columns_are_headings(tmp_path: Path, content: str, rows: int) -> None:
    (tmp_path / "table.csv").write_text(content)
    source = open_source(data_of(SourceKind.CSV, tmp_path / "table.csv"), [X])
    assert source.names == tuple(f"row {number}" for number in range(rows))
    if rows == 1 and "." in content:
        assert source.sample(0)["x"].max() < 1.0


def test_that_columns_of_one_name_are_told(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, "x_0,x_0,x_1,x_2,x_3,x_4,y,y\n1,2,3,4,5,6,7,8\n")
    assert "several columns are called `x_0`. Call each column of an input after its" in sentence


def test_that_more_rows_than_memory_can_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "MOST_ROWS", 1000)
    assert "holds 1,001 samples, and 1,000 can be taken" in refusal(tmp_path, ROW * 1001)


def test_that_bad_rows_among_good_ones_are_named_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(ROW + "1,2\n" + ROW + "1,2,3,4,5,?\n")
    data = data_of(SourceKind.CSV, path, skip_unreadable=2)
    assert open_source(data, [X]).skipped == ("row 1", "row 3")
    stopped = told(data_of(SourceKind.CSV, path, skip_unreadable=1))
    assert "row 1: the row has 2 cells" in stopped
    assert "2 samples can't be read, and 1 may be skipped" in stopped


# ---- Parquet -------------------------------------------------------------------------------------


def parquet(folder: Path, columns: dict[str, Any] | list[tuple[str, Any]]) -> Path:
    pytest.importorskip("pyarrow", reason="the extra quantscope[parquet]")
    import pyarrow
    from pyarrow import parquet as writer

    pairs = list(columns.items()) if isinstance(columns, dict) else columns
    arrays = [pyarrow.array(values) for _, values in pairs]
    table = pyarrow.Table.from_arrays(arrays, names=[name for name, _ in pairs])
    writer.write_table(table, folder / "table.parquet", compression="zstd")
    return folder / "table.parquet"


NO_NUMBER = "row 0: the row holds what is no number. Save numbers only, and fill in or remove"


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"x": [["a"] * 6]}, NO_NUMBER),
        ({"x": [[None] * 6]}, NO_NUMBER),
        ({"x": [{"a": 1.0}]}, NO_NUMBER),
        ({"x": [b"abc"]}, NO_NUMBER),
        ({"x": [[[1.0] * 3, [1.0]]]}, "and the row gives 4 values. Give 6 values"),
        ({"x": [[float("nan")] * 6]}, "the data holds 6 NaN"),
        ({"x": np.zeros(0, np.float32)}, "the table can't be read (it holds no rows)"),
        ([("x_0", [1.0]), ("x_0", [2.0])], "several columns are called `x_0`"),
        ({f"c{n}": [1.0] for n in range(50)}, "and the row gives 50 values. Give 6 values"),
    ],
)
def test_that_parquet_that_does_not_fit_is_told(
    tmp_path: Path, columns: dict[str, Any] | list[tuple[str, Any]], words: str
) -> None:
    assert words in told(data_of(SourceKind.PARQUET, parquet(tmp_path, columns)))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no table at all", b"PAR1" * 50])
def test_that_what_is_no_parquet_is_told(tmp_path: Path, content: bytes) -> None:
    parquet(tmp_path, {"x": [1.0]}).write_bytes(content)
    path = tmp_path / "table.parquet"
    assert "table.parquet: the table can't be read (" in told(data_of(SourceKind.PARQUET, path))


def test_that_a_parquet_of_a_few_kilobytes_is_not_unpacked_to_gigabytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow", reason="the extra quantscope[parquet]")
    import pyarrow

    monkeypatch.setattr(parquet_rows, "MOST_BYTES", 1 << 20)
    values = pyarrow.array(np.zeros(1_000_000))
    path = parquet(tmp_path, {"x": pyarrow.ListArray.from_arrays([0, len(values)], values)})
    assert path.stat().st_size < 1 << 16
    port = Port(name="x", dtype="float32", shape=("n", "length"))
    with little_memory(4 << 20):
        assert "row 0 is larger than any sample" in told(data_of(SourceKind.PARQUET, path), port)


def test_that_more_parquet_rows_than_memory_can_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet(tmp_path, {"x": np.zeros(1001, np.float32)})
    monkeypatch.setattr(samples, "MOST_ROWS", 1000)
    port = Port(name="x", dtype="float32", shape=("n", 1))
    assert "holds 1,001 samples" in told(data_of(SourceKind.PARQUET, path), port)
