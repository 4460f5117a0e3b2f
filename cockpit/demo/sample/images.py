"""Base images without a registry: Debian packages that are installed here, or else on top of Debian's own image.

The former holds the packages' files, the libraries that they load, and busybox. The latter needs one image
(`DEBIAN`), which is there or can be pulled, and the packages from Debian's mirror.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cockpit.demo.sample import packing
from cockpit.demo.sample.client import Failed, docker

DEBIAN = "debian:bookworm-slim"
"""What the images are built on where the packages are not installed."""

PYTHON = "/usr/bin/python3.11"


@dataclass(frozen=True)
class Image:
    """What goes into an image."""

    name: str
    """In lower case; the variable in `.env` is `<NAME>_IMAGE`."""
    packages: tuple[str, ...]
    """Packages of Debian 12."""
    user: int = 1000


IMAGES = (
    Image(
        "python",
        (
            "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "python3-minimal", "media-types",
            "python3-flask", "python3-werkzeug", "python3-jinja2", "python3-markupsafe", "python3-itsdangerous",
            "python3-click", "python3-colorama", "python3-psycopg2", "python3-redis", "python3-async-timeout",
            "python3-deprecated", "python3-wrapt", "python3-packaging", "python3-typing-extensions", "python3-jwt",
            "python3-gunicorn", "python3-pkg-resources", "python3-setuptools", "python3-websockets",
            "python3-prometheus-client", "python3-decorator",
        ),
    ),
    Image("postgres", ("postgresql-15", "postgresql-client-15", "tzdata"), user=100),
    Image("redis", ("redis-server", "redis-tools"), user=100),
    Image("nginx", ("nginx-light", "nginx", "nginx-common")),
    Image("prometheus", ("prometheus",)),
    Image("alertmanager", ("prometheus-alertmanager",)),
    Image("blackbox", ("prometheus-blackbox-exporter",)),
    Image("postgres_exporter", ("prometheus-postgres-exporter",)),
    Image("redis_exporter", ("prometheus-redis-exporter",)),
    Image("node_exporter", ("prometheus-node-exporter",)),
    Image("registry", ("docker-registry",)),
)  # fmt: skip


def lacking() -> list[str]:
    """What would have to be installed here for images to be made of it; nothing: they can be."""
    packages = [name for image in IMAGES for name in image.packages]
    listed = _listed(packages) if shutil.which("dpkg-query") else ""
    present = {line.partition("=")[0] for line in listed.splitlines() if line.endswith(" installed")}
    absent = [name for name in packages if name not in present]
    return absent if shutil.which("busybox") else [*absent, "busybox-static"]


def make_all(host: str, prefix: str = "trading-bot-", labels: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make those images that a daemon does not have yet; the name and tag of each, by its short name. Raises Failed.

    `prefix` comes before their names, and they are labelled with `labels`.
    """
    marks = dict(labels or {})
    if lacking():
        return _on_debian(host, prefix, marks)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(pool.map(lambda image: (image.name, _of_installed(host, prefix, image, marks)), IMAGES))


def digest() -> str:
    """What changes when one of the packages does, or how images are made of them."""
    packages = [name for image in IMAGES for name in image.packages]
    return _digest(packages)


def in_place(host: str, tag: str) -> bool:
    """Whether a daemon has this image."""
    return bool(docker(host, "images", "--quiet", tag))


def _of_installed(host: str, prefix: str, image: Image, labels: Mapping[str, str]) -> str:
    tag = f"{prefix}{image.name.replace('_', '-')}:{_digest(image.packages)}"
    if in_place(host, tag):
        return tag
    files = set(_files(image.packages))
    files |= set(_libraries(files | {PYTHON} if image.name == "python" else files))
    packed = packing.packed(sorted(files), shutil.which("busybox") or "", postgres=image.name == "postgres")
    changes = [f"ENV PATH={packing.PATH} LANG=C.UTF-8", f"USER {image.user}"]
    changes += [f"LABEL {name}={value}" for name, value in labels.items()]
    docker(host, "import", *(part for change in changes for part in ("--change", change)), "-", tag, given=packed)
    return tag


def _on_debian(host: str, prefix: str, labels: Mapping[str, str]) -> dict[str, str]:
    """One image with all packages; each of the others is that one under its own name, with its own user."""
    packages = sorted({name for image in IMAGES for name in image.packages})
    text = _DOCKERFILE.format(debian=DEBIAN, packages=" ".join(packages), path=packing.PATH)
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    tags = {image.name: f"{prefix}{image.name.replace('_', '-')}:{version}" for image in IMAGES}
    if all(in_place(host, tag) for tag in tags.values()):
        return tags
    marks = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
    for image in IMAGES:
        # The layers of the first one are those of all.
        given = f"{text}USER {image.user}\n".encode()
        try:
            docker(host, "build", "--quiet", *marks, "--tag", tags[image.name], "-", given=given, timeout=900)
        except Failed as problem:
            raise Failed(f"the base images cannot be built on {DEBIAN}: {problem}") from None
    return tags


_DOCKERFILE = """\
FROM {debian}
RUN apt-get update -q \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends busybox {packages} \\
 && rm -rf /var/lib/apt/lists/*
RUN for each in wget nc ps; do [ -e /usr/bin/$each ] || ln -s /bin/busybox /usr/bin/$each; done \\
 && mkdir -p /data /backups /metrics /app && chmod 1777 /data /backups /metrics \\
 && printf 'service:x:100:100::/data:/bin/sh\\nbot:x:1000:1000::/:/bin/sh\\n' | cat - /etc/passwd > /tmp/users \\
 && cat /tmp/users > /etc/passwd && rm /tmp/users
ENV PATH={path} LANG=C.UTF-8
"""


def _digest(packages: Sequence[str]) -> str:
    made = _listed(packages) + Path(packing.__file__).read_text()
    return hashlib.sha256(made.encode()).hexdigest()[:12]


def _listed(packages: Sequence[str]) -> str:
    command = ["dpkg-query", "--show", "--showformat", "${Package}=${Version} ${db:Status-Status}\n", *packages]
    return subprocess.run(command, capture_output=True, check=False, text=True).stdout


_LEFT_OUT = ("/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/lintian",
             "/usr/share/bash-completion",
             "/usr/lib/systemd", "/lib/systemd", "/etc/init.d", "/usr/share/javascript", "/usr/share/info",
             "/usr/lib/postgresql/15/lib/bitcode", "/usr/lib/postgresql/15/lib/llvmjit")  # fmt: skip


def _files(packages: Sequence[str]) -> Iterator[str]:
    listed = subprocess.run(["dpkg", "--listfiles", *packages], capture_output=True, check=True, text=True).stdout
    for path in listed.splitlines():
        if path.startswith(_LEFT_OUT) or not Path(path).is_file():
            continue
        yield path
        if path.endswith(".py"):
            yield from map(str, Path(path).parent.glob(f"__pycache__/{Path(path).stem}.cpython-311.pyc"))


def _libraries(files: Iterable[str]) -> Iterator[str]:
    """The shared libraries that these programs and libraries load, and those that name look-ups do."""
    programs = [path for path in files if not Path(path).is_symlink() and _is_elf(path)]
    printed = subprocess.run(["ldd", *programs], capture_output=True, check=False, text=True).stdout
    for word in printed.split():
        if word.startswith("/") and ".so" in word and not word.endswith(":"):
            yield word
    machine = sysconfig.get_platform().removeprefix("linux-").replace("-", "_")
    for name in ("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"):
        yield f"/lib/{machine}-linux-gnu/{name}"


def _is_elf(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(4) == b"\x7fELF"
