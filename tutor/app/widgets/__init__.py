"""One widget a file: attributes down, messages up."""
