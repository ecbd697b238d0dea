"""The types of every revision at once: what a program that is to speak with all of them is written against."""

from mcpstruct_bindings.merged.types import *  # noqa: F403
