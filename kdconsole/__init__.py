"""kdconsole: a terminal console for knowledge-distillation experiments."""

__version__ = "0.1.0"
