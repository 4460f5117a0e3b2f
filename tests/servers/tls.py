"""What TLS servers show: good certificates, and each way in which one can be bad."""

from __future__ import annotations

import ssl
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.servers.certificates import DAY, Authority, new_authority, self_signed


@pytest.fixture(scope="session")
def tls_contexts(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ssl.SSLContext]:
    """Contexts for servers on `localhost`. All certificates are signed by `authority`, but for the last five:

    `good`, `soon` (5 days left), `expired`, `not_yet`, `wrong_name`; `old` speaks TLSv1.0 and TLSv1.1 only; `chain`
    shows the intermediate that signed it, `incomplete` does not, that of `old_chain` has expired; `stranger` is signed
    by somebody else, `self_signed` by nobody.
    """
    between = authority.intermediate(tmp_path_factory.mktemp("intermediate"))
    faded = authority.intermediate(tmp_path_factory.mktemp("faded"), until=-3 * DAY / 24)
    stranger = new_authority(tmp_path_factory.mktemp("stranger"), "Somebody Else")
    good, by_between = (
        authority.sign("good", "localhost", "127.0.0.1", until=20 * DAY),
        between.sign("leaf", "localhost"),
    )
    return {
        "good": _context(good),
        "soon": _context(authority.sign("soon", "localhost", until=5 * DAY)),
        "expired": _context(authority.sign("expired", "localhost", since=-30 * DAY, until=-9 * DAY)),
        "not_yet": _context(authority.sign("not-yet", "localhost", since=2 * DAY)),
        "wrong_name": _context(authority.sign("wrong-name", "other.example")),
        "old": _old(good),
        "chain": _context(between.shown_with(by_between)),
        "incomplete": _context(by_between),
        "old_chain": _context(faded.shown_with(faded.sign("leaf", "localhost"))),
        "stranger": _context(stranger.sign("leaf", "localhost")),
        "self_signed": _context(self_signed(authority.folder, "localhost")),
    }


@pytest.fixture(scope="session")
def demanding_port(authority: Authority) -> Iterator[int]:
    """A web server that demands a certificate which `authority` has signed, and says so before it closes.

    It is none of asyncio's, which drops the alert.
    """
    context = _context(authority.sign("demanding", "localhost"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # whom it turns away concerns nobody
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(5)


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _context(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _old(file: Path) -> ssl.SSLContext:
    context = _context(file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return context
