"""A server with one slow tool that tells how far it is. Serve it with `mcpstruct run examples/servers/analyze.py`."""

import time

from mcpstruct.server.fastmcp import Context, FastMCP

server = FastMCP("analyzer")


@server.tool()
def analyze_file(file_path: str, ctx: Context) -> dict[str, int]:
    """Count what is in a text file, and take one's time about it.

    Args:
        file_path: The file to read.
    """
    ctx.info(f"Reading {file_path}")
    with open(file_path, encoding="utf-8") as file:  # noqa: PTH123 - an example's first lines should look familiar
        lines = file.readlines()
    words = 0
    for done, line in enumerate(lines, start=1):
        words += len(line.split())
        time.sleep(1 / len(lines))
        ctx.report_progress(done, len(lines))
    ctx.info(f"Done with {file_path}")
    return {"lines": len(lines), "words": words}
