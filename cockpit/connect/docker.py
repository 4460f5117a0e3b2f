"""Talking to a Docker daemon in blocking calls with a time limit, and in words when it does not answer.

Import this only where a daemon is about to be asked: the SDK is heavy. Use a `Daemon` in one thread.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import ssl
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import docker
import docker.constants
import docker.errors
import docker.tls
import requests
import urllib3

from cockpit.connect import dial
from cockpit.connect.dial import Unreachable
from cockpit.connect.docker_door import Doors, Tls, TooLong, authorities, read_whole, readable
from cockpit.connect.docker_log import NoLog, payloads, whole_lines

_CHUNK = 64 * 1024


class Silent(Unreachable):
    """It did not answer in time."""


class NoLeader(Exception):
    """The swarm has no leader at present: its managers are too few to agree on anything."""


class Daemon:
    """One daemon, for one measurement: a context manager. All methods raise Unreachable."""

    def __init__(self, doors: Doors) -> None:
        """Ask the daemon to which `doors` lead, for as long as they say."""
        self._doors = doors
        with self._in_words():
            self._client = _client(doors)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def container(self, name: str) -> dict[str, Any] | None:
        """What `docker inspect` says of a container; None when there is none of this name."""
        with self._in_words():
            try:
                found: dict[str, Any] = self._client.inspect_container(name)
            except docker.errors.NotFound:
                return None
            return found

    def containers(self, *labels: str) -> list[dict[str, Any]]:
        """What `docker ps --all` says of the containers with all these labels (`name` or `name=value`)."""
        with self._in_words():
            listed: list[dict[str, Any]] = self._client.containers(all=True, filters={"label": list(labels)})
            return listed

    def names(self) -> list[str]:
        """The names of all containers, running or not."""
        return sorted(name.lstrip("/") for each in self.containers() for name in (each.get("Names") or [])[:1])

    def image(self, name: str) -> dict[str, Any] | None:
        """What `docker image inspect` says of an image; None when there is none of this name."""
        with self._in_words():
            try:
                found: dict[str, Any] = self._client.inspect_image(name)
            except docker.errors.NotFound:
                return None
            return found

    def digests(self, image: str) -> list[str]:
        """The digests under which a registry knows an image (`sha256:...`); none for one that was built here."""
        known = (self.image(image) or {}).get("RepoDigests") or []
        return [digest.partition("@")[2] for digest in known]

    def usage(self, container: str) -> dict[str, Any]:
        """What a container uses at this moment; its counters tell more when they are read twice.

        Before API 1.41 a daemon takes a second or two for it.
        """
        with self._in_words():
            url = self._url(f"/containers/{urllib.parse.quote(container)}/stats")
            answer = self._client.get(url, params={"stream": 0, "one-shot": 1}, timeout=self._doors.left)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            return found

    def log(self, container: Mapping[str, Any], *, since: float | None, tail: int | None) -> Iterator[bytes]:
        """The lines of a container's log, oldest first, both streams.

        Only those since a moment (Unix time), only the last `tail`. The SDK's own reader takes the time limit off its
        socket, so the stream is read here.
        """
        parameters: dict[str, Any] = {"stdout": 1, "stderr": 1, "tail": "all" if tail is None else tail}
        if since is not None:
            parameters["since"] = f"{since:.6f}"
        url = self._url(f"/containers/{container['Id']}/logs")
        with self._in_words():
            answer = self._client.get(url, params=parameters, stream=True, timeout=self._doors.left)
            with contextlib.closing(answer):
                if not answer.ok:
                    read_whole(answer)
                    driver = container["HostConfig"]["LogConfig"]["Type"]
                    raise Unreachable(f"its log cannot be read (log driver `{driver}`): {_message(answer)}")
                chunks = self._in_time(answer.iter_content(_CHUNK))
                yield from whole_lines(chunks if container["Config"]["Tty"] else payloads(chunks))

    def services(self) -> list[dict[str, Any]]:
        """The services of the swarm that it manages. Raises NoLeader, too, as do `tasks` and `nodes`."""
        with self._in_words():
            listed: list[dict[str, Any]] = self._client.services()
            return listed

    def tasks(self, services: Sequence[str]) -> list[dict[str, Any]]:
        """The tasks of these services (ids), past ones among them as far as they are kept."""
        if not services:
            return []
        with self._in_words():
            listed: list[dict[str, Any]] = self._client.tasks(filters={"service": list(services)})
            return listed

    def nodes(self) -> list[dict[str, Any]]:
        """The nodes of the swarm that it manages."""
        with self._in_words():
            listed: list[dict[str, Any]] = self._client.nodes()
            return listed

    def _url(self, path: str) -> str:
        return f"{self._client.base_url}/v{self._client.api_version}{path}"

    def _in_time(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            _ = self._doors.left
            yield chunk

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            if hasattr(self, "_client"):
                self._client.timeout = self._doors.left
            yield
        except (
            docker.errors.DockerException,
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            NoLog,
        ) as error:
            raise _refusal(error, self._doors) or _failure(error, self._doors) from None


def _client(doors: Doors) -> Any:
    """The SDK's client, over connections that are not its own."""
    tls = doors.place.tls
    client: Any = docker.APIClient(
        doors.place.url,
        version=docker.constants.MINIMUM_DOCKER_API_VERSION,
        tls=_settings(tls) if tls else False,
    )
    client.trust_env = False
    client.headers["Accept-Encoding"] = "identity"
    for scheme in ("http://", "https://"):
        client.mount(scheme, doors.adapter())
    client.timeout = doors.left
    try:
        client._version = client.version(api_version=False)["ApiVersion"]  # noqa: SLF001 - it would ask over its own
    except BaseException:
        client.close()
        raise
    return client


def _settings(tls: Tls) -> docker.tls.TLSConfig:
    readable(tls)
    pair = (os.path.expanduser(tls.cert), os.path.expanduser(tls.key)) if tls.cert else None  # noqa: PTH111
    return docker.tls.TLSConfig(client_cert=pair, verify=authorities(tls))


def _refusal(error: BaseException, doors: Doors) -> Exception | None:
    """What a daemon that answered said against it; None when it was something else."""
    for cause in dial.causes(error):
        answer = getattr(cause, "response", None)
        if answer is None:
            continue
        said = _message(answer)
        if not said:
            return Unreachable(f"{_no_daemon(doors)} (status {answer.status_code})")
        if "does not have a leader" in said:
            return NoLeader(said)
        if "HTTP request to an HTTPS server" in said:
            return Unreachable("the Docker daemon wants TLS: give its files under `tls`")
        return Unreachable(f"the Docker daemon refused: {said}")
    return None


def _failure(error: BaseException, doors: Doors) -> Unreachable:
    """What went wrong before an answer was there."""
    causes, where = list(dial.causes(error)), f"Docker's socket {doors.words}"
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return Unreachable(_of_tls(cause, doors.words))
    if (
        doors.place.tls
        and not doors.place.tls.cert
        and any(isinstance(cause, ConnectionResetError) for cause in causes)
    ):
        return Unreachable(f"TLS with the Docker daemon at {doors.words} failed: it hung up{_CERTIFICATE}")
    for cause in causes:
        if isinstance(cause, Unreachable):
            # Behind what a host's route says may stand an error of the way there, which says nothing of the daemon.
            return Unreachable((None if doors.through_host else _hinted(cause, where)) or str(cause))
    if any(isinstance(cause, requests.Timeout | TimeoutError | urllib3.exceptions.TimeoutError) for cause in causes):
        return Silent(f"timed out waiting for the Docker daemon at {doors.words} after {doors.timeout:.1f} s")
    if any(isinstance(cause, _NO_ANSWERS) for cause in causes):
        return Unreachable(_no_daemon(doors))
    return Unreachable(_hinted(error, where) or f"cannot talk to the Docker daemon at {doors.words}: {error}")


_NO_ANSWERS = (http.client.HTTPException, requests.JSONDecodeError, KeyError, TooLong, NoLog)
"""What comes of an answer that no daemon gives."""


def _no_daemon(doors: Doors) -> str:
    return f"what listens at {doors.words} is no Docker daemon: it does not answer as one"


def _hinted(error: BaseException, where: str) -> str | None:
    """What went wrong when the system says so, and what to do about it."""
    words = dial.why(error, where)
    numbers = [cause.errno for cause in dial.causes(error) if isinstance(cause, OSError) and cause.errno]
    return words + _HINTS.get(numbers[0], "") if words and numbers else None


_HINTS = {
    errno.ENOENT: ": is Docker installed and running?",
    errno.ECONNREFUSED: ": its daemon does not run",
    errno.EACCES: ": put this user into the group that owns it (`docker`)",
}


_CERTIFICATE = ": give a certificate that it trusts under `tls.cert` and `tls.key`"


def _of_tls(error: ssl.SSLError, where: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"certificate of the Docker daemon at {where} refused: {error.verify_message} (`tls.ca` says whom to trust)"
        )
    reason = (error.reason or str(error)).replace("_", " ").lower()
    hints = {
        "certificate": _CERTIFICATE,
        "wrong version": ": does this port speak TLS?",
    }
    hint = next((hint for word, hint in hints.items() if word in reason), "")
    return f"TLS with the Docker daemon at {where} failed: {reason}{hint}"


def _message(answer: requests.Response) -> str:
    """What a daemon says against a request; nothing when it is no daemon that answers."""
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return ""
