"""How a program that streams Parquet with `datasets` leaves: at once.

pyarrow's read-ahead threads may still run when the interpreter ends, and now and then abort it ("terminate called
without an active exception") after all is done and printed. Our own readers wait for them,
plain `load_dataset` does not.
"""

AT_ONCE = "\nimport os, sys; sys.stdout.flush(); sys.stderr.flush(); os._exit(0)\n"
