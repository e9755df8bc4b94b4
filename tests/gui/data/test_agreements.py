"""An agreement to run a Python file goes with every request that would run it."""

from dataclasses import replace
from pathlib import Path

from quantscope.core.data import DataDescription, SourceKind, content_hash
from quantscope.core.joined_data import with_source
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
