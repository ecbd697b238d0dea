"""Ways for messages to travel: in memory, and over the standard streams of a process."""
