"""Sessions: requests and answers over any transport, on asyncio or trio."""
