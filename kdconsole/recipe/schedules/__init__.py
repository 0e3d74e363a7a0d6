"""Catalogue of schedules: one file an entry or a family of entries."""
