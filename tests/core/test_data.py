"""Preprocessing texts are read, refused with a sentence, and written back in few words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.data import (
    PRESETS,
    Color,
    DataDescription,
    Layout,
    Preprocessing,
    Resize,
    SourceCheck,
    SourceKind,
    format_preprocessing,
    parse_preprocessing,
)
from quantscope.core.errors import QuantscopeError

numbers = st.floats(allow_nan=False, allow_infinity=False)
chains = st.builds(
    Preprocessing,
    scale=numbers,
    mean=st.lists(numbers, min_size=1, max_size=4).map(tuple),
    std=st.lists(numbers.filter(bool), min_size=1, max_size=4).map(tuple),
    resize=st.sampled_from(Resize),
    color=st.sampled_from(Color),
    layout=st.sampled_from(Layout),
)


@settings(max_examples=30)
@given(chains | st.sampled_from(list(PRESETS.values())))
def test_that_a_chain_reads_back_from_its_text(chain):
    assert parse_preprocessing(format_preprocessing(chain)) == chain


@pytest.mark.parametrize("name", PRESETS)
def test_that_a_preset_is_written_by_its_name(name):
    assert format_preprocessing(PRESETS[name]) == name


def test_that_a_changed_preset_is_written_as_the_preset_and_the_change():
    text = format_preprocessing(parse_preprocessing("imagenet resize=crop"))
    assert text == "imagenet resize=crop"


def test_that_settings_alone_start_from_pixels_between_0_and_1():
    assert parse_preprocessing("mean=0.5") == Preprocessing(mean=(0.5,))
    assert format_preprocessing(Preprocessing(mean=(0.5,))) == "mean=0.5"
    assert parse_preprocessing("") == Preprocessing()


def test_that_every_setting_is_read():
    text = "scale=1/127.5 mean=1,2,3 std=4,5,6 resize=fit color=bgr layout=nhwc"
    assert parse_preprocessing(text) == Preprocessing(
        scale=1 / 127.5,
        mean=(1.0, 2.0, 3.0),
        std=(4.0, 5.0, 6.0),
        resize=Resize.FIT,
        color=Color.BGR,
        layout=Layout.NHWC,
    )


def test_that_a_preset_after_settings_replaces_them():
    assert parse_preprocessing("scale=3 caffe") == PRESETS["caffe"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("imagenette", '"imagenette" is not a preset'),
        ("scale=fast", '"fast" is no value for scale'),
        ("scale=1/0", '"1/0" is no value for scale'),
        ("mean=1,,2", '"1,,2" is no value for mean'),
        ("std=0.5,0", "a standard deviation of 0 divides by zero"),
        ("scale=inf", "must be finite"),
        ("mean=nan", "must be finite"),
        ("resize=squash", '"squash" is no value for resize'),
        ("color=cmyk", '"cmyk" is no value for color'),
        ("layout=hwc", '"hwc" is no value for layout'),
        ("size=224", 'there is no setting "size"'),
        ("=224", 'there is no setting ""'),
    ],
)
def test_that_a_mistyped_text_is_refused_with_what_is_wrong_and_a_remedy(text, what):
    with pytest.raises(QuantscopeError) as caught:
        parse_preprocessing(text)
    assert what in caught.value.problem.what
    assert caught.value.problem.where == "preprocessing"
    assert "imagenet" in caught.value.problem.remedy


@pytest.mark.parametrize("wrong", [{"mean": ()}, {"std": ()}])
def test_that_a_chain_needs_a_mean_and_a_deviation(wrong):
    with pytest.raises(QuantscopeError, match="at least one number"):
        Preprocessing(**wrong)


def test_that_only_random_data_is_marked_as_random():
    marked = {kind for kind in SourceKind if DataDescription(kind=kind).is_random}
    assert marked == {SourceKind.RANDOM}


def test_that_a_source_check_keeps_the_first_sample_as_it_goes_in():
    check = SourceCheck(
        samples=200,
        first="cat.png",
        shapes=(("x", (1, 3, 32, 32), "float32"),),
        minimum=0.0,
        maximum=1.0,
    )
    assert (check.samples, check.first, check.minimum, check.maximum) == (200, "cat.png", 0.0, 1.0)
    assert check.shapes[0][1] == (1, 3, 32, 32)
