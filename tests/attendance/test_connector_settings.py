"""What is refused before anything is asked."""

from datetime import date

import pytest
from connector import (
    AttendanceError,
    ConfigurationError,
    Limits,
    PermanentError,
    Question,
    ServerSettings,
)

GOOD = {"url": "https://attendance.example", "client_id": "me", "client_secret": "hidden-one"}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://attendance.example", "https://attendance.example"),
        ("  https://attendance.example// ", "https://attendance.example"),
        ("https://attendance.example:8443/api/v1/", "https://attendance.example:8443/api/v1"),
        ("HTTPS://Attendance.Example", "HTTPS://Attendance.Example"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://büro.example", "https://büro.example"),
        ("http://localhost:8069", "http://localhost:8069"),
        ("http://127.0.0.1:8069", "http://127.0.0.1:8069"),
        ("http://127.8.8.8", "http://127.8.8.8"),
        ("http://[::1]:8069", "http://[::1]:8069"),
    ],
)
def test_urls(url, kept):
    assert ServerSettings(**{**GOOD, "url": url}).url == kept


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": ""}, "URL is missing"),
        ({"url": None}, "URL is missing"),
        ({"url": "attendance.example"}, "must be like https://"),
        ({"url": "https://"}, "must be like https://"),
        ({"url": "https:///path"}, "must be like https://"),
        ({"url": "ftp://attendance.example"}, "must be like https://"),
        ({"url": "file:///etc/passwd"}, "must be like https://"),
        ({"url": "https://[::1"}, "can't be read"),
        ({"url": "https://attendance.example:99999"}, "can't be read"),
        ({"url": "https://attendance.example:0"}, "can't be read"),
        ({"url": "https://attendance.example:port"}, "can't be read"),
        ({"url": "https://attendance.example\\@evil.example"}, "can't be read"),
        ({"url": "https://attendance.example/a b"}, "can't be read"),
        ({"url": "https://attendance.example/a\nb"}, "can't be read"),
        ({"url": f"https://{'ü' * 80}.example"}, "can't be read"),
        ({"url": "https://me:pw@attendance.example"}, "user name or a password"),
        ({"url": "https://@attendance.example"}, "user name or a password"),
        ({"url": "https://attendance.example/?a=b"}, "without '?' or '#'"),
        ({"url": "https://attendance.example/#a"}, "without '?' or '#'"),
        ({"url": "http://attendance.example"}, "must begin with https://"),
        ({"url": "http://10.0.0.1"}, "must begin with https://"),
        ({"url": "http://localhost.evil.example"}, "must begin with https://"),
        ({"url": "http://127.0.0.1.evil.example"}, "must begin with https://"),
        ({"url": "http://0.0.0.0"}, "must begin with https://"),
        ({"client_id": ""}, "client ID is missing"),
        ({"client_secret": "  "}, "client secret is missing"),
        ({"client_secret": None}, "client secret is missing"),
        ({"client_secret": "\ud800"}, "can't be sent"),
        ({"auth_kind": "basic"}, "one of: json, oauth2"),
        ({"auth_endpoint": "auth/token"}, "auth endpoint must be a path"),
        ({"attendance_endpoint": "https://evil.example/attendances"}, "must be a path"),
        ({"type_endpoint": "//evil.example/types"}, "must be a path"),
        ({"location_endpoint": ""}, "location endpoint must be a path"),
        ({"location_endpoint": None}, "must be a path"),
        ({"location_endpoint": "/a b"}, "must not hold spaces"),
        ({"location_endpoint": "/a?b=c"}, "must not hold spaces"),
        ({"location_endpoint": "/a\r\nX: y"}, "must not hold spaces"),
        ({"location_endpoint": "/\\evil.example"}, "must not hold spaces"),
        ({"persons_per_request": 0}, "1 or more"),
        ({"persons_per_request": True}, "1 or more"),
        ({"persons_per_request": "500"}, "1 or more"),
    ],
)
def test_settings_that_are_refused(change, sentence):
    with pytest.raises(ConfigurationError) as raised:
        ServerSettings(**{**GOOD, **change})
    assert sentence in str(raised.value)
    assert str(raised.value).endswith(".")
    assert "hidden-one" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_http_can_be_allowed():
    settings = ServerSettings(**{**GOOD, "url": "http://10.0.0.1"}, allow_http=True)
    assert settings.url == "http://10.0.0.1"


def test_the_secret_is_not_shown():
    assert "hidden-one" not in repr(ServerSettings(**GOOD))


def test_settings_do_not_change():
    for frozen in (ServerSettings(**GOOD), Limits(), Question(date.today(), date.today())):
        with pytest.raises(AttributeError):
            frozen.url = "https://evil.example"


@pytest.mark.parametrize("name", ["timeout", "tries", "deadline", "body_bytes"])
def test_limits_that_allow_nothing(name):
    with pytest.raises(ValueError, match="must leave some time"):
        Limits(**{name: 0})


def test_configuration_errors_are_not_tried_again():
    assert issubclass(ConfigurationError, PermanentError)
    assert issubclass(PermanentError, AttendanceError)


def test_a_question_backwards():
    with pytest.raises(ValueError, match="after the last"):
        Question(date(2026, 11, 2), date(2026, 11, 1))


@pytest.mark.parametrize("person_ids", [["P1", "P1"], ["P1", ""], ["P1", None], [1], "P1"])
def test_lists_of_persons_that_are_refused(client, server, ask, person_ids):
    with pytest.raises(ValueError, match="person ID"):
        ask(client, person_ids)
    assert server.requests == []


def test_nobody_is_asked_about(client, server):
    question = Question(date(2026, 11, 1), date(2026, 11, 30))
    assert list(client.fetch_attendance([], question)) == []
    assert server.requests == []
