"""HOW a run starts. Never imports torch: the training process is another one."""
