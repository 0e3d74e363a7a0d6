"""Where the time of a training step goes, and how far it is from the least that the hardware allows."""
