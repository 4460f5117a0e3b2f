"""Servers that begin in clear and go on to TLS: small ones that speak as much of SMTP, IMAP, POP3, MySQL and LDAP as that takes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Iterator

import pytest

from tests.servers.web import serving


@pytest.fixture(scope="session")
def upgrading_servers(tls_contexts: dict[str, ssl.SSLContext]) -> Iterator[dict[str, int]]:
    """Ports: `smtp`, `imap`, `pop3`, `ldap` with the certificate `good`, `smtp_expired` with that of its name.

    `smtp_without`, `mysql_without` and `ldap_without` offer no TLS, `smtp_busy` turns everybody away, `smtp_silent` never says a word.
    """
    good = tls_contexts["good"]
    servers = {
        "smtp": _Smtp(good),
        "smtp_expired": _Smtp(tls_contexts["expired"]),
        "smtp_without": _Smtp(None),
        "smtp_busy": _Says(b"421 too busy, try again later\r\n"),
        "smtp_silent": _Says(b""),
        "imap": _Imap(good),
        "pop3": _Pop3(good),
        "mysql_without": _Mysql(None),
        "ldap": _Ldap(good),
        "ldap_without": _Ldap(None),
    }
    with contextlib.ExitStack() as running:
        yield {name: running.enter_context(serving(server)) for name, server in servers.items()}


class _Says:
    """Says one thing, and waits for the other side to go."""

    def __init__(self, words: bytes) -> None:
        self._words = words

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._words)
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()


class _Upgrading:
    """Begins in clear; its subclass says how."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if await self.agree(reader, writer) and self.context is not None:
                await writer.start_tls(self.context)
            await reader.read()
        writer.transport.abort()

    async def agree(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether both sides go on to TLS."""
        raise NotImplementedError


class _Smtp(_Upgrading):
    async def agree(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"220-mail.example\r\n220 at your service\r\n")
        assert (await reader.readline()).startswith(b"EHLO ")
        writer.write(b"250-mail.example\r\n" + (b"250-STARTTLS\r\n" if self.context else b"") + b"250 8BITMIME\r\n")
        if await reader.readline() != b"STARTTLS\r\n":
            return False
        writer.write(b"220 go on\r\n")
        return True


class _Imap(_Upgrading):
    async def agree(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
        tag, _, command = (await reader.readline()).partition(b" ")
        writer.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK begin\r\n")
        return command == b"STARTTLS\r\n"


class _Pop3(_Upgrading):
    async def agree(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"+OK ready\r\n")
        agreed = await reader.readline() == b"STLS\r\n"
        writer.write(b"+OK begin\r\n")
        return agreed


class _Mysql(_Upgrading):
    async def agree(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        capabilities = 0x0A00 if self.context else 0x0200
        greeting = b"\x0a10.11.19-MariaDB\0" + struct.pack("<I8sxHBHH", 7, b"8 bytes!", capabilities, 45, 2, 0)
        writer.write(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
        if self.context is None:
            return False
        assert await reader.readexactly(4) == b"\x20\0\0\1"
        request = await reader.readexactly(32)
        return bool(int.from_bytes(request[:4], "little") & 0x0800)


class _Ldap(_Upgrading):
    async def agree(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
        assert await reader.readexactly(len(request)) == request
        code = b"\0" if self.context else b"\x34"
        writer.write(bytes.fromhex("300c02010178070a01") + code + b"\x04\0\x04\0")
        return self.context is not None
