"""Distillation objectives, one file each. Built from their parameters and two shape summaries; see `base.Method`."""
