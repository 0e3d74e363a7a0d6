"""What happened: a run's directory, its event log, and everything that can be read from them."""
