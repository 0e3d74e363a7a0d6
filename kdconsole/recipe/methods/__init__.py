"""Catalogue of methods: one file an entry or a family of entries."""
