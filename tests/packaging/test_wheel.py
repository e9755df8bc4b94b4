"""What `pip install .` installs: the program and its demo, not the scripts that made the demo."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the contents of the wheel, as an installation has them."""
    folder = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = folder.glob("quantscope-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_that_the_wheel_holds_the_demo_and_no_training_script(installed: Path) -> None:
    resources = installed / "quantscope" / "resources"
    assert (resources / "demo" / "demo.onnx").is_file()
    assert any(resources.rglob("*.png"))
    assert not list(resources.rglob("*.py"))


def test_that_the_wheel_holds_every_module_and_the_types_marker(installed: Path) -> None:
    source = PROJECT / "app" / "quantscope"
    package = installed / "quantscope"
    assert _modules(package) == _modules(source)
    assert (package / "py.typed").is_file()


def _modules(package: Path) -> set[Path]:
    return {path.relative_to(package) for path in package.rglob("*.py")}


def test_that_an_installation_finds_its_own_demo(installed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from quantscope.bundled import *; print(demo_folder())"],
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == installed / "quantscope" / "resources" / "demo"
