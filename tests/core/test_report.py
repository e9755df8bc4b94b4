"""The line that sums up an export names the figures that matter."""

from quantscope.core.report import ExportReport, LayerKernel, OutputAccuracy


def report(outputs=(), kernels=()) -> ExportReport:
    return ExportReport(
        path="out.onnx",
        target="onnxruntime",
        samples=8,
        random_data=False,
        opset=13,
        file_bytes=100,
        source_bytes=400,
        largest_difference=0.5,
        outputs=tuple(outputs),
        kernels=tuple(kernels),
        tensors=(),
    )


def kernel(integer: bool) -> LayerKernel:
    return LayerKernel(layer="conv", label="conv", kernel="QLinearConv", integer=integer)


def test_that_integer_kernels_are_counted():
    found = report(kernels=[kernel(True), kernel(False), kernel(True)])
    assert found.integer_kernels == 2
    assert found.summary().startswith("2 of 3 layers in integer kernels; ")
    assert report().integer_kernels == 0


def test_that_the_summary_names_every_output_and_the_difference():
    outputs = [
        OutputAccuracy(output="scores", sqnr=31.26, agreement=0.9512),
        OutputAccuracy(output="boxes", sqnr=24.0, agreement=None),
    ]
    assert report(outputs).summary() == (
        "0 of 0 layers in integer kernels; scores: 31.3 dB, agrees with float on 95.1%; "
        "boxes: 24.0 dB; largest difference to the unoptimized file 0.5 steps"
    )
