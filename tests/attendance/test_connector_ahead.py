from contextlib import closing
from threading import Event, current_thread

import pytest
from connector import read_ahead

SECONDS = 10


def test_all_come_in_order():
    assert list(read_ahead(iter(range(5)))) == [0, 1, 2, 3, 4]
    assert list(read_ahead(iter(()))) == []


def test_the_next_one_is_fetched_while_one_is_used():
    fetched = Event()

    def give():
        assert current_thread() is not main
        yield 1
        fetched.set()
        yield 2

    main, answers = current_thread(), read_ahead(give())
    assert next(answers) == 1
    assert fetched.wait(SECONDS)
    assert list(answers) == [2]


def test_not_more_than_one_is_fetched():
    given = []

    def give():
        for number in range(5):
            given.append(number)
            yield number

    with closing(read_ahead(give())) as answers:
        next(answers)
        next(answers)
    assert given == [0, 1, 2]


def test_an_error_is_raised_in_its_turn():
    def give():
        yield 1
        raise ValueError("refused")

    answers = read_ahead(give())
    assert next(answers) == 1
    with pytest.raises(ValueError, match="refused"):
        next(answers)


def test_nothing_runs_once_it_is_closed():
    started, go_on = Event(), Event()

    def give():
        yield 1
        started.set()
        go_on.wait(SECONDS)
        yield 2

    answers = read_ahead(give())
    next(answers)
    assert started.wait(SECONDS)
    go_on.set()
    answers.close()
    assert list(answers) == []
