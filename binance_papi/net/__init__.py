"""Effects: time, waiting and sockets."""
