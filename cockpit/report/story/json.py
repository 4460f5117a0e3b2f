"""The report as JSON, for programs: `cockpit.report.story.model.Story` as it stands; docs/reports.md documents it.

Times are RFC 3339 in UTC, lengths of time are seconds. `format` says which version this is; fields are only added.
"""

from __future__ import annotations

import json

import msgspec

from cockpit.report.story.model import Story


def as_json(story: Story) -> str:
    """The report as JSON in ASCII, which every encoding can carry."""
    plain = msgspec.to_builtins(story)
    # DEL is the one control character that the encoder passes on.
    return json.dumps({"format": plain.pop("format"), **plain}, indent=2).replace("\x7f", "\\u007f") + "\n"
