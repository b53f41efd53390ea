"""Declarations: one file per page family of the exchange's documentation."""
