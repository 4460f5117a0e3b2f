"""How we reach things: secrets, and the values that fill a check's variables."""
