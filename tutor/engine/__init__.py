"""Arrays in, trace out: the Transformer as named, explainable operations. Needs NumPy and nothing of ours above it."""
