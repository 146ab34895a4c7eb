"""Faults 1 to 9: what HTTP and the network can do."""

import itertools
import socket
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from attendance_faults import Fault
from connector import (
    BadAnswerError,
    RedirectError,
    RefusedError,
    TemporaryError,
)

WEB_PAGE = b"<!DOCTYPE html><html><title>Oops</title><body>Sign in, please</body></html>"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_1_a_failure_that_passes(client, server, ask, pauses, status):
    expected = ask(client)
    server.next("attendance", Fault.status(status), times=3)
    assert ask(client) == expected
    assert len(server.asked("attendance")) == 5
    assert client.calls == 6  # with the token
    assert len(pauses) == 3
    assert pauses[0] < pauses[1] < pauses[2]
    for pause, usual in zip(pauses, (1, 2, 4), strict=True):
        assert 0.8 * usual <= pause <= 1.2 * usual


def test_1_pauses_are_limited(connect, server, ask, pauses):
    server.next("attendance", Fault.status(503), times=6)
    ask(connect(server, tries=7, longest_pause=5))
    assert pauses[3:] == [5, 5, 5]


@pytest.mark.parametrize("status", [500, 503])
def test_2_a_failure_that_stays(client, server, ask, status):
    said = {"error": {"code": status, "message": "Down\x00 for\nmaintenance"}}
    server.next("attendance", Fault.status(status, said), times=None)
    with pytest.raises(TemporaryError) as raised:
        ask(client)
    error = raised.value
    assert len(server.asked("attendance")) == 4
    assert (error.call, error.status) == ("asking for attendance, page 1", status)
    assert error.server_message == "Down for maintenance"
    assert "Try again later" in error.advice
    for part in ("Asking for attendance, page 1", str(status), error.server_message, error.advice):
        assert part in str(error)


@pytest.mark.parametrize(
    ("call", "fetch", "named"),
    [
        ("token", "authenticate", "asking for a token"),
        ("types", "fetch_types", "asking for the attendance types"),
        ("locations", "fetch_locations", "asking for the locations"),
    ],
)
def test_2_every_call_is_named_and_retried(client, server, call, fetch, named):
    server.next(call, Fault.status(502), times=None)
    with pytest.raises(TemporaryError) as raised:
        getattr(client, fetch)()
    assert (raised.value.call, len(server.asked(call))) == (named, 4)


def _in_seconds(seconds, zone=True):
    moment = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    text = format_datetime(moment, usegmt=True)
    return text if zone else text.replace("GMT", "-0000")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("7", 7, 7),
        (" 7 ", 7, 7),
        (_in_seconds(3600), 60, 60),
        (_in_seconds(3600, zone=False), 60, 60),
        (_in_seconds(-3600), 0.8, 1.2),
        ("0", 0.8, 1.2),
        ("-5", 0.8, 1.2),
        ("soon", 0.8, 1.2),
        ("", 0.8, 1.2),
        ("1e3", 0.8, 1.2),
        ("²", 0.8, 1.2),
        ("Wed, 99 Nov 2026 99:99:99 GMT", 0.8, 1.2),
        ("86400", 60, 60),
        ("9" * 400, 60, 60),
    ],
)
def test_3_retry_after(client, server, ask, pauses, status, value, least, most):
    server.next("attendance", Fault.status(status, Retry_After=value))
    ask(client)
    assert len(pauses) == 1
    assert least <= pauses[0] <= most


def test_3_nobody_waits_for_years(connect, server, ask):
    server.next("attendance", Fault.status(429, Retry_After="999999999"), times=None)
    with pytest.raises(TemporaryError) as raised:
        ask(connect(server, tries=1))
    assert raised.value.retry_after == 24 * 60 * 60


def test_3_a_date_soon(client, server, ask, pauses):
    server.next("attendance", Fault.status(429, Retry_After=_in_seconds(20)))
    ask(client)
    assert 15 < pauses[0] <= 20


def test_3_no_pause_beyond_the_deadline(connect, server, ask, pauses):
    server.next("attendance", Fault.status(429, Retry_After="30"), times=None)
    with pytest.raises(TemporaryError) as raised:
        ask(connect(server, deadline=20))
    assert (raised.value.status, pauses) == (429, [])
    assert len(server.asked("attendance")) == 1


def test_4_read_timeout(connect, server, ask):
    server.next("attendance", Fault.hang(), times=None)
    with pytest.raises(TemporaryError, match=r"no answer within 0\.1 seconds"):
        ask(connect(server, timeout=0.1, tries=2))
    assert len(server.asked("attendance")) == 2


def test_4_a_timeout_that_passes(connect, server, ask):
    server.next("attendance", Fault.hang())
    assert len(ask(connect(server, timeout=0.2)).persons) == 3


def test_4_connect_timeout(connect):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _number in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        client = connect(f"http://127.0.0.1:{full.getsockname()[1]}", timeout=0.1, tries=2)
        with pytest.raises(TemporaryError, match=r"no connection within 0\.1 seconds"):
            client.fetch_types()
        assert client.calls == 2
        for each in waiting:
            each.close()


def test_4_refused(connect):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    client = connect(f"http://127.0.0.1:{port}")
    with pytest.raises(TemporaryError, match="no server answers at this address"):
        client.fetch_types()
    assert client.calls == 4


def test_4_dns(connect, monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(TemporaryError, match="the host name is not known"):
        connect("https://attendance.invalid").fetch_types()


@pytest.mark.parametrize("is_all", [False, True], ids=["body", "headers"])
def test_5_a_dripping_answer(connect, server, ask, is_all):
    server.next("attendance", Fault.drip(0.05, is_all), times=None)
    client = connect(server, deadline=0.7, timeout=30)
    start = time.monotonic()
    with pytest.raises(TemporaryError, match=r"not finished within 0\.7 seconds"):
        ask(client)
    assert 0.5 < time.monotonic() - start < 2
    assert len(server.asked("attendance")) == 1


def test_5_the_deadline_is_for_everything(connect, server, ask):
    client = connect(server, clock=itertools.count(0, 40).__next__)  # 40 seconds between two looks
    with pytest.raises(TemporaryError, match="not finished within 600 seconds"):
        for _repetition in range(100):
            ask(client)
    assert client.calls < 16


def test_5_the_clock_can_start_anew(connect, server, ask):
    now = [0.0]
    client = connect(server, clock=lambda: now[0])
    now[0] = 601.0
    with pytest.raises(TemporaryError, match="not finished"):
        ask(client)
    client.start_clock()
    assert len(ask(client).persons) == 3
    now[0] = 1200.0
    assert len(ask(client).persons) == 3


@pytest.mark.parametrize(
    "fault",
    [
        Fault.drop(),
        Fault.short(),
        Fault.short_chunk(),
        Fault.reset(),
        Fault.compressed(part=0.5),
        Fault.compressed(is_chunked=True, part=0.5),
    ],
    ids=["drop", "short", "short-chunk", "reset", "half-gzip", "half-gzip-chunked"],
)
def test_6_an_answer_that_breaks_off(client, server, ask, fault):
    expected = ask(client)
    server.next("attendance", fault)
    assert ask(client) == expected
    server.next("attendance", fault, times=None)
    with pytest.raises(TemporaryError, match="broke before the answer was complete"):
        ask(client)
    assert len(server.asked("attendance")) == 3 + 4


@pytest.mark.parametrize("is_chunked", [False, True])
def test_6_a_compressed_answer(client, server, ask, is_chunked):
    expected = ask(client)
    server.next("attendance", Fault.compressed(is_chunked))
    assert ask(client) == expected
    assert len(server.asked("attendance")) == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"code": 400, "message": "No such location."}}, "No such location."),
        ({"error": "invalid", "error_description": "No such location."}, "invalid: No such"),
        ({"detail": "No such location."}, "No such location."),
        (b"No such\x1b[31m location.", "No such [31m location."),
        (b"<html><body><h1>No&nbsp;such</h1>location.</body></html>", "No such location."),
        ({"message": "x" * 5000}, "x" * 300 + "…"),
        (b"", ""),
    ],
)
@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 422])
def test_7_a_refusal(client, server, ask, status, body, said):
    server.next("attendance", Fault.status(status, body), times=None)
    with pytest.raises(RefusedError) as raised:
        ask(client)
    assert raised.value.status == status
    assert raised.value.server_message.startswith(said)
    assert len(raised.value.server_message) <= 301
    assert raised.value.server_message in str(raised.value)
    assert raised.value.advice in str(raised.value)
    assert len(server.asked("attendance")) == 1


@pytest.mark.parametrize("fault", [Fault.compressed(), Fault.compressed(part=0.5)])
def test_7_a_refusal_badly_sent(client, server, ask, fault):
    refusal = Fault.status(400, {"error": {"code": 400, "message": "No such type."}})
    server.next("attendance", lambda *asked: fault(asked[0], lambda _: refusal(*asked)))
    with pytest.raises(RefusedError):
        ask(client)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault.body(WEB_PAGE), "the answer is a web page, not JSON"),
        (Fault.body(b'{"records": ['), "the answer is not JSON"),
        (Fault.body(b"\xff\xfe\x00"), "the answer is not JSON"),
        (Fault.body(b"[]"), "the answer is not a JSON object"),
        (Fault.body(b"null"), "the answer is not a JSON object"),
        (Fault.body(b""), "the answer is empty"),
        (Fault.status(204), "the answer is empty"),
        (Fault.body(b"{}"), "the answer has no list of records"),
        (Fault.body({"records": {}}), "the answer has no list of records"),
        (Fault.status(200, b"{}", Content_Encoding="br"), "the answer can't be decompressed"),
        (Fault.status(200, b"{}", Content_Encoding="gzip"), "the answer can't be decompressed"),
        (Fault.status(700, b"{}"), "status 700, which is not expected"),
    ],
)
@pytest.mark.parametrize("call", ["attendance", "types"])
def test_8_no_answer_at_all(client, server, ask, fault, sentence, call):
    server.next(call, fault, times=None)
    with pytest.raises(BadAnswerError, match=sentence):
        ask(client) if call == "attendance" else client.fetch_types()
    assert len(server.asked(call)) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_9_a_redirect_to_another_host(serve, client, server, ask, people, status):
    other = serve(people)
    server.next("attendance", Fault.status(status, Location=f"{other.url}/attendances?a=P1"))
    with pytest.raises(RedirectError) as raised:
        ask(client)
    assert other.url.removeprefix("http://") in str(raised.value)
    assert str(status) in str(raised.value)
    assert "P1" not in str(raised.value)
    assert other.requests == []
    assert client.calls == 2


@pytest.mark.parametrize("location", ["/attendances/", "http://[", "//x:y@b.example/", None])
def test_9_a_redirect_elsewhere(client, server, ask, location):
    headers = {"Location": location} if location else {}
    server.next("attendance", Fault.status(302, **headers))
    with pytest.raises(RedirectError, match="redirects to [a-z0-9]") as raised:
        ask(client)
    assert "y@" not in str(raised.value)
    assert len(server.asked("attendance")) == 1


def test_9_the_body_of_a_redirect_is_not_read(client, server, ask):
    endless = Fault.drip(0.05)
    elsewhere = Fault.status(302, b" " * 1000, Location="/elsewhere")
    server.next("attendance", lambda *asked: endless(asked[0], lambda _: elsewhere(*asked)))
    with pytest.raises(RedirectError):
        ask(client)
    assert len(server.asked("attendance")) == 1


def test_9_a_redirect_of_the_token_call(serve, client, server, people):
    other = serve(people)
    server.next("token", Fault.status(307, Location=f"{other.url}/auth/token"))
    with pytest.raises(RedirectError):
        client.authenticate()
    assert other.requests == []
