"""The dry run in the window: a sample before and after, its steps and values, and agreements."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.data.sound import Length, Sound
from quantscope.gui.data.dialog import DataDialog
from quantscope.gui.data.form import DataForm
from quantscope.gui.data.preprocessing_form import GUESSED
from quantscope.gui.files.questions import demo_data
from quantscope.gui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
GENERATOR = """
import numpy as np

def samples():
    for seed in range(3):
        yield {"image": np.random.default_rng(seed).normal(size=(3, 32, 32)).astype(np.float32)}
"""


@pytest.fixture
def dialog(opened: MainWindow) -> DataDialog:
    opened.do_data()
    assert opened.data_dialog is not None
    return opened.data_dialog


@pytest.fixture
def check(qtbot: QtBot, dialog: DataDialog) -> Callable[[], str]:
    def _check() -> str:
        qtbot.mouseClick(dialog.check, LEFT)
        qtbot.waitUntil(dialog.check.isEnabled, timeout=60_000)
        return dialog.answer.text()

    return _check


def choose(dialog: DataDialog, kind: SourceKind, path: Path) -> None:
    dialog.form.kind.setCurrentIndex(dialog.form.kind.findData(kind))
    dialog.form.path.setText(str(path))


def middle(label: QLabel) -> tuple[int, int, int]:
    image = label.pixmap().toImage()
    colour = image.pixelColor(image.width() // 2, image.height() // 2)
    return colour.red(), colour.green(), colour.blue()


def steps(dialog: DataDialog) -> list[str]:
    model = dialog.preview.steps.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_that_nothing_is_shown_before_a_check(dialog: DataDialog) -> None:
    preview = dialog.preview
    assert "Check reads the first sample" in preview.heading.text()
    assert not preview.original.isVisible()
    assert not preview.histogram.isVisible()


def test_that_a_check_shows_picture_histogram_range_and_steps(
    dialog: DataDialog, check: Callable[[], str]
) -> None:
    check()
    preview = dialog.preview
    assert preview.heading.text() == "Sample 1 of 200: arrow/000.png"
    assert middle(preview.original) == middle(preview.processed)
    assert preview.range.text().startswith("1 × 3 × 32 × 32 float32 · 0 … 0.5922, mean 0.33")
    assert steps(dialog)[1] == "multiply by 1/255"
    assert not preview.tensor.isVisible()
    painted = preview.histogram.grab().toImage()
    colours = {painted.pixelColor(x, painted.height() - 2).name() for x in range(painted.width())}
    assert len(colours) > 1


def test_that_other_samples_are_shown_one_after_the_other(
    qtbot: QtBot, dialog: DataDialog, check: Callable[[], str]
) -> None:
    preview = dialog.preview
    assert not preview.after.isVisible()
    dialog.form.samples.setValue(2)
    check()
    assert (preview.before.isEnabled(), preview.after.isEnabled()) == (False, True)
    first = preview.heading.text()
    qtbot.mouseClick(preview.after, LEFT)
    qtbot.waitUntil(dialog.check.isEnabled, timeout=60_000)
    assert preview.heading.text().startswith("Sample 2 of 2: ")
    assert "Number 2, " in dialog.answer.text()
    assert (preview.before.isEnabled(), preview.after.isEnabled()) == (True, False)
    qtbot.mouseClick(preview.before, LEFT)
    qtbot.waitUntil(dialog.check.isEnabled, timeout=60_000)
    assert preview.heading.text() == first


def test_that_reversed_colours_are_seen(dialog: DataDialog, check: Callable[[], str]) -> None:
    form = dialog.form.preprocessing
    form.color.setCurrentText("bgr")
    check()
    assert middle(dialog.preview.processed) == middle(dialog.preview.original)[::-1]
    assert "reverse the channels (BGR)" in steps(dialog)


@pytest.mark.parametrize(
    "edit",
    [
        lambda form: form.samples.setValue(7),
        lambda form: form.skip.setValue(7),
        lambda form: form.path.setText("elsewhere"),
        lambda form: form.preprocessing.preset.setCurrentIndex(1),
        lambda form: form.preprocessing.color.setCurrentText("bgr"),
    ],
)
def test_that_a_preview_says_when_it_is_of_other_settings(
    dialog: DataDialog, check: Callable[[], str], edit: Callable[[DataForm], None]
) -> None:
    edit(dialog.form)
    assert "edited" not in dialog.preview.heading.text()
    dialog.form.show_data(demo_data())
    check()
    edit(dialog.form)
    assert dialog.preview.heading.text().endswith("· edited since: check again")
    dialog.form.show_data(demo_data())
    check()
    assert "edited" not in dialog.preview.heading.text()


def test_that_a_crop_has_a_share_and_other_ways_have_none(
    dialog: DataDialog, check: Callable[[], str]
) -> None:
    form = dialog.form.preprocessing
    assert not form.crop.isVisible()
    form.resize_rule.setCurrentText("crop")
    form.filter_rule.setCurrentText("lanczos")
    assert form.crop.isVisible()
    form.crop.setText("7/8")
    assert form.chain().crop == 0.875
    check()
    assert "resize: crop the middle 0.875, lanczos" in steps(dialog)
    form.resize_rule.setCurrentText("fit")
    assert form.chain().crop == 1.0


def test_that_a_guess_is_marked_until_it_is_edited(qtbot: QtBot, dialog: DataDialog) -> None:
    form = dialog.form.preprocessing
    assert not form.guessed.isVisible()
    qtbot.mouseClick(dialog.guess, LEFT)
    qtbot.waitUntil(dialog.check.isEnabled, timeout=60_000)
    assert (form.guessed.isVisible(), form.guessed.text()) == (True, GUESSED)
    form.layout_rule.setCurrentText("nhwc")
    assert not form.guessed.isVisible()


def test_that_a_mismatch_is_one_sentence_and_arrays_can_be_pictures(
    dialog: DataDialog, check: Callable[[], str], tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.full((2, 32, 32, 3), (200, 100, 0), np.uint8))
    choose(dialog, SourceKind.NPY, tmp_path / "x.npy")
    assert not dialog.form.preprocessing.isVisible()
    assert "x3x32x32 float32 and the sample gives 32x32x3 uint8. Choose the layout" in check()
    assert not dialog.preview.steps.isVisible()
    dialog.form.as_pictures.setChecked(True)
    assert dialog.form.preprocessing.isVisible()
    assert "2 samples" in check()
    assert middle(dialog.preview.processed) == (200, 100, 0)


def test_that_skipped_samples_are_listed(
    dialog: DataDialog, check: Callable[[], str], tmp_path: Path
) -> None:
    rows = [",".join(["0.5"] * 3072)] * 2
    (tmp_path / "x.csv").write_text("\n".join([rows[0], "1,2", rows[1]]))
    choose(dialog, SourceKind.CSV, tmp_path / "x.csv")
    dialog.form.skip.setValue(1)
    assert check().endswith("⚠ One can't be read and is skipped: row 1")
    assert dialog.answer.property("role") == "warning"


def test_that_every_field_is_stored(opened: MainWindow, dialog: DataDialog) -> None:
    dialog.form.samples.setValue(20)
    dialog.form.shuffle.setValue(3)
    dialog.form.skip.setValue(2)
    dialog.accept()
    data = opened.controller.session.document.data
    assert data is not None
    assert (data.samples, data.shuffle, data.skip_unreadable) == (20, 3, 2)
    opened.do_data()
    assert opened.data_dialog is not None
    assert opened.data_dialog.form.description() == data


def test_that_recordings_have_fields_of_their_own(dialog: DataDialog, tmp_path: Path) -> None:
    choose(dialog, SourceKind.WAV, tmp_path)
    form = dialog.form
    assert form.sound.isVisible() and not form.preprocessing.isVisible()
    form.sound.rate.setValue(16000)
    form.sound.length.setCurrentIndex(1)
    form.sound.scale.setText("32768")
    sound = Sound(rate=16000, length=Length.FRAMES, scale=32768.0)
    assert form.description().sound == sound
    form.sound.show_sound(Sound())
    assert form.description().sound == Sound()
    form.show_data(DataDescription(kind=SourceKind.WAV, sound=sound))
    assert form.description().sound == sound
    form.sound.scale.setText("loud")
    dialog.check.click()
    assert '"loud" is no value for scale' in dialog.answer.text()


# ---- Python files --------------------------------------------------------------------------------


def test_that_a_python_file_is_run_only_after_the_box_is_ticked(
    qtbot: QtBot,
    opened: MainWindow,
    dialog: DataDialog,
    check: Callable[[], str],
    tmp_path: Path,
) -> None:
    path = tmp_path / "data.py"
    path.write_text(GENERATOR)
    choose(dialog, SourceKind.PYTHON, path)
    assert not dialog.form.trust.isChecked()
    assert "nobody has agreed to run it" in check()
    dialog.accept()
    assert dialog.isVisible()
    assert "agree to that first" in dialog.answer.text()
    dialog.form.trust.click()
    assert "3 samples" in check()
    path.write_text(GENERATOR + "# another\n")
    assert "has changed since it was agreed" in check()
    dialog.form.path.setText("")
    dialog.form.path.setText(str(path))
    assert not dialog.form.trust.isChecked()
    dialog.form.trust.click()
    dialog.accept()
    data = opened.controller.session.document.data
    assert data is not None
    assert (data.kind, data.trusted) == (SourceKind.PYTHON, "")
    opened.controller.calibrate()
    qtbot.waitUntil(lambda: not opened.controller.is_busy, timeout=60_000)
    assert opened.controller.session.calibration is not None
    assert opened.controller.session.calibration.samples == 3
    assert not opened.controller.session.calibration_is_stale


def test_that_an_agreement_can_be_taken_back(
    dialog: DataDialog, check: Callable[[], str], tmp_path: Path
) -> None:
    path = tmp_path / "data.py"
    path.write_text(GENERATOR)
    choose(dialog, SourceKind.PYTHON, path)
    dialog.form.trust.click()
    dialog.form.trust.click()
    assert "nobody has agreed to run it" in check()


def test_that_a_file_that_is_not_there_can_not_be_agreed_to(
    dialog: DataDialog, tmp_path: Path
) -> None:
    choose(dialog, SourceKind.PYTHON, tmp_path / "gone.py")
    dialog.form.trust.click()
    assert not dialog.form.trust.isChecked()
    assert "can't be read: No such file" in dialog.answer.text()
    assert demo_data().trusted == ""


def test_that_the_status_line_names_what_a_calibration_skipped(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    rows = [",".join(["0.5"] * 3072)] * 2
    (tmp_path / "x.csv").write_text("\n".join([rows[0], "1,2", rows[1]]))
    opened.controller.describe_data(
        DataDescription(kind=SourceKind.CSV, path=str(tmp_path / "x.csv"), skip_unreadable=1)
    )
    opened.controller.calibrate()
    qtbot.waitUntil(lambda: not opened.controller.is_busy, timeout=60_000)
    assert opened.status.data.text().endswith("2 samples, 1 unreadable skipped")
    assert opened.status.data.toolTip().endswith("skipped:\nrow 1")
