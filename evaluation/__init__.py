"""Measures of a video against its annotation."""
