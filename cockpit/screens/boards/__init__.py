"""Boards: the whole screens, one a file."""
