"""The other end of the line: simulated carriers that call a real daemon over a real socket.

A provider has one wire here as it has one protocol in `protocols`; `FakeCarrier` joins a wire to a caller.
"""
