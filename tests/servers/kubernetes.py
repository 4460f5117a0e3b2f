"""Kubernetes: a real control plane (etcd, API server, controllers), without nodes that would run pods.

No distribution has its programs, so that it is not to be had everywhere: where the environment variable
COCKPIT_TEST_KUBERNETES names no folder and no archive with them, these tests are left out, in continuous integration
too. Versions 1.20 to 1.23 will do. What a node would say of its pods, the tests say (`Cluster.all_ready`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

VARIABLE = "COCKPIT_TEST_KUBERNETES"
PROGRAMS = ("kube-apiserver", "kube-controller-manager")

TOKENS = """\
token-of-admin,admin,1,system:masters
token-of-reader,reader,2,readers
"""


@dataclass
class Cluster:
    """A control plane. Contexts of its kubeconfig: `admin`, `reader` (may read Deployments), `stranger`."""

    kubeconfig: Path

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """What kubectl prints, as admin."""
        done = subprocess.run(
            ["kubectl", f"--kubeconfig={self.kubeconfig}", *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        self.kubectl("apply", "--filename=-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def pods(self, namespace: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(
            self.kubectl("get", "pods", f"--namespace={namespace}", "--output=json")
        )["items"]
        return found

    def all_ready(self, namespace: str, count: int) -> None:
        """Say of `count` pods what a node says when they run and are ready, as soon as they are there."""
        ends = time.monotonic() + 30
        while len(pods := [pod for pod in self.pods(namespace) if "deletionTimestamp" not in pod["metadata"]]) < count:
            assert time.monotonic() < ends, f"{len(pods)} of {count} pods were made"
            time.sleep(0.1)
        for pod in pods:
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            pod["status"] = {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}],
                "containerStatuses": [
                    {
                        "name": container["name"],
                        "image": container["image"],
                        "imageID": "docker-pullable://bot@sha256:" + 64 * "a",
                        "ready": True,
                        "restartCount": 1,
                        "state": {"running": {"startedAt": now}},
                    }
                    for container in pod["spec"]["containers"]
                ],
            }
            path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}/status"
            self.kubectl("replace", f"--raw={path}", "--filename=-", given=json.dumps(pod))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A control plane of this suite's own."""
    given = os.environ.get(VARIABLE, "")
    if not given:
        pytest.skip(f"there is no Kubernetes here: {VARIABLE} names no folder or archive with {' and '.join(PROGRAMS)}")
    for program, package in (("etcd", "etcd-server"), ("kubectl", "kubernetes-client")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here: install it, as with the package {package}")
    with tempfile.TemporaryDirectory(prefix="ck-kube-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with contextlib.ExitStack() as running:
            yield _started(folder, _programs(Path(given), folder), running)


def _programs(given: Path, folder: Path) -> Path:
    """The folder in which the programs are."""
    if given.is_file():
        with tarfile.open(given) as archive:
            wanted = [member for member in archive if Path(member.name).name in PROGRAMS]
            archive.extractall(folder / "programs", wanted, filter="data")
        given = folder / "programs"
    found = {path.name: path.parent for path in given.rglob("kube-*") if path.name in PROGRAMS}
    if missing := [program for program in PROGRAMS if program not in found]:
        pytest.fail(f"{VARIABLE} is set, but there is no {missing[0]} in {given}", pytrace=False)
    return found[PROGRAMS[0]]


def _started(folder: Path, programs: Path, running: contextlib.ExitStack) -> Cluster:
    etcd, peer, secure = (_free_port() for _ in range(3))
    clients, peers = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (folder / "accounts.key").write_bytes(key)
    (folder / "tokens.csv").write_text(TOKENS)
    running.enter_context(_running(folder, "etcd", "etcd", "--data-dir", folder / "etcd", "--listen-client-urls", clients,
        "--advertise-client-urls", clients, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
        "--initial-cluster", f"default={peers}"))  # fmt: skip
    server = running.enter_context(_running(folder, "api", programs / "kube-apiserver", f"--etcd-servers={clients}",
        "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={secure}",
        "--service-cluster-ip-range=10.96.0.0/16", f"--cert-dir={folder}/certificates",
        f"--token-auth-file={folder}/tokens.csv", "--authorization-mode=RBAC",
        f"--service-account-key-file={folder}/accounts.key",
        f"--service-account-signing-key-file={folder}/accounts.key",
        "--service-account-issuer=https://kubernetes.default"))  # fmt: skip
    cluster = Cluster(folder / "kubeconfig")
    certificate = folder / "certificates" / "apiserver.crt"
    _until(certificate.exists, server, folder)
    cluster.kubeconfig.write_text(_kubeconfig(f"https://127.0.0.1:{secure}", certificate))
    _until(lambda: _answers(cluster), server, folder)
    running.enter_context(_running(folder, "controllers", programs / "kube-controller-manager",
        f"--kubeconfig={cluster.kubeconfig}", "--leader-elect=false", "--port=0", "--secure-port=0",
        f"--service-account-private-key-file={folder}/accounts.key"))  # fmt: skip
    return cluster


def _kubeconfig(address: str, certificate: Path) -> str:
    users = ("admin", "reader", "stranger")
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "tests", "cluster": {"server": address, "certificate-authority": str(certificate)}}],
            "users": [{"name": user, "user": {"token": f"token-of-{user}"}} for user in users],
            "contexts": [{"name": user, "context": {"cluster": "tests", "user": user}} for user in users],
            "current-context": "admin",
        }
    )


def _answers(cluster: Cluster) -> bool:
    with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
        return cluster.kubectl("get", "--raw=/readyz") == "ok"
    return False


def _until(holds: Any, server: subprocess.Popen[bytes], folder: Path) -> None:
    ends = time.monotonic() + 60
    while not holds():
        if server.poll() is not None or time.monotonic() > ends:
            pytest.fail(f"the API server does not start: {(folder / 'api.log').read_text()[-800:]}", pytrace=False)
        time.sleep(0.1)


@contextlib.contextmanager
def _running(folder: Path, name: str, *command: object) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is ended with the context, and when we are ended."""
    with (folder / f"{name}.log").open("wb") as log:
        program = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
    try:
        yield program
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
