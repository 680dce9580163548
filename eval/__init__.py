"""Measure cutbook: gold annotations, repeated runs, event-level agreement."""
