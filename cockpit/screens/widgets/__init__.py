"""Widgets: what boards and dialogs are made of."""
