"""Number formats of eight bits over every stored value, against integers and fractions."""

import math
from fractions import Fraction

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled, integer_range
from quantscope.core.numbers.rounding import Ties

FIXED = [
    FixedPoint(8, fraction, signed, narrow)
    for fraction in (-9, 3, 12)
    for signed, narrow in ((True, False), (True, True), (False, False))
]
SCALED = [
    Scaled(scale, zero_point, 8, signed, narrow)
    for scale in (0.1, 6 / 255, 417.3)
    for signed, narrow, zero_points in (
        (True, False, (-128, -3, 0)),
        (True, True, (-127, 0, 5)),
        (False, False, (0, 1, 255)),
    )
    for zero_point in zero_points
]
EVERY = FIXED + SCALED


def stored_values(data_type) -> np.ndarray:
    low, high = {(True, False): (-128, 127), (True, True): (-127, 127), (False, False): (0, 255)}[
        data_type.signed, data_type.narrow_range
    ]
    return np.arange(low, high + 1)


def name_of(data_type) -> str:
    narrow = "-narrow" if data_type.narrow_range else ""
    return data_type.label().replace(" ", "_") + narrow


# ---- the field's worked numbers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kept"), [(0.03125, 0.0), (2.1, 2.125), (16.25, 15.875), (-16.25, -16.0)]
)
def test_that_three_fraction_bits_give_the_documented_casts(value, kept):
    assert FixedPoint(8, 3).cast(value) == kept


def test_that_eight_bits_with_three_fraction_bits_keep_the_columns_from_8_to_an_eighth():
    band = FixedPoint(8, 3).band()
    assert (band.top, band.bottom) == (3, -3)
    assert [bit for bit in range(-10, 10) if band.keeps(bit)] == [-3, -2, -1, 0, 1, 2, 3]


def test_that_small_weights_are_stored_as_steps_of_the_twelfth_fraction_bit():
    assert FixedPoint(8, 12).quantize(0.0269) == 110
    assert FixedPoint(8, 12).cast(0.0269) == 110 * 2.0**-12


def test_that_a_negative_fraction_length_keeps_multiples_of_four():
    assert FixedPoint(8, -2).quantize(365.247) == 91
    assert FixedPoint(8, -2).cast(365.247) == 364.0


# ---- every stored value --------------------------------------------------------------------------


@pytest.mark.parametrize("data_type", EVERY, ids=name_of)
def test_that_every_stored_value_is_its_own_cast(data_type):
    stored = stored_values(data_type)
    reals = np.array(
        [float((int(q) - data_type.zero_point) * Fraction(data_type.step)) for q in stored]
    )
    assert data_type.quantize(reals).tolist() == stored.tolist()
    assert data_type.cast(reals).tolist() == reals.tolist()
    assert (data_type.minimum, data_type.maximum) == (reals[0], reals[-1])
    assert data_type.limits == (stored[0], stored[-1])


@pytest.mark.parametrize("data_type", FIXED, ids=name_of)
def test_that_halfway_between_neighbours_follows_the_rule_for_ties(data_type):
    stored = stored_values(data_type)
    halves = (stored[:-1] + 0.5) * data_type.step
    below = [round(Fraction(h) / Fraction(data_type.step)) for h in halves]
    away = np.where(halves > 0, stored[1:], stored[:-1])
    assert data_type.quantize(halves).tolist() == away.tolist()
    assert data_type.quantize(halves, Ties.EVEN).tolist() == below


@pytest.mark.parametrize("data_type", EVERY, ids=name_of)
def test_that_what_is_nearer_to_one_neighbour_goes_there(data_type):
    stored = stored_values(data_type)
    steps = stored - data_type.zero_point
    for ties in Ties:
        assert data_type.quantize((steps + 0.499) * data_type.step, ties).tolist() == list(stored)
        assert data_type.quantize((steps - 0.499) * data_type.step, ties).tolist() == list(stored)


@pytest.mark.parametrize("data_type", EVERY, ids=name_of)
def test_that_casting_twice_changes_nothing_more(data_type):
    span = data_type.maximum - data_type.minimum
    values = np.linspace(data_type.minimum - span / 4, data_type.maximum + span / 4, 4_001)
    for ties in Ties:
        stored = data_type.quantize(values, ties)
        assert np.array_equal(data_type.quantize(data_type.cast(values, ties), ties), stored)


@pytest.mark.parametrize("data_type", EVERY, ids=name_of)
def test_that_infinities_saturate_and_nan_becomes_zero(data_type):
    values = np.array([-np.inf, np.inf, np.nan, -1e308, 1e308])
    low, high = data_type.limits
    for ties in Ties:
        stored = data_type.quantize(values, ties).tolist()
        assert stored == [low, high, data_type.zero_point, low, high]
    assert data_type.cast(np.nan) == 0.0


# ---- what runs the exported file -----------------------------------------------------------------


def quantize_linear(
    values: np.ndarray, scale: np.ndarray, zero_point: np.ndarray, axis: int = 1
) -> onnx.ModelProto:
    """A model of one QuantizeLinear, with its scale inside."""
    kind = TensorProto.INT8 if zero_point.dtype == np.int8 else TensorProto.UINT8
    return helper.make_model(
        helper.make_graph(
            [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"], axis=axis)],
            "one",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, values.shape)],
            [helper.make_tensor_value_info("y", kind, values.shape)],
            [
                onnx.numpy_helper.from_array(scale, "s"),
                onnx.numpy_helper.from_array(zero_point, "z"),
            ],
        ),
        opset_imports=[helper.make_opsetid("", 19)],
        ir_version=9,
    )


def run_in_onnxruntime(model: onnx.ModelProto, values: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": values})[0]


def dense_grid(data_type) -> np.ndarray:
    """Values around every tie and every representable value, and far outside."""
    steps = np.arange(-300, 300.5, 0.5)
    exact = (steps * data_type.step).astype(np.float32)
    around = [np.nextafter(exact, np.float32(side), dtype=np.float32) for side in (-1e30, 1e30)]
    far = np.float32([-1e30, 1e30, 0.0, -0.0, 1e-40])
    return np.concatenate([exact, *around, far])


RUNNABLE = [
    data_type
    for data_type in [*SCALED, *(FixedPoint(8, f, s) for f in (-9, 3, 12) for s in (True, False))]
    if not data_type.narrow_range
]


@pytest.mark.parametrize("data_type", RUNNABLE, ids=name_of)
def test_that_ties_to_even_is_what_onnxruntime_stores_bit_for_bit(data_type):
    values = dense_grid(data_type)
    kind = np.int8 if data_type.signed else np.uint8
    model = quantize_linear(values, np.float32(data_type.step), kind(data_type.zero_point))
    stored = run_in_onnxruntime(model, values)
    assert np.array_equal(data_type.quantize(values, Ties.EVEN), stored.astype(np.int64))


def test_that_a_value_that_single_precision_takes_for_a_tie_is_treated_as_one():
    # The exact quotient lies above 2.5, the float32 quotient on it: 2 is even.
    scale = np.float32(0.11)
    value = np.float32(2.5) * scale
    assert Fraction(float(value)) / Fraction(float(scale)) > Fraction(5, 2)
    assert value / scale == np.float32(2.5)
    assert Scaled(0.11).quantize(value, Ties.EVEN) == 2
    assert Scaled(0.11).quantize(value, Ties.AWAY) == 3


def test_that_a_weight_per_channel_is_stored_as_the_reference_implementation_stores_it():
    scales = (0.1, 2.0, 3e-4)
    values = np.linspace(-150, 150, 3 * 401).reshape(401, 3).astype(np.float32)
    values *= np.float32(scales)
    model = quantize_linear(values, np.float32(scales), np.zeros(3, np.int8))
    (expected,) = ReferenceEvaluator(model).run(None, {"x": values})
    stored = ChannelScaled(scales, axis=1, narrow_range=False).quantize(values, Ties.EVEN)
    assert np.array_equal(stored, expected.astype(np.int64))
    assert np.array_equal(stored, run_in_onnxruntime(model, values).astype(np.int64))


# ---- a scale for each channel --------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_each_channel_is_cast_with_its_own_scale(axis, narrow):
    scales = (0.5, 0.013, 7.0)
    data_type = ChannelScaled(scales, axis, narrow_range=narrow)
    every = np.arange(-127 if narrow else -128, 128)
    rows = np.stack([every * scale for scale in data_type.scales])
    values = np.moveaxis(rows.reshape(3, len(every), 1), 0, axis)
    stored = np.moveaxis(data_type.quantize(values), axis, 0).reshape(3, -1)
    assert stored.tolist() == [every.tolist()] * 3
    assert np.array_equal(data_type.cast(values), values)


def test_that_a_type_per_channel_spans_its_largest_and_resolves_its_smallest_channel():
    data_type = ChannelScaled((0.5, 0.25, 2.0))
    assert (data_type.minimum, data_type.maximum) == (-254.0, 254.0)
    assert (data_type.step, data_type.zero_point) == (0.25, 0)
    band = data_type.band()
    assert (band.top, band.bottom) == (7, -2)
    assert (band.upper_edge, band.lower_edge) == (math.log2(254), -2.0)


@pytest.mark.parametrize(("axis", "shape"), [(0, (2, 3)), (2, (3, 3)), (-1, (3, 3)), (0, ())])
def test_that_a_tensor_without_one_index_for_each_scale_is_refused(axis, shape):
    with pytest.raises(ValueError, match=r"3 scales do not fit"):
        ChannelScaled((1.0, 2.0, 3.0), axis).quantize(np.zeros(shape))


# ---- bands, labels, shifts -----------------------------------------------------------------------


@pytest.mark.parametrize("word_length", [2, 4, 8, 16, 32])
@pytest.mark.parametrize("fraction", [-5, 0, 9])
@pytest.mark.parametrize(("signed", "narrow"), [(True, False), (True, True), (False, False)])
def test_that_power_of_two_types_keep_the_columns_of_the_word(
    word_length, fraction, signed, narrow
):
    band = FixedPoint(word_length, fraction, signed, narrow).band()
    assert band.top == word_length - (2 if signed else 1) - fraction
    assert band.bottom == -fraction == band.lower_edge
    if signed and not narrow:
        assert band.upper_edge == band.top + 1


def test_that_the_edges_of_a_scaled_type_stand_between_columns():
    band = Scaled(6 / 255, 0, 8, signed=False).band()
    assert (band.top, band.bottom) == (2, -6)
    assert band.upper_edge == pytest.approx(math.log2(6))
    assert band.lower_edge == pytest.approx(math.log2(6 / 255))


def test_that_a_zero_point_moves_the_band_to_the_longer_side():
    band = Scaled(1.0, 100, 8, signed=False).band()  # -100 .. 155
    assert band.upper_edge == pytest.approx(math.log2(155))
    assert band.top == 7


@pytest.mark.parametrize("data_type", [*FIXED, *SCALED[:4], ChannelScaled((0.5, 0.25))])
def test_that_a_shift_moves_the_band_and_nothing_else(data_type):
    for bits in (-2, 0, 1):
        shifted = data_type.shifted(bits)
        assert shifted.step == data_type.step * 2.0**bits
        assert shifted.maximum == data_type.maximum * 2.0**bits
        assert shifted.band().top == data_type.band().top + bits
        assert shifted.limits == data_type.limits
        assert shifted.zero_point == data_type.zero_point


def test_that_scaled_bands_move_by_parts_of_a_column():
    assert Scaled(1.0).shifted(0.5).scale == float(np.float32(2**0.5))


def test_that_labels_are_short_and_tell_types_apart():
    assert FixedPoint(8, 12).label() == "s8 2^-12"
    assert FixedPoint(16, -2, signed=False).label() == "u16 2^2"
    assert Scaled(0.0235, 3, 8, signed=False).label() == "u8 x 0.0235 zp 3"
    assert Scaled(0.5).label() == "s8 x 0.5 zp 0"
    assert ChannelScaled((0.0011, 0.0235)).label() == "s8 x 0.0011..0.0235 (2 ch)"
    assert ChannelScaled((1.0,), signed=False).label() == "u8 x 1..1 (1 ch)"


# ---- limits --------------------------------------------------------------------------------------


def test_that_the_range_of_a_word_is_twos_complement_unless_narrow():
    assert integer_range(8, signed=True, narrow_range=False) == (-128, 127)
    assert integer_range(8, signed=True, narrow_range=True) == (-127, 127)
    assert integer_range(8, signed=False, narrow_range=False) == (0, 255)
    assert integer_range(32, signed=True, narrow_range=False) == (-(2**31), 2**31 - 1)


@pytest.mark.parametrize("word_length", [-1, 0, 1, 33, 10**9])
def test_that_words_outside_2_to_32_bits_are_refused(word_length):
    for make in (
        lambda: FixedPoint(word_length),
        lambda: Scaled(1.0, 0, word_length),
        lambda: ChannelScaled((1.0,), 0, word_length),
    ):
        with pytest.raises(ValueError, match="word length"):
            make()


@pytest.mark.parametrize("fraction", [-127, 127])
def test_that_steps_that_float32_cannot_hold_are_refused(fraction):
    with pytest.raises(ValueError, match="fraction length"):
        FixedPoint(8, fraction)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, math.nan])
def test_that_a_scale_must_be_positive_and_finite(scale):
    with pytest.raises(ValueError, match="not positive and finite"):
        Scaled(scale)
    with pytest.raises(ValueError, match="not positive and finite"):
        ChannelScaled((1.0, scale))


def test_that_a_type_per_channel_needs_a_channel():
    with pytest.raises(ValueError, match="at least one scale"):
        ChannelScaled(())


@pytest.mark.parametrize(
    ("zero_point", "signed"), [(-129, True), (128, True), (-1, False), (256, False)]
)
def test_that_a_zero_point_must_fit_the_word(zero_point, signed):
    with pytest.raises(ValueError, match="zero point"):
        Scaled(1.0, zero_point, 8, signed)


@pytest.mark.parametrize("scale", [0.1, 1e-30, 1e30, 1 / 3])
def test_that_scales_are_those_that_a_file_stores(scale):
    assert Scaled(scale).scale == float(np.float32(scale))
    assert ChannelScaled((scale,)).scales == (float(np.float32(scale)),)


def test_that_scales_out_of_reach_of_float32_go_to_its_ends():
    assert Scaled(1e-300).scale == 2.0**-126
    assert Scaled(1e300).scale == float(np.finfo(np.float32).max)


def test_that_thirty_two_bit_words_store_their_ends_exactly():
    data_type = FixedPoint(32, 0)
    ends = [-(2.0**31), 2.0**31 - 1, 2.0**31, -(2.0**31) - 1]
    assert data_type.quantize(ends).tolist() == [-(2**31), 2**31 - 1, 2**31 - 1, -(2**31)]
