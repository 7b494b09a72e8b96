"""Engines run shards; they know nothing of what is in them."""
