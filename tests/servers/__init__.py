"""Real servers that the suite starts for itself, once for each process that runs tests.

Loaded for the whole suite by `tests/conftest.py`; a test names the fixture and gets the server.
"""
