"""Benchmarks of mcpstruct against its peers. See README.md in this folder."""
