"""Edits, undo and the results beside the document: what belongs together and what is stale."""

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from quantscope.core.data.description import PRESETS, DataDescription, SourceKind
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.schemes import Scheme
from quantscope.session import commands
from quantscope.session.commands import ChangeKind
from quantscope.session.document import Document
from quantscope.session.session import Session
from quantscope.session.steps import finish
from tests.session.examples import (
    FINGERPRINT,
    RANDOM_DATA,
    images,
    small_calibration,
    small_network,
    small_report,
)


def opened(data: DataDescription | None = RANDOM_DATA) -> Session:
    """A session on the small network, calibrated."""
    session = Session()
    session.open_model("/models/small.onnx", small_network())
    if data is not None:
        session.do(commands.describe_data(data))
        session.attach_calibration(small_calibration(data))
    return session


def drag(session: Session, *fraction_lengths: int, tensor: str = "c") -> None:
    for number, length in enumerate(fraction_lengths):
        pin = commands.pin_type((tensor,), FixedPoint(8, length), tensor)
        session.do(pin, merge=number > 0)


# ---- edits and undo ------------------------------------------------------------------------------


def test_that_a_document_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        Document().model = "other"  # type: ignore[misc]


def test_that_an_edit_returns_the_documents_before_and_after_it() -> None:
    session = Session()
    change = session.do(commands.choose_scheme(Scheme.HISTOGRAM))
    assert change is not None
    assert (change.before, change.after) == (Document(), session.document)
    assert change.kind is ChangeKind.SETTINGS
    assert session.document.settings.scheme is Scheme.HISTOGRAM


def test_that_an_edit_that_changes_nothing_is_no_undo_step() -> None:
    session = Session()
    assert session.do(commands.choose_scheme(Scheme.MINMAX)) is None
    assert not session.can_undo
    assert not session.is_modified


def test_that_undo_and_redo_walk_through_the_same_documents() -> None:
    session = Session()
    edits = [
        commands.choose_target("fixed-point"),
        commands.choose_word_length(16),
        commands.describe_data(RANDOM_DATA),
    ]
    documents = [session.document]
    for edit in edits:
        session.do(edit)
        documents.append(session.document)
    for earlier in reversed(documents[:-1]):
        change = session.undo()
        assert change is not None
        assert change.after is session.document is earlier
    assert session.undo() is None
    for later in documents[1:]:
        change = session.redo()
        assert change is not None
        assert session.document is later
    assert session.redo() is None


def test_that_undo_and_redo_name_the_edit_and_its_kind() -> None:
    session = Session()
    session.do(commands.pin_type(("w",), FixedPoint(8, 3), "conv weights"))
    session.do(commands.describe_data(RANDOM_DATA))
    assert (session.undo_title, session.redo_title) == ("Choose data", "")
    change = session.undo()
    assert change is not None
    assert change.kind is ChangeKind.DATA
    assert (session.undo_title, session.redo_title) == ("Pin type of conv weights", "Choose data")


def test_that_a_new_edit_after_undo_leaves_nothing_to_redo() -> None:
    session = Session()
    session.do(commands.choose_target("fixed-point"))
    session.undo()
    assert session.can_redo
    session.do(commands.choose_scheme(Scheme.HISTOGRAM))
    assert not session.can_redo


def test_that_a_refused_edit_leaves_document_and_history_alone() -> None:
    session = Session()
    with pytest.raises(ValueError, match="7 bits"):
        session.do(commands.choose_word_length(7))
    assert session.document == Document()
    assert not session.can_undo


@pytest.mark.parametrize(
    ("command", "title"),
    [
        (commands.choose_target("onnxruntime"), "Choose target ONNX Runtime"),
        (commands.choose_scheme(Scheme.MINMAX), "Choose scheme MinMax"),
        (commands.choose_word_length(16), "Choose word length 16"),
        (commands.choose_bias_word_length(8), "Choose bias word length 8"),
        (commands.switch("correct_bias", True), "Bias correction on"),
        (commands.switch("correct_bias", False), "Bias correction off"),
        (commands.reset_types(("w",), "conv weights"), "Reset conv weights to scheme"),
        (commands.pin_types({"w": FixedPoint(8, 3)}, "Move 2 bands"), "Move 2 bands"),
        (commands.set_layers_quantized(("k", "l"), True), "Quantize 2 layers"),
        (commands.set_layers_quantized(("k", "l"), False), "Keep 2 layers in float"),
        (commands.set_layers_wide(("k", "l"), True), "16-bit activations for 2 layers"),
        (commands.set_layers_wide(("k", "l"), False), "Usual activations for 2 layers"),
        (commands.set_layer_quantized("l", True, "conv"), "Quantize conv"),
        (commands.set_layer_quantized("l", False, "conv"), "Keep conv in float"),
    ],
)
def test_that_a_command_has_the_title_that_undo_shows(
    command: commands.Command, title: str
) -> None:
    assert command.title == title


def test_that_every_scheme_has_a_title() -> None:
    assert set(commands.SCHEME_TITLES) == set(Scheme)


def test_that_bias_correction_is_an_edit_that_makes_a_report_stale() -> None:
    session = opened()
    session.attach_report(small_report(), session.document.settings)
    session.do(commands.switch("correct_bias", True))
    assert session.document.settings.correct_bias
    assert session.report_is_stale
    assert session.do(commands.switch("correct_bias", True)) is None
    session.undo()
    assert not session.document.settings.correct_bias
    assert not session.report_is_stale


def test_that_layers_biases_and_pins_are_edited_and_taken_back() -> None:
    session = Session()
    session.do(commands.choose_target("fixed-point"))
    session.do(commands.choose_bias_word_length(32))
    session.do(commands.set_layer_quantized("conv", False, "conv"))
    assert session.document.settings.float_layers == {"conv"}
    session.do(commands.set_layer_quantized("conv", True, "conv"))
    session.do(commands.pin_type(("c", "y"), FixedPoint(8, 3), "conv"))
    session.do(commands.reset_types(("c",), "conv"))
    settings = session.document.settings
    assert (settings.bias_word_length, settings.float_layers) == (32, frozenset())
    assert settings.pinned == {"y": FixedPoint(8, 3)}


# ---- drags ---------------------------------------------------------------------------------------


def test_that_a_drag_is_one_undo_step() -> None:
    session = Session()
    drag(session, 3, 4, 5, 6)
    assert session.document.settings.pinned == {"c": FixedPoint(8, 6)}
    session.undo()
    assert session.document == Document()
    session.redo()
    assert session.document.settings.pinned == {"c": FixedPoint(8, 6)}


def test_that_two_drags_of_the_same_tensor_are_two_steps() -> None:
    session = Session()
    drag(session, 3, 4)
    drag(session, 5, 6)
    session.undo()
    assert session.document.settings.pinned == {"c": FixedPoint(8, 4)}


def test_that_a_drag_whose_first_move_changes_nothing_is_still_a_step_of_its_own() -> None:
    session = Session()
    drag(session, 3, 4)
    drag(session, 4, 5)
    session.undo()
    assert session.document.settings.pinned == {"c": FixedPoint(8, 4)}


def test_that_a_drag_of_another_tensor_does_not_grow_the_step_before() -> None:
    session = Session()
    drag(session, 3)
    session.do(commands.pin_type(("w",), FixedPoint(8, 5), "w"), merge=True)
    session.undo()
    assert session.document.settings.pinned == {"c": FixedPoint(8, 3)}


def test_that_a_drag_back_to_its_start_leaves_no_step() -> None:
    session = Session()
    drag(session, 3)
    drag(session, 4, 5, 3)
    assert session.undo_title == "Pin type of c"
    session.undo()
    assert session.document == Document()
    assert not session.can_undo


def test_that_a_drag_that_comes_back_to_its_start_can_go_on() -> None:
    session = Session()
    drag(session, 3)
    drag(session, 4, 3, 7)
    session.undo()
    assert session.document.settings.pinned == {"c": FixedPoint(8, 3)}


def test_that_two_drags_back_to_their_start_leave_no_step() -> None:
    session = Session()
    session.do(commands.pin_type(("c",), FixedPoint(8, 3), "c"))
    drag(session, 4, 3)
    drag(session, 5, 3)
    session.undo()
    assert session.document == Document()
    assert not session.can_undo


def test_that_a_move_after_redo_starts_a_step_of_its_own() -> None:
    session = Session()
    drag(session, 3)
    drag(session, 4)
    session.undo()
    session.redo()
    session.do(commands.pin_type(("c",), FixedPoint(8, 9), "c"), merge=True)
    session.undo()
    assert session.document.settings.pinned == {"c": FixedPoint(8, 4)}


def test_that_a_move_after_undo_starts_a_step_of_its_own() -> None:
    session = Session()
    drag(session, 3)
    drag(session, 4)
    session.undo()
    session.do(commands.pin_type(("c",), FixedPoint(8, 9), "c"), merge=True)
    session.undo()
    assert session.document.settings.pinned == {"c": FixedPoint(8, 3)}


# ---- model, data, results ------------------------------------------------------------------------


def test_that_opening_a_model_starts_anew() -> None:
    session = opened()
    session.mark_saved("somewhere.qscope")
    change = session.open_model("other.onnx", small_network("beef"))
    assert change.kind is ChangeKind.MODEL
    assert change.before.fingerprint == "f00d"
    assert session.document == Document(
        model=str(Path("other.onnx").absolute()), fingerprint="beef"
    )
    assert (session.calibration, session.report, session.path) == (None, None, None)
    assert not session.can_undo
    assert not session.is_modified


def test_that_a_session_without_model_or_statistics_has_no_plan() -> None:
    assert Session().plan() is None
    assert opened(data=None).plan() is None


def test_that_the_plan_is_made_once_for_the_same_settings() -> None:
    session = opened()
    first = session.plan()
    assert first is not None
    assert session.plan() is first
    session.do(commands.choose_scheme(Scheme.HISTOGRAM))
    second = session.plan()
    assert second is not None
    assert second.settings.scheme is Scheme.HISTOGRAM


def test_that_the_plan_is_the_same_in_steps() -> None:
    session = opened()
    steps = list(session.planning())
    planned = finish(session.planning())
    assert len(steps) == 2 and planned is session.plan() is not None
    assert planned == opened().plan()
    assert finish(opened(data=None).planning()) is None


def test_that_new_statistics_make_a_new_plan() -> None:
    session = opened()
    first = session.plan()
    session.attach_calibration(small_calibration(seed=1))
    second = session.plan()
    assert first is not None
    assert second is not None
    assert first.types != second.types


def test_that_statistics_of_another_network_are_kept_as_stale_and_never_planned_with() -> None:
    session = opened()
    other = small_calibration(fingerprint="beef")
    session.attach_calibration(other)
    assert session.calibration is other
    assert session.calibration_is_stale
    assert session.plan() is None


def test_that_statistics_are_stale_while_the_data_is_another() -> None:
    session = opened()
    assert not session.calibration_is_stale
    session.do(commands.describe_data(DataDescription(kind=SourceKind.RANDOM, seed=1)))
    assert session.calibration_is_stale
    assert session.plan() is not None
    session.undo()
    assert not session.calibration_is_stale


def test_that_when_a_run_is_to_end_makes_no_statistics_stale(tmp_path: Path) -> None:
    data = images(Path("/gone"))
    session = opened(data)
    session.do(commands.describe_data(replace(data, stable_after=8)))
    assert not session.calibration_is_stale
    session.locate_data(tmp_path)
    assert not session.calibration_is_stale
    session.do(commands.describe_data(replace(data, path=str(tmp_path), samples=8)))
    assert session.calibration_is_stale


def test_that_nothing_is_stale_where_there_are_no_results() -> None:
    session = Session()
    assert not session.calibration_is_stale
    assert not session.report_is_stale


def test_that_a_report_is_stale_after_an_edit_and_fresh_after_its_undo() -> None:
    session = opened()
    report = small_report()
    session.attach_report(report, session.document.settings)
    assert session.report is report
    assert not session.report_is_stale
    session.do(commands.set_layer_quantized("conv", False, "conv"))
    assert session.report_is_stale
    session.undo()
    assert not session.report_is_stale


def test_that_a_report_of_settings_changed_during_the_export_is_stale() -> None:
    session = opened()
    exported = session.document.settings
    session.do(commands.choose_scheme(Scheme.HISTOGRAM))
    session.attach_report(small_report(), exported)
    assert session.report_is_stale


def test_that_a_report_is_stale_after_a_new_calibration() -> None:
    session = opened()
    session.attach_report(small_report(), session.document.settings)
    session.attach_calibration(small_calibration())
    assert session.report_is_stale


def test_that_a_result_counts_as_unsaved_until_it_is_saved() -> None:
    session = opened()
    session.mark_saved("a.qscope")
    assert not session.is_modified
    session.attach_calibration(small_calibration())
    assert session.is_modified
    session.mark_saved("a.qscope")
    session.attach_report(small_report(), session.document.settings)
    assert session.is_modified


def test_that_undoing_to_the_saved_document_makes_the_session_unmodified() -> None:
    session = Session()
    session.do(commands.choose_target("fixed-point"))
    session.mark_saved("a.qscope")
    assert session.saved_document == session.document
    session.do(commands.choose_scheme(Scheme.HISTOGRAM))
    assert session.is_modified
    session.undo()
    assert not session.is_modified


def test_that_located_data_keeps_statistics_and_report_fresh(tmp_path: Path) -> None:
    session = opened(images(Path("/gone")))
    session.attach_report(small_report(), session.document.settings)
    session.missing = (session.document.data.path,) if session.document.data else ()
    change = session.locate_data(tmp_path)
    assert change is not None
    assert change.kind is ChangeKind.DATA
    assert session.document.data == images(tmp_path)
    assert not session.calibration_is_stale
    assert not session.report_is_stale
    assert session.missing == ()


def test_that_other_preprocessing_of_located_data_makes_statistics_stale(tmp_path: Path) -> None:
    session = opened(images(Path("/gone")))
    other = DataDescription(kind=SourceKind.IMAGES, path="/gone", preprocessing=PRESETS["imagenet"])
    session.do(commands.describe_data(other))
    session.locate_data(tmp_path)
    assert session.calibration_is_stale


def test_that_there_is_nothing_to_locate_without_data() -> None:
    assert Session().locate_data("/anywhere") is None


def test_that_a_located_model_keeps_edits_and_results(tmp_path: Path) -> None:
    session = opened()
    session.do(commands.choose_scheme(Scheme.HISTOGRAM))
    change = session.locate_model(tmp_path / "small.onnx", small_network())
    assert change is not None
    assert session.document.model == str(tmp_path / "small.onnx")
    assert session.document.settings.scheme is Scheme.HISTOGRAM
    assert not session.calibration_is_stale
    assert session.locate_model(tmp_path / "small.onnx", small_network()) is None


def test_that_a_located_model_with_another_content_makes_statistics_stale() -> None:
    session = opened()
    session.locate_model("/models/small.onnx", small_network("beef"))
    assert session.calibration_is_stale
    assert session.plan() is None


# ---- preparation ---------------------------------------------------------------------------------

EQUALIZED = PreparationChoices(equalize=True)


def test_that_another_preparation_makes_statistics_stale_until_it_is_undone() -> None:
    session = opened()
    before = session.document
    change = session.do(commands.choose_preparation("equalize", True))
    assert change is not None
    assert change.kind is ChangeKind.PREPARATION
    assert session.document.preparation == EQUALIZED
    assert session.undo_title == "Equalize channels"
    assert session.calibration_is_stale and session.network_is_stale
    assert session.plan() is None
    session.undo()
    assert session.document == before
    assert not (session.calibration_is_stale or session.network_is_stale)
    assert session.plan() is not None
    session.redo()
    assert session.network_is_stale


def test_that_preparing_as_before_leads_back_to_the_same_document() -> None:
    session = opened()
    before = session.document
    assert session.do(commands.choose_preparation("equalize", False)) is None
    session.do(commands.choose_preparation("equalize", True))
    session.do(commands.choose_preparation("equalize", False))
    assert session.document == before
    assert session.undo_title == "Leave channels as they are"


def test_that_a_choice_before_a_model_is_open_names_no_network() -> None:
    session = Session()
    session.do(commands.choose_preparation("equalize", True))
    assert session.document.fingerprint == ""


def test_that_the_new_description_is_taken_without_an_undo_step() -> None:
    session = opened()
    session.do(commands.choose_preparation("equalize", True))
    network = small_network(EQUALIZED.fingerprint(FINGERPRINT))
    assert session.locate_model(session.document.model, network) is None
    assert session.network is network
    assert not session.network_is_stale and session.calibration_is_stale
    session.attach_calibration(small_calibration(fingerprint=network.fingerprint))
    assert not session.calibration_is_stale
    assert session.undo_title == "Equalize channels"


def test_that_a_file_changed_meanwhile_is_followed() -> None:
    session = opened()
    session.do(commands.choose_preparation("equalize", True))
    change = session.locate_model(
        "/models/small.onnx", small_network(EQUALIZED.fingerprint("beef"))
    )
    assert change is not None
    assert session.document.fingerprint == EQUALIZED.fingerprint("beef")
    assert session.document.preparation == EQUALIZED
    assert not session.can_undo
    assert session.calibration_is_stale


def test_that_a_model_opens_under_the_preparation_it_was_described_with() -> None:
    session = Session()
    session.open_model("/a.onnx", small_network(EQUALIZED.fingerprint("f00d")), EQUALIZED)
    assert session.document.preparation == EQUALIZED
    session.do(commands.choose_preparation("equalize", False))
    assert session.document.fingerprint == "f00d"
