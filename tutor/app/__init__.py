"""The full-screen tutor: reads traces, never computes a matrix."""
