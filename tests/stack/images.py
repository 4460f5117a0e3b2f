"""Images without a registry: Debian packages that are installed here, with the libraries that they load, and busybox."""

from __future__ import annotations

import concurrent.futures
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.need import missing

PYTHON = "/usr/bin/python3.11"
POSTGRES = Path("/usr/lib/postgresql/15/bin")


@dataclass(frozen=True)
class Image:
    """What goes into an image."""

    name: str
    """In lower case; the variable in `.env` is `<NAME>_IMAGE`."""
    packages: tuple[str, ...]
    """Debian packages whose files go in; each must be installed here."""
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


def make_all(host: str) -> dict[str, str]:
    """Make those images that a daemon does not have yet; the name and tag of each, by its short name."""
    busybox = shutil.which("busybox")
    if busybox is None:
        missing("busybox", "install the package busybox-static")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(pool.map(lambda image: (image.name, _make(host, image, busybox)), IMAGES))


def docker(host: str, *arguments: str, given: bytes = b"") -> str:
    """What a command of the docker client prints. Raises AssertionError with what it says when it fails."""
    done = subprocess.run(
        ["docker", "--host", host, *arguments],
        input=given,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )
    assert done.returncode == 0, f"docker {' '.join(arguments[:3])}: {done.stderr.decode()[-2000:]}"
    return done.stdout.decode().strip()


def _make(host: str, image: Image, busybox: str) -> str:
    tag = f"trading-bot-{image.name.replace('_', '-')}:{_version(image)}"
    if docker(host, "images", "--quiet", tag):
        return tag
    files = set(_files(image.packages))
    files |= set(_libraries(files | {PYTHON} if image.name == "python" else files))
    packed = _packed(image, sorted(files), busybox)
    changes = ["ENV PATH=/usr/sbin:/usr/bin:/usr/lib/postgresql/15/bin LANG=C.UTF-8", f"USER {image.user}"]
    docker(host, "import", *(part for change in changes for part in ("--change", change)), "-", tag, given=packed)
    return tag


def _version(image: Image) -> str:
    """A tag that changes when a package or this file does."""
    command = ["dpkg-query", "--show", "--showformat", "${Package}=${Version} ${db:Status-Status}\n", *image.packages]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    installed = [line for line in done.stdout.splitlines() if line.endswith(" installed")]
    if len(installed) < len(image.packages):
        present = {line.partition("=")[0] for line in installed}
        lacking = [name for name in image.packages if name not in present]
        missing("what the sample system is made of", f"install the packages {' '.join(lacking)}")
    return hashlib.sha256((done.stdout + Path(__file__).read_text()).encode()).hexdigest()[:12]


_LEFT_OUT = ("/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/lintian", "/usr/share/bash-completion",
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
    for name in ("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"):
        yield f"/lib/x86_64-linux-gnu/{name}"


def _is_elf(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(4) == b"\x7fELF"


_MERGED = ("bin", "sbin", "lib", "lib64")
_APPLETS = ("sh", "ls", "cat", "ps", "kill", "sleep", "wget", "nc", "grep", "sed", "awk", "tail", "head", "date", "env",
            "id", "mkdir", "rm", "mv", "wc", "cp", "chmod", "hostname", "true", "touch", "df")  # fmt: skip
_PASSWD = "root:x:0:0:root:/:/bin/sh\nservice:x:100:100::/data:/bin/sh\nbot:x:1000:1000::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
_GROUP = "root:x:0:\nservice:x:100:\nbot:x:1000:\nnogroup:x:65534:\n"


def _packed(image: Image, files: Sequence[str], busybox: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in (*(f"usr/{each}" for each in _MERGED), "etc", "run", "proc", "sys", "dev", "app"):
            _folder(archive, name, 0o755)
        for name in ("tmp", "data", "backups", "metrics"):
            _folder(archive, name, 0o1777)
        for name in _MERGED:
            _link(archive, name, f"usr/{name}")
        archive.add(busybox, "usr/bin/busybox")
        kept = {_place(path) for path in files}
        for applet in _APPLETS:
            if f"usr/bin/{applet}" not in kept:
                _link(archive, f"usr/bin/{applet}", "busybox")
        for path, text in (("passwd", _PASSWD), ("group", _GROUP), ("nsswitch.conf", "hosts: files dns\n")):
            _text(archive, f"etc/{path}", text)
        if image.name == "postgres":
            for program in POSTGRES.iterdir():
                kept.discard(f"usr/bin/{program.name}")
        for path in files:
            place = _place(path)
            if place in kept:
                kept.discard(place)
                _add(archive, path, place)
    return packed.getvalue()


def _place(path: str) -> str:
    """Where a file lies in an image whose /bin, /sbin and /lib are links into /usr."""
    place = path.lstrip("/")
    return f"usr/{place}" if place.split("/")[0] in _MERGED else place


def _add(archive: tarfile.TarFile, path: str, place: str) -> None:
    """Add a file; a link whose end is not in the image becomes what it leads to."""
    archive.add(os.path.realpath(path), place, recursive=False)


def _folder(archive: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    archive.addfile(entry)


def _link(archive: tarfile.TarFile, name: str, to: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, to
    archive.addfile(entry)


def _text(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(text)
    archive.addfile(entry, io.BytesIO(text.encode()))
