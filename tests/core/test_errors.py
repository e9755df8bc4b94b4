"""Problems read as one sentence and travel inside the exception."""

import pytest

from quantscope.core.errors import Problem, QuantscopeError, reason_of


def test_that_a_problem_reads_as_where_what_and_what_to_do():
    problem = Problem("the file is cut off", "net.onnx", "Export it again")
    assert problem.sentence() == "net.onnx: the file is cut off. Export it again."


def test_that_line_breaks_do_not_reach_the_sentence():
    problem = Problem("the parser said\n  no", "net.onnx", "Export\tit again")
    assert problem.sentence() == "net.onnx: the parser said no. Export it again."


def test_that_what_steers_a_terminal_or_is_no_letter_does_not_reach_the_sentence():
    sentence = Problem("it is\x1b[31m red", "a\udcff\n.png", "Go\x07 on").sentence()
    assert sentence == "a\ufffd .png: it is\ufffd[31m red. Go\ufffd on."


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (FileNotFoundError(2, "No such file or directory", "/a/b"), "no such file or directory"),
        (OSError("it went wrong."), "it went wrong"),
        (ValueError("two\n  lines"), "two lines"),
        (MemoryError(), "it needs more memory than there is"),
        (KeyError(), "KeyError"),
    ],
)
def test_that_a_failure_of_a_library_has_a_reason_in_words(failure, reason):
    assert reason_of(failure) == reason


def test_that_the_exception_shows_the_sentence_and_carries_the_problem():
    with pytest.raises(QuantscopeError, match=r"^a: b\. C\.$") as caught:
        raise QuantscopeError("b", where="a", remedy="C")
    assert caught.value.problem == Problem(what="b", where="a", remedy="C")


def test_that_a_problem_survives_being_raised():
    problem = Problem("b", "a", "C")
    assert QuantscopeError.from_problem(problem).problem == problem
