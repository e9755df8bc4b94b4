"""The kinds of calibration data in words, and which files or folders each is found in."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog

from quantscope.core.data import SourceKind

KINDS = {
    SourceKind.IMAGES: "Folder of pictures",
    SourceKind.NPY: "NumPy array (.npy)",
    SourceKind.NPZ: "NumPy archive (.npz)",
    SourceKind.NPZ_FOLDER: "Folder of .npz, one sample each",
    SourceKind.CSV: "Table, a sample in each row (.csv)",
    SourceKind.PARQUET: "Parquet table (.parquet)",
    SourceKind.WAV: "Folder of recordings (.wav)",
    SourceKind.PROTOBUF: "ONNX test data (test_data_set_*)",
    SourceKind.PYTHON: "Python file that makes samples (.py)",
    SourceKind.RANDOM: "Random data",
}
FILE_FILTERS = {
    SourceKind.NPY: "NumPy arrays (*.npy)",
    SourceKind.NPZ: "NumPy archives (*.npz)",
    SourceKind.CSV: "Tables (*.csv *.tsv)",
    SourceKind.PARQUET: "Parquet tables (*.parquet)",
    SourceKind.PYTHON: "Python files (*.py)",
}


def look_for(dialog: QFileDialog, kind: SourceKind) -> None:
    """Let ``dialog`` choose what data of ``kind`` is kept in: a file or a folder."""
    if kind in FILE_FILTERS:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(FILE_FILTERS[kind])
    else:
        dialog.setFileMode(QFileDialog.FileMode.Directory)
