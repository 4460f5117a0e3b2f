"""Hosts that are reached over SSH: what the configuration says of them, who they are, and what can be done on them."""
