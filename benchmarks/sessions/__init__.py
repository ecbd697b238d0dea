"""Whole sessions against each other: in memory, over stdio, and the limits that a pipe and an event loop set."""
