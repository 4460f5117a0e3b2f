"""The sandbox's certificates, in the files that its services read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.servers.certificates import DAY, new_authority

HOSTS = ("localhost", "127.0.0.1", "proxy", "db", "replica")


def make(folder: Path, until: dt.timedelta = 90 * DAY) -> None:
    """Write `ca.pem`, `server.pem` and `server.key`; services of any user may read them, as it is a sandbox."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = new_authority(folder, "Trading bot sandbox", until=365 * DAY)
    pair = authority.sign("pair", *HOSTS, until=until)
    key, mark, certificate = pair.read_text().partition("-----BEGIN CERTIFICATE-----")
    (folder / "server.key").write_text(key)
    (folder / "server.pem").write_text(mark + certificate)
    authority.file.rename(folder / "ca.pem")
    pair.unlink()
    for path in folder.iterdir():
        path.chmod(0o644)
