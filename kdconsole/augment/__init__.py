"""Views for teacher and student, batched on the device."""
