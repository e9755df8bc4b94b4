"""What migrated scales did is told beside the other changes, as long as it holds."""

from dataclasses import replace

from quantscope.gui.files.network_dialog import network_in_words
from quantscope.gui.main_window import MainWindow


def test_that_the_network_dialog_tells_of_migrated_scales_that_fit(calibrated: MainWindow) -> None:
    session, readings = calibrated.controller.session, calibrated.controller.readings
    network, calibration = session.network, session.calibration
    assert network is not None
    assert calibration is not None
    said = "Divided 1 of 2 channels of norm by 2^3"
    assert said not in network_in_words(network, readings)
    session.attach_calibration(replace(calibration, migration={"norm": (0, 3)}))
    readings.refresh(session)
    assert said in network_in_words(network, readings)
    session.attach_calibration(
        replace(calibration, fingerprint="other", migration={"norm": (0, 3)})
    )
    readings.refresh(session)
    assert said not in network_in_words(network, readings)
