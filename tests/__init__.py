"""Tests; `tests.stage` holds what they share."""
