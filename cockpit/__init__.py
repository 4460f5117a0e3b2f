"""Cockpit: a release captain's launch room in one terminal."""

__version__ = "0.1.0"
