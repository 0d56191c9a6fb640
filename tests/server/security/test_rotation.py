"""Certificates and tokens that are replaced while the server runs."""

import hashlib
import io
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, load_pem_private_key

import guillemet_client as gc
from guillemet_server.config import TLSFiles
from guillemet_server.logs import json_logger
from guillemet_server.security.rereading import Reread
from guillemet_server.serving import StartError

if TYPE_CHECKING:
    from conftest import Authority, Secured, TokenFile

    Start = Callable[..., Secured]

WAIT = 30.0
TEXT = "« Nous partons », a dit Zoé Li."
LOCALHOST = "localhost"


def shown_by(secured: "Secured") -> str:
    """Return the certificate that a new connection is shown, as PEM without its line breaks."""
    port = int(secured.address.rpartition(":")[2])
    return "".join(ssl.get_server_certificate((LOCALHOST, port), timeout=WAIT).split())


def pem_of(certificate: trustme.LeafCert) -> str:
    return "".join(certificate.cert_chain_pems[0].bytes().decode().split())


def client(secured: "Secured", authority: "Authority", token: str | None = None) -> gc.Client:
    return gc.Client(
        secured.address, tls=gc.TLS(roots=authority.roots), token=None if token is None else gc.Token(token), timeout=WAIT
    )


def test_a_new_certificate_is_shown_to_the_next_caller(secured: "Start", authority: "Authority") -> None:
    first, second = authority.issue(), authority.issue()
    server = secured(tls=authority.install(first))
    assert shown_by(server) == pem_of(first)

    authority.install(second)

    assert shown_by(server) == pem_of(second)
    assert len(server.lines("reread")) == 1
    with client(server, authority) as caller:
        assert len(caller.extract(TEXT).quotations) == 1


def test_a_certificate_without_its_key_leaves_the_last_pair_in_force(
    secured: "Start", authority: "Authority", replace_with: Callable[..., None]
) -> None:
    first, second = authority.issue(), authority.issue()
    server = secured(tls=authority.install(first))

    replace_with(authority.folder / "server.pem", second.cert_chain_pems[0].bytes())
    assert [shown_by(server), shown_by(server)] == [pem_of(first)] * 2
    [complaint] = server.lines("not reread")  # once, not at each handshake
    assert "server.key" in complaint

    replace_with(authority.folder / "server.key", second.private_key_pem.bytes())
    assert shown_by(server) == pem_of(second)


def test_a_certificate_that_disappears_stays_in_force(secured: "Start", authority: "Authority") -> None:
    certificate = authority.issue()
    server = secured(tls=authority.install(certificate))

    (authority.folder / "server.pem").unlink()

    assert shown_by(server) == pem_of(certificate)
    assert len(server.lines("not reread")) == 1


def test_an_authority_that_is_withdrawn_vouches_for_nobody_any_more(
    secured: "Start", authority: "Authority", replace_with: Callable[..., None]
) -> None:
    server = secured(tls=authority.install(client_ca=authority.roots))
    stranger = type(authority)(authority.folder)
    key_and_chain = (caller := authority.issue("caller.example")).private_key_pem.bytes(), caller.cert_chain_pems[0].bytes()

    def ask() -> gc.Document:
        tls = gc.TLS(roots=authority.roots, key=key_and_chain[0], certificate=key_and_chain[1])
        with gc.Client(server.address, tls=tls, timeout=WAIT) as asking:
            return asking.extract(TEXT)

    assert ask().quotations
    replace_with(authority.folder / "callers.pem", stranger.roots)

    with pytest.raises(gc.Unavailable):
        ask()


@pytest.mark.parametrize("file", ["server.pem", "server.key", "callers.pem"])
@pytest.mark.parametrize("damage", ["missing", "empty", "damaged"])
def test_what_cannot_be_read_at_the_start_is_said_in_one_sentence(
    file: str, damage: str, secured: "Start", authority: "Authority"
) -> None:
    files = authority.install(client_ca=authority.roots)
    if damage == "missing":
        (authority.folder / file).unlink()
    else:
        (authority.folder / file).write_bytes(b"" if damage == "empty" else b"-----BEGIN CERTIFICATE-----\nAAAA\n")

    with pytest.raises(StartError, match=file.replace(".", r"\.")) as caught:
        secured(tls=files)
    assert "\n" not in str(caught.value)


def test_a_key_with_a_password_is_refused_and_nobody_asked_for_it(secured: "Start", authority: "Authority") -> None:
    certificate = authority.issue()
    files = authority.install(certificate)
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"sesame"))
    files.key.write_bytes(encrypted)

    with pytest.raises(StartError, match=r"server\.key: the key is encrypted; an unencrypted key is accepted"):
        secured(tls=files)


def test_a_revoked_token_is_refused_from_the_next_call_on(
    secured: "Start", authority: "Authority", tokens: "TokenFile"
) -> None:
    tokens.add("archive")
    token = tokens.add("newsroom")
    server = secured(tls=authority.install(), tokens=tokens.path)

    with client(server, authority, token) as caller:
        assert caller.extract(TEXT).quotations
        tokens.revoke("newsroom")
        with pytest.raises(gc.Unauthenticated) as caught:
            caller.extract(TEXT)

    assert caught.value.reason == "TOKEN_UNKNOWN"


def second_answer(caller: gc.Client, tokens: "TokenFile") -> object:
    """Ask twice over one stream; between the two the token is revoked."""
    first_answered = threading.Event()

    def texts() -> Iterator[str]:
        yield TEXT
        assert first_answered.wait(WAIT)
        tokens.revoke("newsroom")
        yield TEXT

    answers = caller.extract_iter(texts(), errors="return", max_in_flight=1)
    assert next(answers).quotations
    first_answered.set()
    return next(answers)


def test_a_revoked_token_has_nothing_more_read_on_a_stream_that_is_open(
    secured: "Start", authority: "Authority", tokens: "TokenFile"
) -> None:
    tokens.add("archive")
    token = tokens.add("newsroom")
    server = secured(tls=authority.install(), tokens=tokens.path)

    with client(server, authority, token) as caller:
        refused = second_answer(caller, tokens)

    assert isinstance(refused, gc.Unauthenticated)
    assert refused.reason == "TOKEN_UNKNOWN"


def test_a_revoked_token_has_no_kept_answer_on_a_stream_that_is_open(secured: "Start", tokens: "TokenFile") -> None:
    tokens.add("archive")
    token = tokens.add("newsroom")
    server = secured(tokens=tokens.path, cache_bytes=10**6)

    with gc.Client(server.address, token=gc.Token(token), timeout=WAIT) as caller:
        refused = second_answer(caller, tokens)

    assert isinstance(refused, gc.Unauthenticated)
    assert refused.reason == "TOKEN_UNKNOWN"


def test_a_new_token_counts_from_the_next_call_on_beside_the_old_one(secured: "Start", tokens: "TokenFile") -> None:
    old = tokens.add("newsroom")
    server = secured(tokens=tokens.path)
    table = tokens.path.read_text()
    new = "a-token-of-forty-three-characters-or-rather"
    hashes = hashlib.sha256(new.encode()).hexdigest()
    tokens.path.write_text(table.replace('"]', f'", "{hashes}"]'))

    for token in (old, new):
        with gc.Client(server.address, token=gc.Token(token), timeout=WAIT) as caller:
            assert caller.extract(TEXT).quotations


@pytest.mark.parametrize("content", [b"", b"[newsroom", b"\xff", b"[newsroom]\nsha256 = 'abc'\n", None])
def test_a_broken_file_leaves_the_last_tokens_in_force(content: bytes | None, secured: "Start", tokens: "TokenFile") -> None:
    token = tokens.add("newsroom")
    server = secured(tokens=tokens.path)

    if content is None:
        tokens.path.unlink()
    else:
        tokens.path.write_bytes(content)

    with gc.Client(server.address, token=gc.Token(token), timeout=WAIT) as caller:
        assert [len(caller.extract(TEXT).quotations) for _ in range(3)] == [1, 1, 1]
    assert len(server.lines("not reread")) == 1


def test_certificates_and_tokens_are_rotated_under_load_without_a_failed_request(
    secured: "Start", authority: "Authority", tokens: "TokenFile"
) -> None:
    current = [tokens.add("newsroom")]
    server = secured(tls=authority.install(), tokens=tokens.path)
    n_rotations, done = 40, threading.Event()
    answered, failures = [0] * 4, []

    def ask(index: int) -> None:
        while not done.is_set():
            # A client for each text would connect for each: handshakes meet every certificate.
            with gc.Client(server.address, tls=gc.TLS(roots=authority.roots), token=gc.Token(lambda: current[-1])) as caller:
                for _ in range(3):
                    try:
                        assert len(caller.extract(TEXT).quotations) == 1
                    except Exception as error:  # noqa: BLE001 (all of them are counted)
                        failures.append(error)
                    answered[index] += 1

    callers = [threading.Thread(target=ask, args=[index]) for index in range(len(answered))]
    for thread in callers:
        thread.start()
    shown = set()
    for number in range(n_rotations):
        # The file knows both tokens before callers use the new one, and until nobody has the old one on its way.
        current.append(tokens.add(f"newsroom-{number}"))
        authority.install()
        shown.add(shown_by(server))
        before = list(answered)
        while any(now < then + 6 for now, then in zip(answered, before, strict=True)):
            assert not done.wait(0.001)
        tokens.revoke("newsroom" if number == 0 else f"newsroom-{number - 1}")
    done.set()
    for thread in callers:
        thread.join(WAIT)

    assert failures == []
    assert len(shown) == n_rotations
    assert not server.lines("failure")


def test_two_callers_cannot_have_one_token(secured: "Start", tokens: "TokenFile") -> None:
    tokens.add("newsroom")
    table = tokens.path.read_text()
    tokens.path.write_text(table + table.replace("newsroom", "archive"))

    with pytest.raises(StartError, match=r"\[archive\]: another caller has the same token"):
        secured(tokens=tokens.path)


def test_what_could_not_be_read_is_tried_again_though_it_has_not_changed(tmp_path: Path) -> None:
    file, lines, in_the_way = tmp_path / "file", io.StringIO(), [OSError("too many open files")] * 2
    file.write_text("old")

    def read() -> str:
        if file.read_text() == "new!" and in_the_way:
            raise in_the_way.pop()
        return file.read_text()

    files = Reread([file], read, log=json_logger("error", lines))
    file.write_text("new!")

    assert [files.current() for _ in range(3)] == ["old", "old", "new!"]
    assert not files.is_stale
    assert lines.getvalue().count("not reread") == 1


def test_certificates_are_read_again_only_when_they_change(secured: "Start", authority: "Authority") -> None:
    server = secured(tls=authority.install())

    for _ in range(3):
        with client(server, authority) as caller:
            caller.extract(TEXT)

    assert server.lines("reread") == []


def test_a_pair_that_is_replaced_file_by_file_never_fails_a_handshake(
    secured: "Start", authority: "Authority", replace_with: Callable[..., None]
) -> None:
    server = secured(tls=authority.install())
    for _ in range(5):
        certificate = authority.issue()
        for name, data in (
            ("server.pem", certificate.cert_chain_pems[0].bytes()),
            ("server.key", certificate.private_key_pem.bytes()),
        ):
            replace_with(authority.folder / name, data)
            with client(server, authority) as caller:
                assert caller.extract(TEXT).quotations
        assert shown_by(server) == pem_of(certificate)


def test_tls_files_are_pem_and_nothing_else(authority: "Authority", secured: "Start") -> None:
    der = ssl.PEM_cert_to_DER_cert(authority.issue().cert_chain_pems[0].bytes().decode())
    files = authority.install()
    files.certificate.write_bytes(der)

    with pytest.raises(StartError, match=r"server\.pem: no PEM"):
        secured(tls=TLSFiles(certificate=files.certificate, key=files.key))
