"""Transactions on the databases that `sql` speaks to."""
