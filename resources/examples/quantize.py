"""The bundled network from calibration to a quantized file, with the choices compared on the way.

    python quantize.py [FOLDER]

writes the model, a report and a session into FOLDER (./quantscope-example).
"""

from __future__ import annotations

import sys
from pathlib import Path

from quantscope import Quantizer, QuantscopeError
from quantscope.bundled import demo_folder


def main(folder: Path) -> None:
    """Calibrate, look for the layer that suffers most, help it, and write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    quantizer = Quantizer(demo_folder() / "demo.onnx", target="fixed-point")
    quantizer.calibrate(demo_folder() / "calibration", samples=50)

    for scheme in ("minmax", "histogram"):
        lowest = worst_of(quantizer, scheme=scheme)
        print(f"{scheme:10}  lowest predicted SQNR {lowest[1]:.1f} dB, in {lowest[0]}")

    quantizer.configure(scheme="histogram", correct_bias=True)
    report = quantizer.quantize(folder / "demo-quantized.onnx", overwrite=True)
    print(f"{report.integer_kernels} of {len(report.kernels)} layers in integer kernels")
    for output in report.outputs:
        print(f"output {output.output}: {output.sqnr:.1f} dB against float")

    quantizer.report(folder / "report.html", overwrite=True)
    quantizer.save(folder / "demo.qscope", overwrite=True)
    print(f"written to {folder}")


def worst_of(quantizer: Quantizer, scheme: str) -> tuple[str, float]:
    """The layer of the tensor that a scheme serves worst, and the tensor's SQNR in dB."""
    found = quantizer.predict(scheme=scheme).values()
    judged = [(each.layer, each.sqnr_db) for each in found if each.sqnr_db is not None]
    return min(judged, key=lambda each: each[1])


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "quantscope-example"))
    except QuantscopeError as error:
        sys.exit(error.problem.sentence())
