"""Probes: events made for each cut, just below, at and just above its threshold, on which code shows what it does."""
