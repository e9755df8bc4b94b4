"""Where the files that ship with Quantscope lie: the demo, the icons, the font.

In an installed wheel `resources/` is the folder `resources` inside the package; in a checkout
(editable install) it stands beside `app/`. Standard library only: every package may import this.
"""

from importlib.resources import files
from pathlib import Path


def bundled_path(name: str) -> Path:
    """Path of a bundled file or folder, `name` being relative to `resources/` with forward slashes.

    Raises FileNotFoundError when the installation lacks it.
    """
    path = resources_folder() / name
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing: this installation of Quantscope is incomplete, install it again."
        )
    return path


def demo_folder() -> Path:
    """Folder with the demo network (`demo.onnx`) and its pictures."""
    return bundled_path("demo")


def resources_folder() -> Path:
    """Folder that holds everything bundled, whether installed or in a checkout."""
    package = Path(str(files("quantscope")))
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent.parent / "resources"
