"""One clip of a set in 3-D, in a browser."""
