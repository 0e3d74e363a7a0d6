"""Data sets, resident on the device."""
