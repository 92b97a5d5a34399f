"""Series of numbers: generated examples, the learner's own tables, and the window of either that a model reads."""
