"""Catalogue of optimizers: one file an entry or a family of entries."""
