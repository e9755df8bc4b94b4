"""Trains the demo's network and writes it as `demo.onnx`, or measures the one that is there.

    python train_network.py --evaluate     needs only onnxruntime, numpy and Pillow
    python train_network.py                needs PyTorch and onnx too, some eight minutes, two cores

Batch normalization stays in the file as nodes of its own: folding it is part of the demo.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from draw_pictures import CLASSES, PICTURES_PER_CLASS, SET_SEEDS, SIZE, draw_picture
from PIL import Image

if TYPE_CHECKING:
    import onnx
    import torch

HERE = Path(__file__).parent
MODEL = HERE / "demo.onnx"
FACTS = HERE / "demo.json"
SCALE = 1.0 / 255.0
OPSET = 13
THREADS = 2
BATCH = 128
NAME_ENDINGS = {"Add": "add", "Concat": "concat", "Constant": "min", "Constant_1": "max"}
"""For what has no module of its own in PyTorch: the last part of the exporter's name, and ours.
The only constants are the limits of the Clip that ReLU6 becomes."""


def read_pictures(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of FOLDER/CLASS/*.png as the network wants them, and each one's class number."""
    pictures, labels = [], []
    for label, class_name in enumerate(CLASSES):
        for path in sorted((folder / class_name).glob("*.png")):
            with Image.open(path) as image:
                pictures.append(np.asarray(image.convert("RGB")))
            labels.append(label)
    values = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) * np.float32(SCALE)
    return values, np.array(labels)


def measure_top1(model: Path, folder: Path) -> float:
    """Share of the pictures in FOLDER/CLASS whose class has the highest score."""
    pictures, labels = read_pictures(folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"image": pictures})
    return float(np.mean(scores.argmax(axis=1) == labels))


def draw_training_set(per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures for training as `N x 3 x 32 x 32` bytes, and each one's class number."""
    pictures = np.empty((len(CLASSES) * per_class, SIZE, SIZE, 3), np.uint8)
    for label, class_name in enumerate(CLASSES):
        for number in range(per_class):
            pictures[label * per_class + number] = draw_picture("training", class_name, number)
    return pictures.transpose(0, 3, 1, 2).copy(), np.repeat(np.arange(len(CLASSES)), per_class)


def turn_at_random(batch: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """The batch mirrored and turned by a multiple of 90 degrees: the classes stay the same."""
    import torch

    if rng.random() < 0.5:
        batch = batch.flip(3)
    return torch.rot90(batch, int(rng.integers(4)), (2, 3))


def train(per_class: int, epochs: int) -> torch.nn.Module:
    """A trained network, its channels spread, in evaluation mode."""
    from network import build_network, spread_channels

    network = fit(lambda: build_network(len(CLASSES)), per_class, epochs)
    spread_channels(network, SET_SEEDS["training"])
    return network.eval()


def fit(build: Callable[[], torch.nn.Module], per_class: int, epochs: int) -> torch.nn.Module:
    """The network that ``build`` makes, trained on pictures drawn for it."""
    import torch

    torch.manual_seed(SET_SEEDS["training"])
    torch.set_num_threads(THREADS)
    rng = np.random.default_rng(SET_SEEDS["training"])
    pictures, labels = map(torch.from_numpy, draw_training_set(per_class))
    network = build().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-4)
    steps = len(labels) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, epochs * steps)
    for epoch in range(epochs):
        started, total = time.monotonic(), 0.0
        for chosen in torch.randperm(len(labels))[: steps * BATCH].split(BATCH):
            batch = turn_at_random(pictures[chosen], rng).float() * SCALE
            scores = network(batch.contiguous(memory_format=torch.channels_last))
            loss = torch.nn.functional.cross_entropy(scores, labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        seconds = time.monotonic() - started
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}, {seconds:.0f} s", flush=True)
    return network


DEMO_TEXT = "Quantscope demo. Input: RGB / 255. Apache-2.0."


def export(network: torch.nn.Module, path: Path, text: str = DEMO_TEXT) -> None:
    """Writes the network as one ONNX file with batch normalization kept and readable names.

    ``text`` is what the file says of itself.
    """
    import onnx
    import torch

    torch.onnx.export(
        network,
        (torch.zeros(1, 3, SIZE, SIZE),),
        path,
        dynamo=False,  # the newer exporter folds batch normalization and starts at opset 18
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        opset_version=OPSET,
        input_names=["image"],
        output_names=["scores"],
        dynamic_axes={"image": {0: "batch"}, "scores": {0: "batch"}},
    )
    model = onnx.load(path)
    rename(model.graph)
    model.doc_string = text
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def rename(graph: onnx.GraphProto) -> None:
    """Gives nodes, and tensors after them, names such as `block1/depthwise`."""
    names: dict[str, str] = {}
    for node in graph.node:
        *parts, operator = node.name.strip("/").split("/")
        if operator in NAME_ENDINGS:
            parts.append(NAME_ENDINGS[operator])
        node.name = "/".join(parts)
        names.update((output, node.name) for output in node.output if output != "scores")
        node.output[:] = [names.get(name, name) for name in node.output]
        node.input[:] = [names.get(name, name) for name in node.input]


def write_facts(top1: float) -> None:
    """Writes what a program needs to know about the demo into `demo.json`."""
    facts: dict[str, Any] = {
        "model": MODEL.name,
        "classes": list(CLASSES),
        "preprocessing": {
            "size": [SIZE, SIZE],
            "color": "RGB",
            "layout": "NCHW",
            "scale": SCALE,
            "mean": [0.0, 0.0, 0.0],
            "std": [1.0, 1.0, 1.0],
        },
        "sets": {
            name: {"folder": name, "pictures": count * len(CLASSES), "seed": SET_SEEDS[name]}
            for name, count in PICTURES_PER_CLASS.items()
        },
        "training_seed": SET_SEEDS["training"],
        "float_top1": round(top1, 6),
        "license": "Apache-2.0",
    }
    FACTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Measures or trains, as the command line says."""
    parser = argparse.ArgumentParser(description="Train or measure the demo's network.")
    parser.add_argument("--evaluate", action="store_true", help="measure demo.onnx, train nothing")
    parser.add_argument("--per-class", type=int, default=3500, help="training pictures per class")
    parser.add_argument("--epochs", type=int, default=14)
    options = parser.parse_args()
    if not options.evaluate:
        export(train(options.per_class, options.epochs), MODEL)
    top1 = measure_top1(MODEL, HERE / "validation")
    if not options.evaluate:
        write_facts(top1)
    print(f"top-1 on the validation pictures: {top1:.4f}")


if __name__ == "__main__":
    main()
