"""The kinds of calibration data in words, and which files or folders each is found in."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog

from quantscope.core.data.description import SourceKind
from quantscope.gui.translation import mark, tr

KINDS = {
    SourceKind.IMAGES: mark("Folder of pictures"),
    SourceKind.NPY: mark("NumPy array (.npy)"),
    SourceKind.NPZ: mark("NumPy archive (.npz)"),
    SourceKind.NPZ_FOLDER: mark("Folder of .npz, one sample each"),
    SourceKind.CSV: mark("Table, a sample in each row (.csv)"),
    SourceKind.PARQUET: mark("Parquet table (.parquet)"),
    SourceKind.WAV: mark("Folder of recordings (.wav)"),
    SourceKind.PROTOBUF: mark("ONNX test data (test_data_set_*)"),
    SourceKind.PYTHON: mark("Python file that makes samples (.py)"),
    SourceKind.RANDOM: mark("Random data"),
}
FILE_FILTERS = {
    SourceKind.NPY: mark("NumPy arrays (*.npy)"),
    SourceKind.NPZ: mark("NumPy archives (*.npz)"),
    SourceKind.CSV: mark("Tables (*.csv *.tsv)"),
    SourceKind.PARQUET: mark("Parquet tables (*.parquet)"),
    SourceKind.PYTHON: mark("Python files (*.py)"),
}


def look_for(dialog: QFileDialog, kind: SourceKind) -> None:
    """Let ``dialog`` choose what data of ``kind`` is kept in: a file or a folder."""
    if kind in FILE_FILTERS:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(tr(FILE_FILTERS[kind]))
    else:
        dialog.setFileMode(QFileDialog.FileMode.Directory)
