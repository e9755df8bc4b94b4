"""Random edits, undo, redo, saving and loading: the session is always what a list of documents
says that it is."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.session import commands, variants
from quantscope.session.document import Document, Variant
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session

TENSORS = strategies.sampled_from(["w", "b", "c", "y"])
TYPES = strategies.builds(FixedPoint, strategies.sampled_from([8, 16]), strategies.integers(-4, 12))


def variant_of(document: Document) -> Variant:
    return Variant(name=document.name, settings=document.settings, preparation=document.preparation)


class EditedSession(RuleBasedStateMachine):
    """The model: a list of documents and a place in it, changed by other means than commands."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.file = self.folder / "edited.qscope"
        self.session = Session()
        self.documents = [Document()]
        self.place = 0
        self.saved = Document()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def expect(self, document: Document) -> None:
        if document != self.documents[self.place]:
            del self.documents[self.place + 1 :]
            self.documents.append(document)
            self.place += 1

    def expect_settings(self, **values: Any) -> None:
        document = self.documents[self.place]
        self.expect(replace(document, settings=replace(document.settings, **values)))

    @property
    def planned(self) -> PlanSettings:
        return self.documents[self.place].settings

    @rule(scheme=strategies.sampled_from(Scheme))
    def choose_scheme(self, scheme: Scheme) -> None:
        self.session.do(commands.choose_scheme(scheme))
        self.expect_settings(scheme=scheme)

    @rule(word_length=strategies.sampled_from([8, 16]))
    def choose_word_length(self, word_length: int) -> None:
        self.session.do(commands.choose_word_length(word_length))
        self.expect_settings(word_length=word_length)

    @rule(key=strategies.sampled_from(["fixed-point", "onnxruntime"]))
    def choose_target(self, key: str) -> None:
        self.session.do(commands.choose_target(key))
        bias = {"fixed-point": 8, "onnxruntime": 32}[key]
        self.expect_settings(target=key, bias_word_length=bias)

    @rule(key=strategies.sampled_from(["correct_bias", "integer_ports"]), on=strategies.booleans())
    def switch(self, key: str, on: bool) -> None:
        self.session.do(commands.switch(key, on))
        self.expect_settings(**{key: on})

    @rule(tensor=TENSORS, data_types=strategies.lists(TYPES, min_size=1, max_size=4))
    def drag(self, tensor: str, data_types: list[FixedPoint]) -> None:
        for number, data_type in enumerate(data_types):
            command = commands.pin_type((tensor,), data_type, tensor)
            self.session.do(command, merge=number > 0)
        if any(data_type != self.planned.pinned.get(tensor) for data_type in data_types):
            del self.documents[self.place + 1 :]  # even where the drag ends where it began
        self.expect_settings(pinned={**self.planned.pinned, tensor: data_types[-1]})

    @rule(tensor=TENSORS)
    def reset(self, tensor: str) -> None:
        self.session.do(commands.reset_types((tensor,), tensor))
        left = {name: kind for name, kind in self.planned.pinned.items() if name != tensor}
        self.expect_settings(pinned=left)

    @rule(layer=strategies.sampled_from(["conv", "relu"]), quantized=strategies.booleans())
    def quantize(self, layer: str, quantized: bool) -> None:
        self.session.do(commands.set_layer_quantized(layer, quantized, layer))
        others = self.planned.float_layers - {layer}
        self.expect_settings(float_layers=others if quantized else others | {layer})

    @rule(seed=strategies.none() | strategies.integers(0, 3))
    def describe_data(self, seed: int | None) -> None:
        data = None if seed is None else DataDescription(kind=SourceKind.RANDOM, seed=seed)
        self.session.do(commands.describe_data(data))
        self.expect(replace(self.documents[self.place], data=data))

    @rule(equalize=strategies.booleans())
    def equalize(self, equalize: bool) -> None:
        self.session.do(commands.choose_preparation("equalize", equalize))
        preparation = PreparationChoices(equalize=equalize)
        self.expect(replace(self.documents[self.place], preparation=preparation))

    @precondition(lambda self: len(self.documents[self.place].others) < 3)
    @rule()
    def add_variant(self) -> None:
        old = self.documents[self.place]
        self.session.do(variants.add_variant(old))
        name = next(name for name in "ABCD" if name not in {each.name for each in old.variants})
        left, right = old.others[: old.place], old.others[old.place :]
        others = (*left, variant_of(old), *right)
        self.expect(replace(old, name=name, place=old.place + 1, others=others))

    @rule(places=strategies.integers(0, 3))
    def open_variant(self, places: int) -> None:
        old = self.documents[self.place]
        opened = places % (len(old.others) + 1)
        self.session.do(variants.open_variant(old, opened))
        every = [*old.others]
        every.insert(old.place, variant_of(old))
        new = every.pop(opened)
        self.expect(
            replace(
                old,
                name=new.name,
                settings=new.settings,
                preparation=new.preparation,
                place=opened,
                others=tuple(every),
            )
        )

    @rule()
    def undo(self) -> None:
        self.session.undo()
        self.place = max(self.place - 1, 0)

    @rule()
    def redo(self) -> None:
        self.session.redo()
        self.place = min(self.place + 1, len(self.documents) - 1)

    @rule()
    def save(self) -> None:
        save_session(self.session, self.file)
        self.saved = self.documents[self.place]

    @precondition(lambda self: self.file.exists())
    @rule()
    def load(self) -> None:
        self.session = load_session(self.file)
        self.documents, self.place = [self.saved], 0

    @invariant()
    def the_document_is_the_one_expected(self) -> None:
        assert self.session.document == self.documents[self.place]
        assert self.session.can_undo == (self.place > 0)
        assert self.session.can_redo == (self.place < len(self.documents) - 1)
        assert self.session.is_modified == (self.documents[self.place] != self.saved)


TestEditedSession = EditedSession.TestCase
TestEditedSession.settings = settings(max_examples=40, stateful_step_count=25)
