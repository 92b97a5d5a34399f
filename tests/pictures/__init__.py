"""The README's pictures, drawn by the app itself."""
