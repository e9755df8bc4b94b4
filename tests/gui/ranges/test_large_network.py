"""A network of 5,000 tensors: nothing that a person does may take time with its square."""

import time
from collections.abc import Callable

import pytest

from quantscope.core.planning.schemes import Scheme
from quantscope.gui.main_window import MainWindow
from quantscope.session.steps import finish
from tests.gui.large_network import LAYERS, large_session

AT_MOST = 1.0  # seconds of work, for what takes 0.05 s on an idle machine


@pytest.fixture
def large(window: MainWindow) -> MainWindow:
    window.controller.session = large_session()
    return window


def test_that_a_large_network_is_shown_and_edited_at_once(large: MainWindow) -> None:
    actions: dict[str, Callable[[], object]] = {
        "open": lambda: finish(large.controller._replacing_session()),
        "close a layer": lambda: large.ranges.tree.collapse(large.ranges.model.index(1, 0)),
        "close all": large.do_collapse,
        "open all": large.do_expand,
        "scroll": lambda: large.ranges.bar.setValue(50_000),
        "keep a layer in float": lambda: large.controller.quantize_layer("conv9", False),
        "undo": large.do_undo,
        "target": lambda: large.controller.choose_target("fixed-point"),
        "scheme": lambda: large.controller.choose_scheme(Scheme.HISTOGRAM),
        "word length": lambda: large.controller.choose_word_length(16),
        "theme": large.appearance.do_theme_dark,
    }
    slow = {}
    for name, act in actions.items():
        start = time.thread_time()
        act()
        large.grab()
        seconds = time.thread_time() - start
        if seconds > AT_MOST:
            slow[name] = seconds
    assert slow == {}
    assert len(large.ranges.heat.rows) == 4 * LAYERS + LAYERS + 1
