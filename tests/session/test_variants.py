"""Variants: kept side by side, each as it was left, every change of them undone by name."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantscope.core.errors import QuantscopeError
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.schemes import Scheme
from quantscope.session import commands, variants
from quantscope.session.commands import Command
from quantscope.session.document import Document
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session
from tests.session.examples import complete, small_network

PIN = commands.pin_type(("w",), FixedPoint(8, 5), "conv weights")


@pytest.fixture
def session() -> Session:
    opened = Session()
    opened.open_model("m.onnx", small_network())
    return opened


def names(document: Document) -> list[str]:
    return [each.name for each in document.variants]


def add(session: Session) -> None:
    session.do(variants.add_variant(session.document))


def switch(session: Session, place: int) -> None:
    session.do(variants.open_variant(session.document, place))


def test_that_each_variant_is_as_it_was_left(session: Session) -> None:
    session.do(commands.choose_scheme(Scheme.ENTROPY))
    add(session)
    session.do(commands.choose_scheme(Scheme.HISTOGRAM))
    session.do(PIN)
    switch(session, 0)
    assert session.document.settings.scheme is Scheme.ENTROPY
    assert not session.document.settings.pinned
    switch(session, 1)
    assert session.document.settings.scheme is Scheme.HISTOGRAM
    assert session.document.settings.pinned == {"w": FixedPoint(8, 5)}


def test_that_a_new_variant_is_a_copy_behind_its_source(session: Session) -> None:
    session.do(PIN)
    add(session)
    switch(session, 0)
    add(session)
    assert names(session.document) == ["A", "C", "B"]
    assert session.document.name == "C" and session.document.place == 1
    assert all(each.settings.pinned for each in session.document.variants)


def test_that_any_variant_can_be_copied(session: Session) -> None:
    add(session)
    session.do(PIN)
    session.do(variants.add_variant(session.document, 0))
    assert names(session.document) == ["A", "C", "B"]
    assert not session.document.settings.pinned


def test_that_names_go_on_behind_the_alphabet() -> None:
    session = Session()
    for _ in range(27):
        add(session)
    assert names(session.document)[25:] == ["Z", "A2", "B2"]


def test_that_a_variant_keeps_its_preparation(session: Session) -> None:
    plain = session.document.fingerprint
    add(session)
    session.do(commands.choose_preparation("equalize", True))
    prepared = session.document.fingerprint
    assert prepared != plain
    switch(session, 0)
    assert session.document.fingerprint == plain and not session.document.preparation.equalize
    switch(session, 1)
    assert session.document.fingerprint == prepared and session.document.preparation.equalize


@pytest.mark.parametrize(
    ("opened", "deleted", "left", "then"),
    [(0, 0, "BC", "B"), (2, 2, "AB", "B"), (2, 0, "BC", "C"), (0, 1, "AC", "A")],
)
def test_that_deleting_opens_a_neighbour(
    session: Session, opened: int, deleted: int, left: str, then: str
) -> None:
    add(session)
    add(session)
    switch(session, opened)
    session.do(variants.delete_variant(session.document, deleted))
    assert names(session.document) == list(left)
    assert session.document.name == then


def test_that_the_only_variant_is_not_deleted(session: Session) -> None:
    with pytest.raises(ValueError, match="only variant"):
        variants.delete_variant(session.document, 0)


def test_that_overwriting_keeps_the_name(session: Session) -> None:
    add(session)
    session.do(PIN)
    session.do(variants.overwrite_variant(session.document, 0))
    first, second = session.document.variants
    assert (first.name, second.name) == ("A", "B")
    assert first.settings == second.settings and first.settings.pinned


@pytest.mark.parametrize(
    ("name", "objection"),
    [("", "needs a name"), ("   ", "needs a name"), ("A", "already"), ("x" * 41, "at most 40")],
)
def test_that_a_bad_name_is_refused_in_words(session: Session, name: str, objection: str) -> None:
    add(session)
    with pytest.raises(ValueError, match=objection):
        variants.rename_variant(session.document, 1, name)


def test_that_a_variant_can_be_called_what_it_is_called(session: Session) -> None:
    session.do(variants.rename_variant(session.document, 0, " int8, histogram "))
    assert session.document.name == "int8, histogram"
    assert not variants.objection_to_name(session.document, 0, "int8, histogram")


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (variants.add_variant, "New variant C"),
        (lambda document: variants.open_variant(document, 0), "Switch to variant A"),
        (lambda document: variants.rename_variant(document, 1, "x"), "Rename variant B"),
        (lambda document: variants.delete_variant(document, 1), "Delete variant B"),
        (lambda document: variants.overwrite_variant(document, 0), "Overwrite variant A with B"),
    ],
)
def test_that_each_change_is_undone_by_its_name(
    session: Session, make: Callable[[Document], Command], title: str
) -> None:
    add(session)
    session.do(PIN)
    before = session.document
    session.do(make(before))
    after = session.document
    assert after != before and session.undo_title == title
    session.undo()
    assert session.document == before
    session.redo()
    assert session.document == after


def test_that_a_session_file_keeps_variants(tmp_path: Path) -> None:
    session = complete(tmp_path / "small.onnx")
    add(session)
    session.do(commands.choose_preparation("equalize", True))
    switch(session, 0)
    save_session(session, tmp_path / "a.qscope")
    loaded = load_session(tmp_path / "a.qscope")
    assert loaded.document.variants == session.document.variants
    assert loaded.document.name == "A"


def _changed(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    member = "session.json"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    content = json.loads(members[member])
    change(content)
    members[member] = json.dumps(content).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_that_a_file_from_before_variants_opens_with_one(tmp_path: Path) -> None:
    save_session(complete(tmp_path / "small.onnx"), tmp_path / "a.qscope")

    def forget(content: dict[str, Any]) -> None:
        for key in ("name", "place", "others"):
            del content["document"][key]

    _changed(tmp_path / "a.qscope", forget)
    loaded = load_session(tmp_path / "a.qscope")
    assert names(loaded.document) == ["A"]
    assert loaded.document.settings.pinned


@pytest.mark.parametrize("key", ["target", "name", "place"])
def test_that_a_file_with_impossible_variants_is_refused(tmp_path: Path, key: str) -> None:
    session = complete(tmp_path / "small.onnx")
    add(session)
    save_session(session, tmp_path / "a.qscope")

    def damage(content: dict[str, Any]) -> None:
        document = content["document"]
        if key == "name":
            document["others"][0]["name"] = document["name"]
        elif key == "place":
            document["place"] = 2
        else:
            document["others"][0]["settings"]["target"] = "abacus"

    _changed(tmp_path / "a.qscope", damage)
    with pytest.raises(QuantscopeError):
        load_session(tmp_path / "a.qscope")
