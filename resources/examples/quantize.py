"""The bundled network from calibration to a validated file, with the choices compared on the way.

    python quantize.py [FOLDER]

writes the model, a report and a session into FOLDER (./quantscope-example).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from quantscope import QuantizationOptions, Quantizer, QuantscopeError
from quantscope.bundled import demo_folder

WORST = 3  # tensors that are named


def main(folder: Path) -> None:
    """Calibrate, look at the tensors that suffer most, choose, validate, and write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    quantizer = Quantizer(demo_folder() / "demo.onnx", target="fixed-point")
    quantizer.calibrate(demo_folder() / "calibration", samples=50)
    quantizer.calibrate_more(samples=100)
    print(quantizer.convergence().sentence())

    for scheme in ("minmax", "histogram"):
        print(f"{scheme}, the worst tensors by their predicted SQNR:")
        for sqnr, tensor, layer in worst_of(quantizer, scheme)[:WORST]:
            print(f"  {sqnr:5.1f} dB  {tensor} of {layer}")

    quantizer.configure(scheme="histogram", correct_bias=True)
    report = quantizer.quantize(folder / "demo-quantized.onnx", overwrite=True)
    print(f"{report.integer_kernels} of {len(report.kernels)} layers in integer kernels")
    for output in report.outputs:
        print(f"output {output.output}: {output.sqnr:.1f} dB against float")

    options = QuantizationOptions(metrics=["top1", "agreement", log_loss])
    found = quantizer.validate(demo_folder() / "validation", options)
    for figure in found.quantized.figures:
        exact = "" if figure.exact is None else f" (float {figure.exact:.4f})"
        print(f"{figure.title}: {figure.value:.4f}{exact}")
    small, large = found.quantized.costs.parameter_bytes, found.exact.parameter_bytes
    print(f"parameters take {small} bytes instead of {large}")

    quantizer.report(folder / "report.html", overwrite=True)
    quantizer.save(folder / "demo.qscope", overwrite=True)
    print(f"written to {folder}")


def worst_of(quantizer: Quantizer, scheme: str) -> list[tuple[float, str, str]]:
    """SQNR in dB, name and layer of each tensor under a scheme, the worst first."""
    found = quantizer.predict(scheme=scheme).values()
    return sorted(
        (each.sqnr_db, each.tensor, each.layer) for each in found if each.sqnr_db is not None
    )


def log_loss(outputs: list[dict[str, np.ndarray]], labels: list[int]) -> float:
    """A metric of one's own: the mean negative logarithm of the right class's probability."""
    scores = np.concatenate([each["scores"] for each in outputs]).astype(float)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    right = powers[np.arange(len(labels)), labels] / powers.sum(axis=1)
    return float(-np.log(right).mean())


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "quantscope-example"))
    except QuantscopeError as error:
        sys.exit(error.problem.sentence())
