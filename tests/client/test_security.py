"""TLS, mTLS and tokens, against a raw gRPC server with certificates that are made for the test."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

import guillemet_client as gc
from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc

Ask = Callable[..., Any]
Serve = Callable[[grpc.ServerCredentials], Any]
AUTHORITY = trustme.CA()
SERVER = AUTHORITY.issue_cert("127.0.0.1")
CALLER = AUTHORITY.issue_cert("caller.example")
ROOTS = AUTHORITY.cert_pem.bytes()


class Models(pb_grpc.ModelServiceServicer):
    """Answers with the caller's credentials: the model's name is its token, the version its certificate's name."""

    def GetModel(self, _request: pb.GetModelRequest, context: grpc.ServicerContext) -> pb.GetModelResponse:  # noqa: D102, N802
        headers, identities = dict(context.invocation_metadata()), context.peer_identities() or [b""]
        return pb.GetModelResponse(model=pb.Model(name=headers.get("authorization", ""), version=identities[-1].decode()))


@contextmanager
def serving(*, ask_callers: bool = False, certificate: trustme.LeafCert = SERVER) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2))
    pb_grpc.add_ModelServiceServicer_to_server(Models(), server)
    [chain] = certificate.cert_chain_pems
    credentials = grpc.ssl_server_credentials(
        [(certificate.private_key_pem.bytes(), chain.bytes())],
        root_certificates=ROOTS if ask_callers else None,
        require_client_auth=ask_callers,
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def own(**others: Any) -> gc.TLS:
    """Return the options of a caller with a certificate."""
    return gc.TLS(roots=ROOTS, certificate=CALLER.cert_chain_pems[0].bytes(), key=CALLER.private_key_pem.bytes(), **others)


def test_a_server_is_known_by_its_certificate(ask: Ask) -> None:
    with serving() as address:
        assert ask("get_model", address=address, client={"tls": gc.TLS(roots=ROOTS)}).name == ""


def test_certificates_may_be_files(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_bytes(ROOTS)

    with serving() as address:
        ask("get_model", address=address, client={"tls": gc.TLS(roots=tmp_path / "roots.pem")})


def test_a_server_of_another_authority_is_not_trusted(ask: Ask) -> None:
    with serving() as address, pytest.raises(gc.Unavailable, match="certificate"):
        ask("get_model", address=address, client={"tls": gc.TLS(roots=trustme.CA().cert_pem.bytes())})


def test_a_certificate_may_bear_another_name_than_the_address(ask: Ask) -> None:
    with serving(certificate=AUTHORITY.issue_cert("quotations.example")) as address:
        with pytest.raises(gc.Unavailable):
            ask("get_model", address=address, client={"tls": gc.TLS(roots=ROOTS)})
        ask("get_model", address=address, client={"tls": gc.TLS(roots=ROOTS, server_name="quotations.example")})


def test_a_command_says_which_option_a_server_may_want(guillemet: Callable[..., Any], address: str, tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_bytes(ROOTS)

    with serving() as encrypted:
        unencrypted_to_tls = guillemet("model", "--server", encrypted)
        tls_to_unencrypted = guillemet("model", "--server", address, "--tls-ca", "roots.pem")
        other_authority = guillemet("model", "--server", encrypted, "--tls")
    nobody = guillemet("model", "--server", "unix:/nowhere/x.sock")

    assert unencrypted_to_tls.err.endswith("; does it speak TLS? (--tls, or --tls-ca FILE)\n")
    assert tls_to_unencrypted.err.endswith("; it may speak no TLS: leave out --tls and the like\n")
    assert "speak" not in other_authority.err + nobody.err


def test_a_caller_is_known_by_its_certificate(ask: Ask) -> None:
    with serving(ask_callers=True) as address:
        assert ask("get_model", address=address, client={"tls": own()}).version == "caller.example"


def test_a_caller_without_a_certificate_is_not_let_in(ask: Ask) -> None:
    with serving(ask_callers=True) as address, pytest.raises(gc.Unavailable):
        ask("get_model", address=address, client={"tls": gc.TLS(roots=ROOTS)})


def test_a_token_is_sent_encrypted(ask: Ask) -> None:
    with serving() as address:
        client = {"tls": gc.TLS(roots=ROOTS), "token": gc.Token("sesame")}
        assert ask("get_model", address=address, client=client).name == "Bearer sesame"


def test_a_token_may_change_from_call_to_call(address: str, service: Any) -> None:
    tokens = iter(["first", "second"])

    with gc.Client(address, token=gc.Token(lambda: next(tokens))) as client:
        client.extract("« Oui »")
        assert len(list(client.extract_iter(["« Non »"]))) == 1

    assert [headers["authorization"] for headers in service.headers] == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize(
    "address", ["quotations.example:50051", "10.0.0.1:50051", "dns:///quotations.example:1", "unix.example:1"]
)
def test_a_token_does_not_leave_the_machine_unencrypted(address: str) -> None:
    with pytest.raises(ValueError, match="unencrypted") as caught:
        gc.Client(address, token=gc.Token("sesame"))

    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("value", ["", "two words", "é", "line\n"])
def test_what_no_header_can_carry_is_no_token(value: str, address: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        gc.Token(value)
    with gc.Client(address, token=gc.Token(lambda: value)) as client, pytest.raises(ValueError, match="printable ASCII"):
        client.get_model()


def test_secrets_are_not_shown() -> None:
    assert "sesame" not in repr(gc.Token("sesame"))
    assert "PRIVATE KEY" not in repr(own())


@pytest.mark.parametrize("options", [{"certificate": b"x"}, {"key": b"x"}])
def test_a_certificate_and_its_key_go_together(options: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="needs its"):
        gc.TLS(**options)


@pytest.mark.parametrize("name", ["roots", "certificate", "key"])
def test_a_string_is_neither_a_path_nor_pem(name: str) -> None:
    options: dict[str, Any] = {"certificate": b"x", "key": b"x", name: "file.pem"}

    with pytest.raises(TypeError, match=rf"^TLS\.{name}: a Path or PEM bytes, not str$"):
        gc.TLS(**options)


def test_what_is_no_pem_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="roots: no PEM"):
        gc.Client("localhost:1", tls=gc.TLS(roots=b"\x30\x82"))
