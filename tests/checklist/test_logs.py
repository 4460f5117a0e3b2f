"""What a checklist may say of logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.checklist.load import load
from cockpit.checklist.model import LogSource
from cockpit.checklist.problem import ChecklistError


def logs(tmp_path: Path, written: str) -> tuple[LogSource, ...]:
    path = tmp_path / "launch.yaml"
    path.write_text(f"cockpit: 1\nname: A launch\nparts: []\nlogs:\n  - {written}\n")
    return load(path, kinds={}, environ={}).document.logs


def test_what_is_not_written_of_a_daemon_is_left_to_where_its_own_client_would_look(tmp_path: Path) -> None:
    assert logs(tmp_path, "{id: api, docker: api}")[0].spec == {"container": "api"}


def test_a_daemon_may_be_secured_by_certificates_of_ones_own(tmp_path: Path) -> None:
    written = (
        "{id: api, docker: {container: api, host: 'tcp://db1:2376', tls: {ca: ca.pem, cert: me.pem, key: me.key}}}"
    )
    tls = {"ca": "ca.pem", "cert": "me.pem", "key": "me.key", "verify": True}
    assert logs(tmp_path, written)[0].spec == {"container": "api", "host": "tcp://db1:2376", "tls": tls}
    with pytest.raises(ChecklistError, match="`cert` and `key` go together"):
        logs(tmp_path, "{id: api, swarm: {service: api, tls: {cert: me.pem}}}")
