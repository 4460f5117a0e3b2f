"""A page in a real browser: headless Chromium, driven over its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

STARTS_WITHIN = 60.0
"""Seconds that the browser gets to start; a loaded machine needs several."""


def program() -> str | None:
    """The browser, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self.said: list[dict[str, Any]] = []
        """What the browser said by itself: requests, complaints."""

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method of the protocol; what it answered."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": arguments}))
        while True:
            message = json.loads(self._connection.recv(timeout=STARTS_WITHIN))
            if message.get("id") != number:
                self.said.append(message)
                continue
            assert "error" not in message, message
            return message["result"]

    def open(self, page: Path, width: int, *, dark: bool = False) -> None:
        """Show a page in a window, or on a phone, of that width."""
        phone = width < 600
        self.said.clear()
        for domain in ("Page", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=page.as_uri())
        while not any(message.get("method") == "Page.loadEventFired" for message in self.said):
            self.said.append(json.loads(self._connection.recv(timeout=STARTS_WITHIN)))

    def value(self, expression: str) -> Any:
        """What an expression comes to on the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def unfold(self) -> None:
        """Open all that is folded."""
        self.value("document.querySelectorAll('details').forEach(each => { each.open = true })")

    def picture(self, path: Path) -> None:
        """Save the whole page as a PNG."""
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        path.write_bytes(base64.b64decode(taken["data"]))

    @property
    def requests(self) -> list[str]:
        """The addresses that were asked for, the page's own among them."""
        sent = [message["params"] for message in self.said if message.get("method") == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent]

    @property
    def complaints(self) -> list[str]:
        """What the browser complained of: what a policy forbade, what it could not load."""
        return [
            message["params"]["entry"]["text"] for message in self.said if message.get("method") == "Log.entryAdded"
        ]


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile in `folder`, and no network but this machine."""
    command = [
        *(program() or "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--no-first-run", "--disable-background-networking", "--remote-debugging-port=0"),
        *(f"--user-data-dir={folder}", "about:blank"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=_env(folder))
    try:
        with connect(_tab(process), max_size=None) as connection:
            yield Browser(connection)
    finally:
        process.terminate()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def _env(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def _tab(process: subprocess.Popen[str]) -> str:
    """Where the first tab listens."""
    assert process.stderr is not None
    for line in process.stderr:
        if "DevTools listening on " in line:
            port = line.split("//", 1)[1].split("/", 1)[0]
            with urllib.request.urlopen(f"http://{port}/json/list", timeout=STARTS_WITHIN) as answer:
                tabs = json.load(answer)
            return next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
    raise AssertionError("the browser ended before it listened")
