"""The training process. `python -m kdconsole.backend RUN_DIR…` trains the runs whose directories it is given."""
