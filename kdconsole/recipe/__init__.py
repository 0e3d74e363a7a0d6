"""WHAT to run: the typed recipe, its parameters, and the catalogues of what exists. Never imports torch."""
