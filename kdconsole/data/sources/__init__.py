"""Readers of data sets: one file a data set or a family of data sets."""
