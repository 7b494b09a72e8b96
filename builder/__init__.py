"""Plans, shards, engines, readers and the command line."""
