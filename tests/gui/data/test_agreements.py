"""An agreement to run a Python file goes with every request that would run it."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from quantscope.core.data.description import DataDescription, SourceKind, content_hash
from quantscope.core.data.joined import with_source
from quantscope.gui.data.agreements import Agreements


def test_that_data_of_several_files_is_stamped_with_what_was_agreed_to_of_each(
    tmp_path: Path,
) -> None:
    agreements, hashes = Agreements(), []
    sources = []
    for name in ("one.py", "two.py", "three.py"):
        (tmp_path / name).write_text(f"# {name}")
        sources.append(DataDescription(kind=SourceKind.PYTHON, path=str(tmp_path / name)))
    for source in sources[:2]:
        agreements.agree(source.path)
        hashes.append(content_hash(Path(source.path).read_bytes()))
    pictures = DataDescription(kind=SourceKind.IMAGES, path=str(tmp_path))
    both = with_source(with_source(pictures, sources[1]), sources[0])
    assert sorted(agreements.stamped(both).trusted.split()) == sorted(hashes)
    assert agreements.stamped(with_source(pictures, sources[2])).trusted == ""
    assert agreements.stamped(replace(both, stable_after=4)) == replace(both, stable_after=4)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such pipes")
def test_that_a_path_is_read_only_where_it_was_agreed_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreements, pipe, file = Agreements(), tmp_path / "pipe", tmp_path / "data.py"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="it is no file"):
        agreements.agree(str(pipe))
    file.write_text("def samples(): ...")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read"))
        assert not agreements.stands(str(pipe))
        assert not agreements.stands(str(file))
    agreements.agree(str(file))
    assert agreements.stands(str(file))
    file.write_text("def samples(): 1 / 0")
    assert not agreements.stands(str(file))
