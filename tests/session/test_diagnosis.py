"""What was measured stays with the session, and tells whether it still belongs to the plan."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from quantscope.core.data.description import DataDescription
from quantscope.core.diagnosis.fixes import Fix, FixKind
from quantscope.core.diagnosis.mixing import (
    CostFactors,
    Goal,
    Level,
    MeasuredMix,
    Mix,
    MixCost,
    MixFound,
)
from quantscope.core.diagnosis.sensitivity import Basis, Metric, Sensitivity, basis_of
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.schemes import Scheme
from quantscope.session import commands
from quantscope.session.diagnosis import MOST_KEPT, Diagnosis, LayersKnown, MixKnown
from quantscope.session.sensitivity_file import beside, read_sensitivity, write_sensitivity
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session
from tests.core.diagnosed import SETTINGS, deviation, measured
from tests.session.examples import complete, images, small_calibration

BASIS = basis_of(small_calibration(), SETTINGS, 16)
PIN = Fix(
    kind=FixKind.SCHEME,
    layer="conv",
    title="Histogram type for the input of conv",
    reason="a reason",
    predicted=3.0,
    pins={"x": FixedPoint(8, 3)},
)


def known(basis: Basis = BASIS, *layers: str, fixes: tuple[Fix, ...] = ()) -> LayersKnown:
    found = Sensitivity(
        basis=basis, whole=deviation(0.1), layers=tuple(measured(each) for each in layers)
    )
    return LayersKnown(sensitivity=found, fixes=fixes)


def mixed(mix: Mix, agreement: float) -> MeasuredMix:
    cost = MixCost(relative=1.0, narrow=1.0, wide=0.0, in_float=0.0)
    raised = dict.fromkeys(mix.wide, Level.WIDE) | dict.fromkeys(mix.in_float, Level.FLOAT)
    return MeasuredMix(mix=mix, raised=raised, cost=cost, deviation=deviation(0.1, agreement))


PLAIN, WIDE = mixed(Mix(), 0.9), mixed(Mix(wide=frozenset({"conv"})), 0.99)
FLOAT = mixed(Mix(in_float=frozenset({"conv"})), 1.0)


def searched(basis: Basis = BASIS) -> MixKnown:
    found = MixFound(
        goal=Goal(metric=Metric.AGREEMENT, at_least=0.99),
        factors=CostFactors(),
        samples=2,
        reached=True,
        best=WIDE,
        curve=(PLAIN, WIDE, FLOAT),
    )
    return MixKnown(basis=basis, found=found)


def under(basis: Basis, **settings: object) -> Basis:
    return replace(basis, settings=replace(basis.settings, **settings))  # type: ignore[arg-type]


def test_that_the_latest_that_fits_is_shown_and_else_the_latest() -> None:
    other = under(BASIS, scheme=Scheme.ENTROPY)
    kept = Diagnosis().with_layers(known(BASIS, "a")).with_layers(known(other, "b"))
    assert kept.layers_for(replace(BASIS, samples=3)) == known(BASIS, "a")
    assert kept.layers_for(under(BASIS, unsigned=True)) == known(other, "b")
    assert kept.layers_for(None) == known(other, "b")
    assert Diagnosis().layers_for(BASIS) is None
    assert Diagnosis().mix_for(BASIS) is None


def test_that_only_the_latest_are_kept() -> None:
    kept = Diagnosis()
    for samples in range(MOST_KEPT + 2):
        kept = kept.with_layers(known(replace(BASIS, samples=samples)))
        kept = kept.with_mix(searched(replace(BASIS, samples=samples)))
    assert [each.basis.samples for each in kept.layers] == list(range(MOST_KEPT + 1, 1, -1))
    assert [each.basis.samples for each in kept.mixes] == list(range(MOST_KEPT + 1, 1, -1))


def test_that_suggestions_stay_until_more_layers_are_known() -> None:
    kept = Diagnosis().with_layers(known(BASIS, "a", fixes=(PIN,)))
    assert kept.with_layers(known(BASIS, "a")).layers[0].fixes == (PIN,)
    assert kept.with_layers(known(BASIS, "a", "b")).layers[0].fixes == ()


def test_that_a_mix_fits_before_and_after_one_of_its_curve_is_in_use() -> None:
    found = searched()
    assert found.fits(BASIS)
    assert found.in_use(BASIS.settings) == PLAIN
    wide = under(BASIS, wide_layers=frozenset({"conv"}))
    assert found.fits(replace(wide, samples=99))
    assert found.in_use(wide.settings) == WIDE
    assert not found.fits(under(BASIS, float_layers=frozenset({"relu"})))
    assert not found.fits(under(BASIS, unsigned=True))
    assert Diagnosis().with_mix(found).mix_for(wide) == found


def test_that_one_mix_of_a_search_takes_the_place_of_another(tmp_path: Path) -> None:
    session = complete(tmp_path / "small.onnx")
    before = session.document.settings
    session.attach_diagnosis(Diagnosis().with_mix(searched(under(BASIS, **plain(before)))))
    (found,) = session.diagnosis.mixes
    session.do(commands.apply_mix(found, WIDE))
    assert session.document.settings.wide_layers == {"conv"}
    assert session.undo_title == "Mix with same class on 99.0 %"
    session.do(commands.apply_mix(found, FLOAT))
    assert session.document.settings.wide_layers == frozenset()
    assert session.document.settings.float_layers == before.float_layers | {"conv"}
    session.undo()
    session.undo()
    assert session.document.settings == before


def plain(settings: object) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.__slots__}  # type: ignore[attr-defined]


def test_that_a_fix_is_one_edit_with_its_name(tmp_path: Path) -> None:
    session = complete(tmp_path / "small.onnx")
    session.do(commands.apply_fix(PIN))
    assert session.document.settings.pinned["x"] == FixedPoint(8, 3)
    assert session.undo_title == PIN.title
    session.undo()
    assert "x" not in session.document.settings.pinned
    session.do(commands.apply_fix(replace(PIN, kind=FixKind.EQUALIZE)))
    assert session.document.preparation.equalize
    assert session.basis() is None  # the statistics are of another preparation
    session.undo()
    assert session.basis(16) == replace(BASIS, settings=session.document.settings)


def filled(tmp_path: Path) -> Session:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "small.onnx").touch()
    session = complete(tmp_path / "small.onnx", images(tmp_path / "pictures"))
    basis = session.basis(16)
    assert basis is not None
    kept = Diagnosis().with_layers(known(basis, "conv", fixes=(PIN,))).with_mix(searched(basis))
    session.attach_diagnosis(kept)
    return session


def test_that_it_is_saved_with_the_session_and_counts_as_unsaved_before(tmp_path: Path) -> None:
    session = filled(tmp_path)
    file = tmp_path / "a.qscope"
    assert session.is_modified
    save_session(session, file)
    assert not session.is_modified
    back = load_session(file)
    assert back.diagnosis == session.diagnosis
    assert not back.is_modified
    session.attach_diagnosis(session.diagnosis.with_layers(known()))
    assert session.is_modified


def test_that_sessions_without_it_open(tmp_path: Path) -> None:
    session = filled(tmp_path)
    session.attach_diagnosis(Diagnosis())
    save_session(session, tmp_path / "a.qscope")
    with zipfile.ZipFile(tmp_path / "a.qscope") as archive:
        assert "diagnosis.json" not in archive.namelist()
    assert load_session(tmp_path / "a.qscope").diagnosis == Diagnosis()


def test_that_it_belongs_to_the_data_wherever_that_is_found(tmp_path: Path) -> None:
    session = filled(tmp_path)
    folder = tmp_path / "moved"
    save_session(session, tmp_path / "a.qscope")
    folder.mkdir()
    for name in ("a.qscope", "pictures", "small.onnx"):
        (tmp_path / name).rename(folder / name)
    back = load_session(folder / "a.qscope")
    assert not back.missing
    (layers,) = back.diagnosis.layers
    assert layers.basis == back.basis(16)
    (folder / "pictures").rename(folder / "photographs")
    back = load_session(folder / "a.qscope")
    back.locate_data(folder / "photographs")
    assert back.diagnosis.layers[0].basis == back.basis(16)
    assert back.diagnosis.mixes[0].basis == back.basis(16)


def test_that_what_lies_beside_the_session_is_known_too(tmp_path: Path) -> None:
    session = filled(tmp_path)
    file = tmp_path / "a.qscope"
    save_session(session, file)
    (mine,) = session.diagnosis.layers
    theirs = replace(mine.sensitivity, basis=replace(mine.basis, samples=4))
    write_sensitivity(beside(file), theirs)
    write_sensitivity(beside(file), replace(mine.sensitivity, layers=()))
    back = load_session(file)
    assert back.diagnosis.layers == (mine, LayersKnown(sensitivity=theirs))
    assert not back.is_modified
    beside(file).write_text("something else", encoding="utf-8")
    assert load_session(file).diagnosis == session.diagnosis


@pytest.mark.parametrize("text", ["[]", "{}", '{"version": 1, "diagnosis": {"layers": 3}}'])
def test_that_a_damaged_one_is_named(tmp_path: Path, text: str) -> None:
    save_session(filled(tmp_path), tmp_path / "a.qscope")
    with zipfile.ZipFile(tmp_path / "a.qscope") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "b.qscope", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, text if name == "diagnosis.json" else content)
    with pytest.raises(Exception, match=r"diagnosis\.json"):
        load_session(tmp_path / "b.qscope")


def test_that_results_are_handed_to_a_file_that_lacks_them(tmp_path: Path) -> None:
    from quantscope.session.sensitivity_file import read_all, write_if_new

    path = tmp_path / "kept.json"
    older = known(BASIS, "a").sensitivity
    write_sensitivity(path, older)
    other = known(replace(BASIS, samples=1)).sensitivity
    write_if_new(path, [known(BASIS, "b").sensitivity, other])
    assert read_sensitivity(path, BASIS) == older
    assert read_all(path) == (other, older)


def test_that_data_of_another_place_is_left_alone() -> None:
    elsewhere = DataDescription(kind=BASIS.data.kind, path="elsewhere")
    kept = Diagnosis().with_layers(known(BASIS, "a")).with_mix(searched())
    assert kept.moved(elsewhere, replace(elsewhere, path="there")) == kept
