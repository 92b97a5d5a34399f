"""Text, numbers, formulas, colours and languages, made fit for a terminal."""
