"""Ends the program when it is imported."""

import sys

sys.exit("this plug-in wants to be alone")
