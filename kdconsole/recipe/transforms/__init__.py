"""Catalogue of transforms: one file an entry or a family of entries."""
