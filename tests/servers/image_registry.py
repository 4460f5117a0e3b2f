"""A registry that holds one image, for `docker pull`: what the protocol needs for that, and no more.

`python image_registry.py` serves on a free port of loopback, and prints the port and the image's digest. It can be run in the network
of a daemon of the suite's own, which knows no other loopback.
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import json
import tarfile

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def blobs() -> tuple[str, dict[str, bytes]]:
    """The digest of the manifest, and everything by its digest."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("hello"))
    layer = gzip.compress(packed.getvalue(), mtime=0)
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [_digest(packed.getvalue())]}}  # fmt: skip
    described = json.dumps({**config, "config": {"Cmd": ["/hello"]}}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _pointer("application/vnd.docker.container.image.v1+json", described),
        "layers": [_pointer("application/vnd.docker.image.rootfs.diff.tar.gzip", layer)],
    }
    whole = json.dumps(manifest).encode()
    return _digest(whole), {_digest(data): data for data in (layer, described, whole)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _pointer(kind: str, data: bytes) -> dict[str, object]:
    return {"mediaType": kind, "size": len(data), "digest": _digest(data)}


class _Registry(http.server.BaseHTTPRequestHandler):
    digest, held = blobs()

    def do_GET(self) -> None:
        wanted = self.path.rpartition("/")[2]
        if self.path == "/v2/":
            self._answer(200, b"{}", "application/json")
        elif wanted in self.held:
            kind = MANIFEST if "/manifests/" in self.path else "application/octet-stream"
            self._answer(200, self.held[wanted], kind)
        else:
            said = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            self._answer(404, json.dumps(said).encode(), "application/json")

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Content-Digest", self.path.rpartition("/")[2])
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    print(server.server_port, _Registry.digest, flush=True)
    server.serve_forever()
