"""What holds for every test of the engine."""

import pytest

from quantscope.engine.export import saturation


@pytest.fixture(autouse=True)
def _exact_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are alike on all machines; tests/engine/export/test_saturation.py asks for more."""
    monkeypatch.setattr(saturation, "products_saturate", lambda: False)
