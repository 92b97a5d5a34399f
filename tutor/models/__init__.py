"""Names and files to runnable models: registry, weights on disk, tokenizers, and one folder per shipped model."""
