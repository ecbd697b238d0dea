"""Lines that are no messages, or not the ones that anybody waits for."""

from __future__ import annotations

JUNK = [
    *(b"", b"   ", b"null", b"true", b"17", b'"text"', b"{", b"}", b"{}", b"[]", b"[{}]", b"[1,2]", b"\r", b"  \t \r"),
    *(b"\x00\x00", b"\xff\xfe{", b"\xef\xbb\xbf{}", b"{'jsonrpc': 2}", b'{"jsonrpc":"2.0"}'),
    *(b"[" * 100_000, b'{"a":' * 100_000, b"x" * 1_000_000),
    b'{"jsonrpc":"1.0","id":1,"result":{}}',
    b'{"jsonrpc":"2.0","id":987654,"result":{}}',
    b'{"jsonrpc":"2.0","id":987655,"error":{"code":1,"message":"no"}}',
    b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}',
    b'{"jsonrpc":"2.0","id":true,"result":{}}',
    b'{"jsonrpc":"2.0","id":[1],"result":{}}',
    b'{"jsonrpc":"2.0","id":12345678901234567890123,"result":{}}',
    b'{"jsonrpc":"2.0","id":{},"method":"ping"}',
    b'{"jsonrpc":"2.0","method":17}',
    b'{"jsonrpc":"2.0","method":"notifications/nothing","params":{"a":1}}',
    b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":99,"progress":"much"}}',
    b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":99,"progress":1}}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4711}}',
    b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"loud","data":1}}',
    b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"\xff"}}',
    b'{"jsonrpc":"2.0","id":"s1","method":"no/such/method"}',
    b'{"jsonrpc":"2.0","id":"s2","method":"ping","params":[1]}',
    b'{"jsonrpc":"2.0","id":"s3","method":"ping"}',
]
