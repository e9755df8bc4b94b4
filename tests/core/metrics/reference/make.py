"""Write `cases.npz` and `expected.json`: generated cases, and what others say of them.

    python make.py

Needs numpy, pycocotools 2.0.11 and scikit-learn 1.9.1, which the project itself never does. Run
it again only to add cases; the tests compare with the stored figures.
"""

from __future__ import annotations

import contextlib
import io
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO  # type: ignore[import-untyped]
from pycocotools.cocoeval import COCOeval  # type: ignore[import-untyped]
from sklearn import metrics  # type: ignore[import-not-found]

HERE = Path(__file__).parent
Arrays = dict[str, np.ndarray[Any, Any]]


def detection_case(seed: int, pictures: int, classes: int, crowded: bool) -> Arrays:
    """Rows of (picture, class, x, y, width, height, score or crowd)."""
    random = np.random.default_rng(seed)
    truths: list[list[float]] = []
    found: list[list[float]] = []
    for picture in range(pictures):
        for _ in range(int(random.integers(0, 9))):
            kind = int(random.integers(classes))
            x, y = random.uniform(0, 200, 2)
            wide, high = random.uniform(4, 120, 2)
            crowd = float(crowded and random.random() < 0.25)
            truths.append([picture, kind, x, y, wide, high, crowd])
            for _ in range(int(random.integers(0, 4))):
                shift = random.normal(0, 0.12, 4) * (wide, high, wide, high)
                named = kind if random.random() < 0.85 else int(random.integers(classes))
                box = np.array([x, y, wide, high]) + shift
                box[2:] = np.maximum(box[2:], 1.0)
                score = round(float(random.random()), 2)  # equal scores occur
                found.append([picture, named, *box, score])
        for _ in range(int(random.integers(0, 4))):  # where there is nothing
            box = [*random.uniform(0, 200, 2), *random.uniform(4, 90, 2)]
            found.append([picture, int(random.integers(classes)), *box, float(random.random())])
    return {"truths": np.array(truths), "found": np.array(found)}


def crowded_case(seed: int) -> Arrays:
    """More than 100 detections of a class in one picture."""
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 400, (40, 2))
    sizes = random.uniform(20, 60, (40, 2))
    zeros = np.zeros((40, 2))
    truths = np.hstack([zeros, corners, sizes, zeros[:, :1]])
    rows = [
        [0, 0, *(corners[i % 40] + random.normal(0, 6, 2)), *sizes[i % 40], random.random()]
        for i in range(160)
    ]
    return {"truths": truths, "found": np.array(rows)}


def coco_map(case: Arrays, pictures: int, classes: int) -> float:
    """The first figure of COCO's summary."""
    truths = COCO()
    truths.dataset = {
        "images": [{"id": number} for number in range(pictures)],
        "categories": [{"id": number} for number in range(classes)],
        "annotations": [
            {
                "id": number + 1,
                "image_id": int(row[0]),
                "category_id": int(row[1]),
                "bbox": row[2:6].tolist(),
                "area": float(row[4] * row[5]),
                "iscrowd": int(row[6]),
            }
            for number, row in enumerate(case["truths"])
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truths.createIndex()
        found = truths.loadRes(
            [
                {
                    "image_id": int(row[0]),
                    "category_id": int(row[1]),
                    "bbox": row[2:6].tolist(),
                    "score": float(row[6]),
                }
                for row in case["found"]
            ]
        )
        evaluation = COCOeval(truths, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


def class_maps(seed: int, classes: int, used: int) -> Arrays:
    """Two stacks of class maps that agree on about two thirds of the pixels."""
    random = np.random.default_rng(seed)
    true = random.integers(0, used, (5, 12, 17))
    other = random.integers(0, classes, true.shape)
    return {"true": true, "found": np.where(random.random(true.shape) < 0.66, true, other)}


def scores(seed: int, samples: int, classes: int) -> Arrays:
    """Scores by class, a little larger at the label."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, samples)
    table = random.standard_normal((samples, classes))
    table[np.arange(samples), labels] += 1.5
    return {"labels": labels, "scores": table.astype(np.float32)}


def main() -> None:
    """All cases and their figures."""
    arrays: Arrays = {}
    expected: dict[str, Any] = {
        "versions": {name: version(name) for name in ("pycocotools", "scikit-learn")},
        "map": {},
        "miou": {},
        "classification": {},
        "regression": {},
    }
    shapes = {
        "plain": (1, 12, 3, False),
        "crowds": (2, 15, 3, True),
        "many classes": (3, 25, 20, False),
        "one class": (4, 8, 1, True),
    }
    detection = {name: (detection_case(*shape), *shape[1:3]) for name, shape in shapes.items()}
    detection["past 100"] = (crowded_case(5), 1, 1)
    for name, (case, pictures, classes) in detection.items():
        arrays |= {f"map/{name}/{key}": value for key, value in case.items()}
        arrays[f"map/{name}/pictures"] = np.array(pictures)
        expected["map"][name] = coco_map(case, pictures, classes)
    for name, maps in {"all": class_maps(6, 5, 5), "some missing": class_maps(7, 7, 4)}.items():
        arrays |= {f"miou/{name}/{key}": value for key, value in maps.items()}
        flat = (maps["true"].reshape(-1), maps["found"].reshape(-1))
        expected["miou"][name] = float(metrics.jaccard_score(*flat, average="macro"))
    for name, case in {"ten": scores(8, 300, 10), "forty": scores(9, 100, 40)}.items():
        arrays |= {f"classification/{name}/{key}": value for key, value in case.items()}
        labels, table = case["labels"], case["scores"]
        named = range(table.shape[1])
        matrix = metrics.confusion_matrix(labels, table.argmax(axis=1), labels=named)
        arrays[f"classification/{name}/confusion"] = matrix
        expected["classification"][name] = {
            "top1": float(metrics.accuracy_score(labels, table.argmax(axis=1))),
            "top5": float(metrics.top_k_accuracy_score(labels, table, k=5, labels=named)),
        }
    random = np.random.default_rng(10)
    true = random.standard_normal((40, 7))
    found = true + 0.1 * random.standard_normal((40, 7))
    arrays |= {"regression/true": true, "regression/found": found}
    expected["regression"] = {
        "rmse": float(metrics.root_mean_squared_error(true.reshape(-1), found.reshape(-1))),
        "mae": float(metrics.mean_absolute_error(true.reshape(-1), found.reshape(-1))),
        "cosine": float(np.mean(np.diag(metrics.pairwise.cosine_similarity(true, found)))),
    }
    np.savez_compressed(HERE / "cases.npz", **arrays)  # type: ignore[arg-type]
    text = json.dumps(expected, indent=1)
    (HERE / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
