"""The contestants' processes, each run by the interpreter of its own environment."""
