"""The tutor without a full-screen interface: text in, lines out. No box drawing, no colour, nothing that redraws."""
