"""The sample system: a trading bot as a user would have it, brought up from nothing on this machine."""
