"""The pages: templates whose every value is escaped, one style sheet, and no script, picture or font from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
import markupsafe

_HERE = Path(__file__).parent


def render(template: str, **values: Any) -> str:
    """A page from one of the templates here, complete in itself; in ASCII, which every encoding can carry."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["link"] = _link
    style = (_HERE / "style.css").read_text("utf-8")
    # The one style sheet is named by its hash, so that nothing that slipped into the page could add another.
    sha256 = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{sha256}'; base-uri 'none'; form-action 'none'"
    page = environment.get_template(template)
    text = page.render(style=markupsafe.Markup(style), policy=policy, **values)  # noqa: S704 - a file of ours
    return text.encode("ascii", "xmlcharrefreplace").decode()


def _link(address: str) -> str:
    """A link to a page, escaped; what is no address of one stays text."""
    if not address.startswith(("https://", "http://")):
        return markupsafe.escape(address)
    return markupsafe.Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(address)
