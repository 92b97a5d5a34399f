"""Published checkpoints, as Hugging Face Transformers writes them, made models of the tutor."""
