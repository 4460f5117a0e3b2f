"""What a real Kubernetes cluster said of good and bad workloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent.parent / "data" / "kubernetes"


def recorded(name: str, kind: str = "") -> list[dict[str, Any]]:
    """The objects of a recording, of one kind or of all."""
    items = json.loads((RECORDED / f"{name}.json").read_text())["items"]
    return [item for item in items if item["kind"] == kind or not kind]
