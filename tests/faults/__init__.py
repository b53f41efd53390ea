"""The acceptance table of faults: one test per row, over real sockets."""
