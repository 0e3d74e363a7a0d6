"""Catalogue of models: one file an entry or a family of entries."""
