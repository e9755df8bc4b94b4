"""The lines that sum up an export name the figures that matter."""

from quantscope.core.findings.report import (
    ExportReport,
    LayerKernel,
    OperatorDifference,
    OutputAccuracy,
    StepDifference,
)


def report(outputs=(), kernels=(), simulation=(), not_simulated=()) -> ExportReport:
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
        simulation=tuple(simulation),
        not_simulated=tuple(not_simulated),
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


def difference(written: StepDifference, run: StepDifference, values=100, ties=0.0):
    return OperatorDifference(
        layer="conv",
        label="conv",
        operator="Conv",
        kernel="QLinearConv",
        values=values,
        as_written=written,
        as_run=run,
        ties_away=ties,
        ties_up=0.0,
    )


def test_that_the_simulation_is_summed_up_by_its_largest_differences_and_mean_share_of_ties():
    exact = StepDifference(0, 0.0)
    found = [
        difference(exact, StepDifference(1, 0.01), values=300, ties=0.02),
        difference(StepDifference(2, 0.001), exact, values=100, ties=0.10),
    ]
    assert report(
        simulation=found, not_simulated=[("lstm", "it has no simulation")]
    ).simulated() == (
        "2 of 3 operators: at most 2 steps from the file as it is written, 1 step from it as it "
        "runs; ties away from zero would move 4.00% of the values by a step"
    )


def test_that_nothing_is_said_to_be_exact_where_nothing_was_simulated():
    assert report().simulated() == ""
    missing = [("lstm", "it has no simulation"), ("gru", "it has no simulation")]
    assert report(not_simulated=missing).simulated() == "none of 2 operators"
