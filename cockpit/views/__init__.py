"""What to show: pure functions from state to rows and lines, for screens, plain mode and tests alike."""
