"""The commands, one a file. Whatever a command needs is imported when it runs: `--help` is quick."""
