"""Catalogue of datasets: one file an entry or a family of entries."""
