"""The contestants' programs."""
