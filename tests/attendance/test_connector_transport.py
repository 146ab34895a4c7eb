"""Faults 10 and 11: certificates, plain HTTP, floods; and the environment that a server runs in."""

import tracemalloc
from pathlib import Path

import pytest
from attendance_faults import Fault
from connector import BadAnswerError, CertificateError, ConfigurationError, TemporaryError

CERTIFICATE = str(Path(__file__).with_name("certificate.pem"))


@pytest.fixture
def secure(serve, people):
    return serve(people, certificate=CERTIFICATE)


@pytest.fixture
def trusted(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", CERTIFICATE)


def test_10_an_unknown_authority(connect, secure):
    client = connect(secure.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(CertificateError, match="certificate") as raised:
        client.authenticate()
    assert raised.value.advice in str(raised.value)
    assert (client.calls, secure.requests) == (1, [])


def test_10_a_certificate_for_another_host(connect, secure, trusted):
    client = connect(secure)
    with pytest.raises(CertificateError):
        client.authenticate()
    assert (client.calls, secure.requests) == (1, [])


def test_10_a_trusted_certificate(connect, secure, ask, trusted):
    client = connect(secure.url.replace("127.0.0.1", "localhost"))
    assert len(ask(client).persons) == 3


def test_10_a_dripping_answer_over_tls(connect, secure, ask, trusted):
    secure.next("attendance", Fault.drip(), times=None)
    client = connect(secure.url.replace("127.0.0.1", "localhost"), deadline=0.5)
    with pytest.raises(TemporaryError, match="not finished"):
        ask(client)


def test_10_certificates_that_do_not_exist(connect, secure, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    with pytest.raises(ConfigurationError, match="REQUESTS_CA_BUNDLE"):
        connect(secure)


def test_10_tls_is_not_spoken(connect, server):
    client = connect(server.url.replace("http:", "https:"))
    with pytest.raises(CertificateError):
        client.authenticate()


def test_11_a_large_answer(connect, server, ask):
    size = 2**20
    server.next("attendance", Fault.body(b" " * (size - 2) + b"{}"))
    with pytest.raises(BadAnswerError, match="no list of records"):
        ask(connect(server, body_bytes=size))
    server.next("attendance", Fault.body(b" " * (size - 1) + b"{}"))
    with pytest.raises(BadAnswerError, match="larger than 1,048,576 bytes"):
        ask(connect(server, body_bytes=size))


def test_11_a_large_answer_is_cut_off(connect, server, ask):
    sent = []

    def flood(handler, reply):
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        while len(sent) < 2000:
            handler.wfile.write(bytes(2**20))
            sent.append(1)

    server.next("attendance", lambda request, respond: respond(request)._replace(send=flood))
    with pytest.raises(BadAnswerError, match="larger than"):
        ask(connect(server, body_bytes=2**20))
    assert len(sent) < 200


def test_11_a_bomb(connect, server, ask):
    server.next("attendance", Fault.bomb(200 * 2**20))
    tracemalloc.start()
    with pytest.raises(BadAnswerError, match="larger than"):
        ask(connect(server, body_bytes=2**20))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * 2**20


def test_11_a_bomb_in_a_refusal(connect, server, ask):
    bomb = Fault.bomb(20 * 2**20)
    server.next("attendance", lambda *asked: bomb(*asked)._replace(status=503))
    with pytest.raises(TemporaryError) as raised:
        ask(connect(server, tries=1))
    assert raised.value.status == 503


def test_a_netrc_does_not_replace_the_token(client, server, ask, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert len(ask(client).persons) == 3
    assert server.asked("attendance")[0].headers["Authorization"].startswith("Bearer ")
    assert not client._session._http.trust_env


def test_a_proxy_of_the_environment_is_used(connect, serve, people, ask, monkeypatch):
    proxy = serve(people)  # is asked for http://attendance.example/..., and answers itself
    monkeypatch.setenv("http_proxy", proxy.url)
    client = connect("http://attendance.example", allow_http=True)
    assert len(ask(client).persons) == 3
    assert proxy.requests[0].headers["Host"] == "attendance.example"
    proxy.next("attendance", Fault.drip(), times=None)
    with pytest.raises(TemporaryError, match="not finished"):
        ask(connect("http://attendance.example", allow_http=True, deadline=0.5))


def test_a_proxy_is_left_out_where_the_environment_says_so(connect, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "attendance.invalid")
    with pytest.raises(TemporaryError) as raised:
        connect("http://attendance.invalid", allow_http=True).authenticate()
    assert "the proxy can't be reached" not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_s10_this_machine_is_asked_without_a_proxy(connect, serve, people, host, monkeypatch):
    proxy, server = serve(people), serve(people)
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    connect(server.url.replace("127.0.0.1", host)).authenticate()
    assert server.asked("token")
    assert not proxy.requests


def test_a_proxy_that_is_down(connect, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://user:hidden@127.0.0.1:9")
    with pytest.raises(TemporaryError, match="the proxy can't be reached") as raised:
        connect("http://attendance.example", allow_http=True).authenticate()
    assert "hidden" not in str(raised.value)


def test_connections_are_kept(client, ask, caplog):
    caplog.set_level("DEBUG")
    for _repetition in range(3):
        ask(client)
    made = [message for message in caplog.messages if message.startswith("Starting new HTTP")]
    assert (client.calls, len(made)) == (4, 1)
