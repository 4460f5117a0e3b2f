"""What a person sees: the Textual app. The only room that imports Textual.

Textual reads its settings from the environment when it is imported, so they are put in order here, before that. Some of
them would press keys at the start or load code of somebody else's choice: on a launch nobody's environment may do that.
"""

import os

_REFUSED = ("TEXTUAL", "TEXTUAL_DRIVER", "TEXTUAL_PRESS", "TEXTUAL_SCREENSHOT", "TEXTUAL_DEBUG", "TEXTUAL_LOG")
_SETTLED = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_FPS": "15"}
"""Nothing moves by itself, and a slow line is not flooded; a key is drawn at once all the same."""

for _name in _REFUSED:
    os.environ.pop(_name, None)
for _name, _value in _SETTLED.items():
    os.environ.setdefault(_name, _value)
