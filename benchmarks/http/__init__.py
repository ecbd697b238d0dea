"""Servers and clients over HTTP, against each other and against bare ASGI."""
