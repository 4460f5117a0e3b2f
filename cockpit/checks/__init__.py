"""What is true now: one file for each kind of check."""
