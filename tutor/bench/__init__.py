"""`tutor bench`: what the tutor costs, side by side with what it is held against, measured in one run."""
