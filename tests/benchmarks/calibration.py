"""Our calibration (full histograms) beside onnxruntime's MinMax calibrator (range only).

    python tests/benchmarks/calibration.py [--model demo.onnx] [--data FOLDER] [--samples 200]

Both get the same prepared network and the same samples, held in memory, in processes of their
own that take turns. Times run from the prepared network to the finished result; loading the
compiled kernel, once for a process, is shown apart. Without ``--data`` another network than the
demo gets random data. Ends with nanoseconds for each value of the counting kernels.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from quantscope.bundled import demo_folder
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.engine.calibration.kernel import NUMPY_KERNEL, Kernel, fastest_kernel
from quantscope.engine.calibration.one_pass import calibrate
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.description import loggable
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from quantscope.engine.sources.opening import guess_source, open_source

Feeds = list[dict[str, Any]]
VALUES = 4_000_000


def main() -> None:
    arguments = _arguments()
    if arguments.side:
        print(json.dumps(_one_side(arguments)))
        return
    print(f"{arguments.model}, {arguments.samples} samples, {arguments.rounds} rounds in turn")
    found: dict[str, list[dict[str, float]]] = {"ours": [], "peer": []}
    for _ in range(arguments.rounds):
        for side, results in found.items():
            results.append(_in_a_process(side))
    for side, results in found.items():
        seconds = [each["seconds"] for each in results]
        peak = max(each["peak"] for each in results)
        print(
            f"  {side}: {median(seconds):7.3f} s ({min(seconds):.3f} to {max(seconds):.3f}), "
            f"peak {peak / 1e6:.0f} MB, {results[0]['tensors']:.0f} tensors"
        )
    pairs = zip(found["ours"], found["peer"], strict=True)
    ratio = median(ours["seconds"] / peer["seconds"] for ours, peer in pairs)
    print(f"  ours / peer: {ratio:.2f} (median of rounds)")
    _time_kernels()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=demo_folder() / "demo.onnx")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", choices=["ours", "peer"], help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_a_process(side: str) -> dict[str, float]:
    command = [sys.executable, *sys.argv, "--side", side]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _one_side(arguments: argparse.Namespace) -> dict[str, float]:
    prepared = prepare(open_model(arguments.model))
    feeds = _feeds(arguments, prepared)
    run = _ours if arguments.side == "ours" else _peer
    seconds, tensors = run(prepared, feeds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": seconds,
        "tensors": tensors,
        "peak": peak * (1 if sys.platform == "darwin" else 1024),
    }


def _feeds(arguments: argparse.Namespace, prepared: Prepared) -> Feeds:
    path = arguments.data
    if path is None and arguments.model == demo_folder() / "demo.onnx":
        path = demo_folder() / "calibration"
    kind = SourceKind.RANDOM if path is None else guess_source(str(path))
    description = DataDescription(
        kind=kind, path="" if path is None else str(path), samples=arguments.samples
    )
    return list(open_source(description, prepared.network.inputs))


class _Held:
    """Samples in memory."""

    def __init__(self, feeds: Feeds) -> None:
        self.feeds = feeds
        self.place = ""
        self.names = [str(number) for number in range(len(feeds))]

    def __len__(self) -> int:
        return len(self.feeds)

    def sample(self, number: int) -> dict[str, Any]:
        return self.feeds[number]


def _ours(prepared: Prepared, feeds: Feeds) -> tuple[float, int]:
    tensors = list(loggable(prepared.network))
    fastest_kernel()
    begun = time.perf_counter()
    running = calibrate(prepared, _Held(feeds), tensors)
    try:
        while True:
            next(running)
    except StopIteration as finished:
        statistics, _ = finished.value
    return time.perf_counter() - begun, len(statistics)


def _peer(prepared: Prepared, feeds: Feeds) -> tuple[float, int]:
    from onnxruntime.quantization import CalibrationDataReader, create_calibrator

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.rest: Iterator[dict[str, Any]] = iter(feeds)

        def get_next(self) -> dict[str, Any] | None:
            return next(self.rest, None)

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.onnx"
        model.write_bytes(prepared.serialized())
        begun = time.perf_counter()
        calibrator = create_calibrator(model, augmented_model_path=f"{folder}/augmented.onnx")
        calibrator.collect_data(Reader())
        ranges = calibrator.compute_data().data
        return time.perf_counter() - begun, len(ranges)


def _time_kernels() -> None:
    random = np.random.default_rng(0)
    spread = random.normal(size=VALUES).astype(np.float32)
    kinds = {
        "spread": spread,
        "half zeros (ReLU)": np.maximum(spread, 0),
        "half zeros, a sixth at 6 (ReLU6)": np.clip(6 * spread, 0, 6),
    }
    loading = _seconds(fastest_kernel)
    print(f"loading the compiled kernel (numba included): {loading:.2f} s")
    print("ns a value, histogram and extremes with counts, one core")
    for kernel in (fastest_kernel(), NUMPY_KERNEL):
        for kind, values in kinds.items():
            print(f"  {kernel.name}: {_nanoseconds(kernel, values):.2f}  {kind}")


def _nanoseconds(kernel: Kernel, values: Any) -> float:
    import threading

    counters, lock, bits = np.zeros(65_536, np.int64), threading.Lock(), values.view(np.uint32)

    def once() -> None:
        kernel.count(bits, counters, lock)

    return min(_seconds(once) for _ in range(7)) / VALUES * 1e9


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
