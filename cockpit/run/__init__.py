"""Where we stand: pure. The state as a fold over events, which commands are allowed and why not, and the verdict."""
