"""The types for another tool, written from the window."""

from pathlib import Path

from quantscope.core.exchange.formats import FORMATS
from quantscope.gui.main_window import MainWindow


def test_that_types_are_written_in_the_format_of_the_filter(
    calibrated: MainWindow, tmp_path: Path
) -> None:
    calibrated.actions_by_id["types"].trigger()
    dialog = calibrated.types_file.dialog
    assert dialog is not None
    wanted = next(text for text in dialog.nameFilters() if text.startswith("C header"))
    dialog.selectNameFilter(wanted)
    dialog.filterSelected.emit(wanted)
    assert Path(dialog.selectedFiles()[0]).name == "demo-c-header.h"
    target = tmp_path / "types.h"
    dialog.fileSelected.emit(str(target))
    plan = calibrated.controller.session.plan()
    network = calibrated.controller.session.network
    assert plan is not None
    assert network is not None
    assert target.read_text(encoding="utf-8") == FORMATS["c-header"].write(network, plan)
    assert str(target) in calibrated.messages.sentence.text()
    dialog.close()


def test_that_types_that_can_not_be_written_are_a_sentence(
    calibrated: MainWindow, tmp_path: Path
) -> None:
    calibrated.actions_by_id["types"].trigger()
    dialog = calibrated.types_file.dialog
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "nowhere" / "types.json"))
    assert "cannot be written" in calibrated.messages.sentence.text()
    dialog.close()


def test_that_types_need_a_calibration(opened: MainWindow) -> None:
    assert not opened.actions_by_id["types"].isEnabled()
