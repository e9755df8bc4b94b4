"""Problems read as one sentence and travel inside the exception."""

import pytest

from quantscope.core.errors import Problem, QuantscopeError


def test_that_a_problem_reads_as_where_what_and_what_to_do():
    problem = Problem("the file is cut off", "net.onnx", "Export it again")
    assert problem.sentence() == "net.onnx: the file is cut off. Export it again."


def test_that_line_breaks_do_not_reach_the_sentence():
    problem = Problem("the parser said\n  no", "net.onnx", "Export\tit again")
    assert problem.sentence() == "net.onnx: the parser said no. Export it again."


def test_that_the_exception_shows_the_sentence_and_carries_the_problem():
    with pytest.raises(QuantscopeError, match=r"^a: b\. C\.$") as caught:
        raise QuantscopeError("b", where="a", remedy="C")
    assert caught.value.problem == Problem(what="b", where="a", remedy="C")


def test_that_a_problem_survives_being_raised():
    problem = Problem("b", "a", "C")
    assert QuantscopeError.from_problem(problem).problem == problem
