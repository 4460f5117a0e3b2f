"""Dialogs: what is asked on top of a board."""
