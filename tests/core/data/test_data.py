"""Preprocessing texts are read, refused with a sentence, and written back in few words."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.data.description import (
    PRESETS,
    Color,
    DataDescription,
    Filter,
    Layout,
    Preprocessing,
    Resize,
    SourceCheck,
    SourceKind,
    content_hash,
    format_preprocessing,
    parse_preprocessing,
)
from quantscope.core.errors import QuantscopeError

numbers = st.floats(allow_nan=False, allow_infinity=False)
chains = st.builds(
    Preprocessing,
    scale=numbers.filter(bool),
    mean=st.lists(numbers, min_size=1, max_size=4).map(tuple),
    std=st.lists(numbers.filter(lambda number: number > 0.0), min_size=1, max_size=4).map(tuple),
    resize=st.sampled_from(Resize),
    filter=st.sampled_from(Filter),
    color=st.sampled_from(Color),
    layout=st.sampled_from(Layout),
) | st.builds(
    Preprocessing,
    resize=st.just(Resize.CROP),
    crop=st.floats(min_value=0.0, max_value=1.0, exclude_min=True),
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
    values = "scale=1/127.5 mean=1,2,3 std=4,5,6"
    frame = "crop=7/8 resize=crop filter=bicubic color=bgr layout=nhwc"
    assert parse_preprocessing(f"{values} {frame}") == Preprocessing(
        scale=1 / 127.5,
        mean=(1.0, 2.0, 3.0),
        std=(4.0, 5.0, 6.0),
        resize=Resize.CROP,
        crop=0.875,
        filter=Filter.BICUBIC,
        color=Color.BGR,
        layout=Layout.NHWC,
    )


@pytest.mark.parametrize("text", ["scale=3 caffe", "caffe scale=3"])
def test_that_settings_change_a_preset_wherever_it_stands(text):
    assert parse_preprocessing(text) == replace(PRESETS["caffe"], scale=3.0)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("imagenette", '"imagenette" is not a preset'),
        ("scale=fast", '"fast" is no value for scale'),
        ("scale=1/0", '"1/0" is no value for scale'),
        ("mean=1,,2", '"1,,2" is no value for mean'),
        ("std=0.5,0", "a standard deviation is a number above 0"),
        ("std=-1", "a standard deviation is a number above 0"),
        ("std=", '"" is no value for std'),
        ("scale=0", "a scale of 0 makes all pixels alike"),
        ("scale=1e400", "must be finite"),
        ("imagenet caffe", "there are two presets, and there can be one"),
        ("color=RGB", '"RGB" is no value for color, which is auto, rgb, bgr, gray'),
        ("scale=inf", "must be finite"),
        ("mean=nan", "must be finite"),
        ("filter=magic", '"magic" is no value for filter'),
        ("resize=crop crop=0", "crop is a share above 0 and up to 1"),
        ("resize=crop crop=1.5", "crop is a share above 0 and up to 1"),
        ("resize=fit crop=0.5", "crop needs resize=crop"),
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


def test_that_pictures_and_arrays_of_pictures_are_preprocessed():
    preprocessed = {kind for kind in SourceKind if DataDescription(kind=kind).has_pictures}
    assert preprocessed == {SourceKind.IMAGES}
    assert DataDescription(kind=SourceKind.NPY, as_pictures=True).has_pictures


def test_that_an_agreement_is_bound_to_content_and_makes_no_other_data():
    trusted = content_hash(b"def samples(): ...")
    assert trusted != content_hash(b"def samples(): ... ")
    data = DataDescription(kind=SourceKind.PYTHON, path="a.py")
    assert replace(data, trusted=trusted) == data


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
