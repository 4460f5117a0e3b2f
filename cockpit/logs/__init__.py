"""Logs of many sources: followed, cleaned, recognised, merged, kept within bounds, and searched."""
