"""Values and decisions: no socket, no clock, no ``await``."""
