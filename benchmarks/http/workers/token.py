"""A token that is good as long as anybody measures, and the key to verify it with; whoever signed it is forgotten."""

from __future__ import annotations

ISSUER = "https://auth.example.com"
AUDIENCE = "https://mcp.example.com/mcp"
SCOPES = ["files:read"]
_MODULUS = (
    "o-DeJaV22PH6vMTzH9MQc4uwTmReBZyO0Q4o-h9G5ekgxqJvI3kZmAOAzj-jKifV72dGsCyWJhyDkB_geq89PvPplfqHBJODHXuR"
    "3uWf9BgP99458laaey1uAm2wTIxPqX-F1Tz5yj4lv-vT3w1qqEkKXEqTyIEEeIEj3upCOKVfhN2LFvw0Zl4A12VRUR28Fi_uPFBq"
    "Wg9Hxb0ZB4TgPhfU19LRRPI4e5RiCcKTwoSvFS9P3MI-Ygs8rv0ZnTvo9iKfzHAnPFA7m731ut2xzwx5HkhWHxyn0x57X8BsjzPv"
    "SAIxeF5sVlIjz0Oi2VDOlRMW2BkIbXPgUV9dujtr9w"
)
KEYS = {"keys": [{"kty": "RSA", "kid": "1", "e": "AQAB", "n": _MODULUS}]}
BEARER = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJodHRwczovL2F1dGguZXhhbXBsZS5jb20iL"
    "CJhdWQiOiJodHRwczovL21jcC5leGFtcGxlLmNvbS9tY3AiLCJzdWIiOiI2ZjFjM2MwZS04ZjBhLTRhNTMtOWYwZS0wYjlmM2EzZ"
    "TdiMTEiLCJjbGllbnRfaWQiOiJodHRwczovL2NsaWVudC5leGFtcGxlLmNvbS9jbGllbnQuanNvbiIsImlhdCI6MTc4MDAwMDAwM"
    "CwiZXhwIjo0MTAyNDQ0ODAwLCJqdGkiOiJiMGExZjBjZTFkNmE0YzBmOWQxYSIsInNjb3BlIjoib3BlbmlkIGZpbGVzOnJlYWQgZ"
    "mlsZXM6d3JpdGUiLCJlbWFpbCI6ImFkYUBleGFtcGxlLmNvbSIsImdyb3VwcyI6WyJzdGFmZiIsImVkaXRvcnMiXX0.bGq2iaSpJ"
    "hefBS2EPJgLwCcqXnpUlDO5TeXNs6_OSNFsCPf9MXxHkpeFAKDfQsBNWz0JiKFxLyFdv0t9yFe6F3kzHNMxmEH6csN4eMOpzPi6N"
    "PoSeqr_JXbj8lPJ6aNNpuD_bxPgn92_yFtJZIN8yWJZ5cWkDF5Rbboz7hignwkC4ussqYMmkcSYy5Qjpe7RsSPABxVGW8gABuzqW"
    "ne5bR0_REwYMIv7B3qhWVagtPKcUZi3b83k7wXB3sHuZVNz-cHTw7LAtylU-aZ6_iw2HC5WHwMGyXA8X3uZieamJpa3CH7OjdMh8"
    "CFo1_b-oz1_gAntzBVawFxazci5kI_rIg"
)
