"""Segmentation: intersection over union of class maps, averaged over the classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.classification import confusion_matrix
from quantscope.core.metrics.labels import IGNORED, Array, Floats

Map = npt.NDArray[np.int64]


def class_map(output: Array, label: Array, name: str) -> Map:
    """The class of each pixel, (H, W), from one sample of the output ``name``.

    Integers (H, W) are classes; floats are scores (C, H, W) or (H, W, C), told apart by which
    sides have the ratio of ``label``, in doubt the former. Leading axes of 1 are dropped.
    """
    values = output
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    if values.ndim == 2 and np.issubdtype(values.dtype, np.integer):
        return values.astype(np.int64)
    if values.ndim != 3:
        shape = "x".join(map(str, output.shape))
        raise QuantscopeError(
            f"the output holds {shape} values for a sample, not a score for each class and pixel",
            where=f"output `{name}`",
            remedy="Choose another output or other metrics",
        )
    first = _stretch(values.shape[1:], label.shape) <= _stretch(values.shape[:2], label.shape)
    return np.asarray(values.argmax(axis=0 if first else -1), np.int64)


def _stretch(shape: tuple[int, ...], wanted: tuple[int, ...]) -> float:
    """How much a picture of ``shape`` changes its ratio to become ``wanted``; 1: not at all."""
    ratio = shape[0] * wanted[1] / max(shape[1] * wanted[0], 1)
    return max(ratio, 1.0 / ratio) if ratio else np.inf


def nearest(label: Array, shape: tuple[int, int]) -> Map:
    """``label`` at another ``shape`` (height, width): the value at each pixel's centre."""
    rows, columns = (
        (np.arange(new) * 2 + 1) * old // (2 * new)
        for new, old in zip(shape, label.shape, strict=True)
    )
    return np.asarray(label[rows[:, np.newaxis], columns], np.int64)


def overlap(found: Map, label: Array) -> Floats:
    """Pixels of each class (columns) that are in both, in ``label`` and in ``found`` (rows).

    The label is brought to the size of ``found``; its :data:`IGNORED` pixels do not count.
    """
    true = nearest(label, (found.shape[0], found.shape[1]))
    counted = true != IGNORED
    classes = int(max(found.max(initial=0), true.max(initial=0))) + 1
    matrix = confusion_matrix(true[counted], found[counted], classes)
    rows = (np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0))
    return np.stack(rows).astype(np.float64)


def mean_iou(overlaps: Floats) -> Floats:
    """Mean over the classes that occur of intersection / union; 0 where none occurs.

    ``overlaps`` are sums of :func:`overlap`, (..., 3, classes). Everingham et al. 2010, section
    4.2 (PASCAL VOC segmentation accuracy).
    """
    both = overlaps[..., 0, :]
    union = overlaps[..., 1, :] + overlaps[..., 2, :] - both
    occurs = union > 0
    shares = np.divide(both, union, out=np.zeros_like(both), where=occurs)
    return np.asarray(shares.sum(axis=-1) / np.maximum(occurs.sum(axis=-1), 1))
