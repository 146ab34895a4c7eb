"""Faults 12 to 15: the token, and who gets to see it, the secret or the persons' IDs."""

import base64
import json
import logging
import traceback
from urllib.parse import quote, quote_plus

import pytest
from attendance_faults import Fault
from connector import (
    AttendanceError,
    AuthenticationError,
    BadAnswerError,
    RefusedError,
    TemporaryError,
)
from connector.redaction import Redactor
from samples import SECRET

TOKEN = "t0ken.A-b_c~d+e/f=="


def _give(token=TOKEN, **values):
    """A fault that gives a token of our own; `...` leaves it out."""
    payload = {"token_type": "Bearer", **({} if token is ... else {"access_token": token})}
    return Fault.status(200, {**payload, **values})


def test_one_token_for_all(client, server, ask):
    for _repetition in range(3):
        ask(client)
        client.fetch_types()
    assert len(server.asked("token")) == 1
    sent = server.asked("token")[0]
    assert (sent.method, sent.body) == ("POST", {"client_id": "client", "client_secret": SECRET})
    assert sent.headers["Content-Type"] == "application/json"
    assert "Authorization" not in sent.headers


def test_authenticate_gets_a_new_one(client, server):
    client.authenticate()
    client.authenticate()
    assert (len(server.asked("token")), client.calls) == (2, 2)


def test_as_an_oauth2_client(serve, people, connect, ask):
    server = serve(people, auth_kind="oauth2")
    assert len(ask(connect(server, auth_kind="oauth2")).persons) == 3
    sent = server.asked("token")[0]
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    with pytest.raises(AuthenticationError, match="kind of authentication"):
        ask(connect(server))


def test_12_it_expires_between_pages(serve, people, connect, ask):
    server = serve(people, page_size=1)
    client = connect(server)
    expected = ask(client)
    original = server.answer

    def expire_before_page_2(request):
        if request.query.get("page") == "2" and len(server.asked("token")) == 1:
            server.expire_tokens()
        return original(request)

    server.answer = expire_before_page_2
    assert ask(client) == expected
    assert len(server.asked("token")) == 2
    assert [request.query["page"] for request in server.asked("attendance")[3:]] == list("1223")


def test_12_it_may_expire_at_every_page(serve, people, connect, ask):
    server = serve(people, page_size=1)
    client = connect(server)
    original = server.answer

    def expire(request):
        if request.call == "attendance" and not len(server.requests) % 3:
            server.expire_tokens()
        return original(request)

    server.answer = expire
    assert len(ask(client).persons) == 3


@pytest.mark.parametrize("expires_in", [300, "300", 300.0, "300.0"])
def test_12_it_is_renewed_before_it_expires(connect, server, ask, expires_in):
    now = [1000.0]
    server.next("token", _give(expires_in=expires_in))
    client = connect(server, clock=lambda: now[0])
    client.authenticate()
    server.tokens[TOKEN] = float("inf")
    for later, tokens in ((269, 1), (271, 2), (10000, 2)):
        now[0] = 1000.0 + later
        client.start_clock()
        ask(client)
        assert len(server.asked("token")) == tokens
    assert len(server.asked("attendance")) == 3


@pytest.mark.parametrize("expires_in", [None, 0, -5, "", "soon", True, [], {}, "1" * 400])
def test_12_a_lifetime_that_makes_no_sense(connect, server, ask, expires_in):
    now = [0.0]
    server.next("token", _give(expires_in=expires_in))
    client = connect(server, clock=lambda: now[0], deadline=1e9)
    client.authenticate()
    server.tokens[TOKEN] = float("inf")
    now[0] = 1e6
    ask(client)
    assert len(server.asked("token")) == 1


def test_12_a_short_life(connect, server, ask):
    now = [0.0]
    server.next("token", _give(expires_in=10))
    client = connect(server, clock=lambda: now[0])
    client.authenticate()
    server.tokens[TOKEN] = float("inf")
    now[0] = 8.9
    ask(client)
    assert len(server.asked("token")) == 1
    now[0] = 9.1
    ask(client)
    assert len(server.asked("token")) == 2


def test_13_always_401(client, server, ask):
    server.next("attendance", Fault.status(401, {"error": {"message": "No"}}), times=None)
    with pytest.raises(AuthenticationError) as raised:
        ask(client)
    assert raised.value.status == 401
    assert "may read attendance" in raised.value.advice
    assert (len(server.asked("token")), len(server.asked("attendance"))) == (2, 2)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_13_the_client_is_refused(client, server, ask, status):
    server.next("token", Fault.status(status, {"error": "invalid_client"}), times=None)
    with pytest.raises(AuthenticationError, match="[Cc]lient ID or secret refused") as raised:
        ask(client)
    assert (raised.value.status, client.calls) == (status, 1)


def test_13_the_secret_changes_meanwhile(client, server, ask):
    ask(client)
    server.expire_tokens()
    server.client = "client", "another"
    with pytest.raises(AuthenticationError, match="[Cc]lient ID or secret refused"):
        ask(client)
    assert (len(server.asked("token")), len(server.asked("attendance"))) == (2, 2)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (_give(...), "no access_token in the answer"),
        (_give(None), "no access_token in the answer"),
        (_give(""), "no access_token in the answer"),
        (_give(5), "no access_token in the answer"),
        (_give("a\r\nX-Evil: b"), "characters it can't have"),
        (_give("a b"), "characters it can't have"),
        (_give("tökén"), "characters it can't have"),
        (Fault.body(b"token=abc"), "not JSON"),
        (Fault.body(b"<html>Sign in</html>"), "web page"),
        (Fault.body(b'["abc"]'), "not a JSON object"),
        (Fault.status(204), "empty"),
    ],
)
def test_14_no_token_in_the_answer(client, server, ask, fault, sentence):
    server.next("token", fault, times=None)
    with pytest.raises(BadAnswerError, match=sentence) as raised:
        ask(client)
    assert raised.value.call == "asking for a token"
    assert server.asked("attendance") == []


def _encode(secret):
    yield from (secret, secret.upper(), quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (quote(secret, safe="").lower(), json.dumps(secret)[1:-1])
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield base64.b64encode(secret.encode()).decode()


def _encode_pair(secret):
    """As HTTP's basic authentication writes the client ID and the secret."""
    for pair in (f"client:{secret}", f"client:{quote_plus(secret)}"):
        yield base64.b64encode(pair.encode()).decode()
        yield base64.urlsafe_b64encode(pair.encode()).decode()


SECRETS = {*_encode(SECRET), *_encode_pair(SECRET), *_encode(TOKEN)}


def _assert_silent(text, names=()):
    for secret in SECRETS | set(names):
        assert secret.lower() not in text.lower()


# What a server can put around a secret when it shows it.
SHOWN = [
    lambda secret: {"error": {"message": f"Bad secret {secret}."}},
    lambda secret: {"error": "bad", "error_description": f"got {secret}, why?"},
    lambda secret: f"<html><body>Bad secret: {secret}</body></html>".encode(),
    lambda secret: f"secret={secret}&x=y".encode(),
    lambda secret: json.dumps({"message": f"x{secret}x"}, ensure_ascii=False).encode(),
    lambda secret: f'{{"message": "{"y" * 290}{secret}"}}'.encode(),
]


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_15_secrets_are_taken_out_of_messages(shown, secret):
    redactor = Redactor("client", SECRET)
    redactor.add(TOKEN)
    body = shown(secret)
    message = redactor.read_message(body if isinstance(body, bytes) else json.dumps(body).encode())
    _assert_silent(message)
    assert "***" in message or len(message) > 300


@pytest.mark.parametrize("status", [400, 401, 500])
@pytest.mark.parametrize("call", ["token", "attendance"])
def test_15_secrets_that_are_echoed(connect, server, ask, caplog, status, call):
    caplog.set_level(logging.DEBUG)
    client = connect(server, tries=1)
    for secret in sorted(SECRETS):
        server.next("token", _give())
        client.authenticate()
        # The token is refreshed once, so that it is refused twice.
        times = 2 if (call, status) == ("attendance", 401) else 1
        server.next(call, Fault.status(status, {"message": f"No {secret}."}), times)
        with pytest.raises(AttendanceError) as raised:
            client.authenticate() if call == "token" else ask(client)
        _assert_silent(_everything_about(raised.value))
        assert "***" in raised.value.server_message
    _assert_silent(caplog.text)


def _everything_about(error):
    """Return its texts, its traceback, and what the client's variables held."""
    assert (error.__cause__, error.__context__) == (None, None)
    parts = [str(error), repr(error), repr(error.args), repr(vars(error))]
    parts += traceback.format_exception(error)
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    held = [frame.locals for frame in frames if "/connector/" in frame.filename]
    assert held
    return "\n".join([*parts, repr(held)])


@pytest.mark.parametrize("call", ["token", "attendance"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault.echo(400),
        Fault.echo(401),
        Fault.echo(503),
        Fault.drop(),
        Fault.reset(),
        Fault.short(),
        Fault.hang(),
        Fault.body(b"{"),
        Fault.status(302, Location="https://elsewhere.example/"),
    ],
)
def test_15_nothing_is_told(connect, server, ask, caplog, fault, call):
    caplog.set_level(logging.DEBUG)
    client = connect(server, tries=2, timeout=0.1)
    server.next("token", _give())
    server.next(call, fault, times=None)
    server.tokens[TOKEN] = float("inf")
    names = [f"PERSON-{number}" for number in (1, 2)]
    with pytest.raises(AttendanceError) as raised:
        ask(client, names)
        client.authenticate()
    _assert_silent(_everything_about(raised.value))
    told = [str(raised.value), repr(vars(raised.value)), caplog.text]
    _assert_silent("".join(told + traceback.format_exception(raised.value)), names)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"error": {"code": 422, "message": "Not P1 or (P2)!"}}, "Not *** or (***)!"),
        ({"error": {"code": 422, "message": "P12, XP1, P1_2, of client"}}, "P12, XP1, ***_2, of"),
        ({"error": {"code": 422, "message": "é1, 422"}}, "***, ***"),
        (b"not JSON: \\u00e91", "not JSON: ***"),
    ],
)
def test_15_a_message_keeps_what_is_no_secret(client, server, ask, said, shown):
    server.next("attendance", Fault.status(422, said))
    with pytest.raises(RefusedError) as raised:
        ask(client, ["P1", "P2", "422", "é1"])
    assert raised.value.server_message.startswith(shown)


def test_15_a_failed_retry_is_told_in_the_log(client, server, ask, caplog):
    caplog.set_level(logging.INFO)
    server.next("attendance", Fault.status(503, {"message": f"no {SECRET} P1"}))
    ask(client)
    assert "status 503" in caplog.text
    assert "no *** ***" in caplog.text


def test_15_no_error_follows_from_another_one(client, server, ask):
    server.next("attendance", Fault.drop(), times=None)
    with pytest.raises(TemporaryError) as raised:
        ask(client)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


@pytest.mark.parametrize("secret", ["x", ".*", "(", "ab ab", "a/b c", "\\d", "été"])
def test_15_whatever_the_secret_is(secret):
    redactor = Redactor("client", secret)
    for shown in (*_encode(secret), *_encode_pair(secret)):
        assert shown not in redactor.clean(f"<{shown}>")
        assert shown not in redactor.read_message(f"<{shown}>".encode())


def test_15_a_token_that_begins_like_the_secret():
    redactor = Redactor("client", "abc")
    redactor.add("abcdef")
    assert redactor.clean("It is abcdef, not abc.") == "It is ***, not ***."


def test_15_a_secret_that_the_end_of_the_reading_cuts_in_two():
    shown = b" " * (64 * 1024 - 5) + SECRET.encode()
    assert Redactor("client", SECRET).read_message(shown[: 64 * 1024]) == ""
