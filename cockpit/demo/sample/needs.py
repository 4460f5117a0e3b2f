"""What a machine must have for the sample system, asked before anything is made."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from cockpit.demo.sample import images, labels
from cockpit.demo.sample.client import Failed, compose_program, docker, run

ANSWERS_WITHIN = 10.0
"""Seconds that a daemon gets to say its version."""


class Lacking(Exception):
    """The sample system cannot be started here. The message says what is lacking, and what to do."""


@dataclass(frozen=True)
class Here:
    """What there is."""

    host: str
    """Where the Docker daemon listens: a Unix socket."""
    program: tuple[str, ...]
    """What carries Compose out."""


def look(home: Path) -> Here:
    """See that all is there for a demo that keeps its folder in `home`. Raises Lacking."""
    host = daemon()
    program = compose_program()
    if program is None:
        raise Lacking(
            "Docker Compose is not here: install its plugin (docker-compose-plugin, or docker-compose-v2 on Ubuntu), "
            "or the package docker-compose"
        )
    if shutil.which("git") is None:
        raise Lacking("the sample system's source is a Git repository, and there is no program `git`: install git")
    try:
        foreign = labels.foreign_images(host, home)
        has_debian = not images.lacking() or images.in_place(host, images.DEBIAN)
    except Failed as problem:
        raise Lacking(str(problem)) from None
    if foreign:
        raise Lacking(
            f"there are images called {', '.join(foreign)} that this demo did not make, and it touches no other's: "
            "remove or rename them"
        )
    if not has_debian:
        _pull(host)
    return Here(host, program)


def daemon() -> str:
    """Where the Docker daemon listens that the user means, and that answers. Raises Lacking."""
    if shutil.which("docker") is None:
        raise Lacking("there is no program `docker`: install Docker, or try `cockpit demo`, which needs none")
    host = os.environ.get("DOCKER_HOST") or _of_context()
    if not host.startswith("unix://"):
        raise Lacking(
            f"Docker is at {host}: the sample system shares files with its containers, so it needs a daemon on this "
            "machine (DOCKER_HOST=unix:///var/run/docker.sock)"
        )
    try:
        system = docker(host, "version", "--format", "{{.Server.Os}}", timeout=ANSWERS_WITHIN)
    except Failed as problem:
        raise Lacking(_why(host, str(problem))) from None
    if system != "linux":
        raise Lacking(f"Docker at {host} runs containers of {system}: the sample system's are of Linux")
    return host


def _of_context() -> str:
    """Where the current context of Docker's client leads."""
    try:
        found = run(["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], timeout=ANSWERS_WITHIN)
    except Failed:
        found = ""
    return found or "unix:///var/run/docker.sock"


def _why(host: str, said: str) -> str:
    """Why a daemon does not answer, and what to do."""
    if "permission denied" in said.lower():
        return f"you may not use Docker at {host}: be a member of its group (usually `docker`), or use `sudo`"
    if "no answer in" in said:
        return f"Docker at {host} does not answer within {ANSWERS_WITHIN:g} s: look at the daemon, it hangs"
    if "cannot connect" in said.lower() or "no such file" in said.lower():
        return (
            f"no Docker daemon answers at {host}: start it (`systemctl start docker`), or set DOCKER_HOST; "
            "`cockpit demo` needs none"
        )
    return f"Docker at {host} cannot be used: {said.rpartition(': ')[2]}"


def _pull(host: str) -> None:
    """Have the image that others are built on. Raises Lacking."""
    try:
        docker(host, "pull", "--quiet", images.DEBIAN, timeout=300)
    except Failed as problem:
        raise Lacking(
            f"there is no base image to be had: {images.DEBIAN} is not on this daemon and cannot be pulled "
            f"({str(problem).splitlines()[-1]}). Pull or load it, or install these packages of Debian 12, of which "
            f"images are made without a registry: {' '.join(images.lacking())}"
        ) from None
