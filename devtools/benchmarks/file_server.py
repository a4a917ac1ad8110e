"""Serves one recording of any size as fast as the machine can: nothing that is measured waits for this server.

`python -m devtools.benchmarks.file_server PORT` answers every path; `PUT` with a number says how many bytes that
has. They are a block that repeats, so no disk is read, and the kernel hands them out by itself.
"""

import os
import re
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from devtools.stack.ports import HOST

_HEAD = b"\0\0\0\x20ftypisom"
_BLOCK = 8 * 1024 * 1024
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class _Recording:
    """`head` begins as a video does, `block` is what repeats after it; both are files in memory."""

    def __init__(self) -> None:
        self.size = 0
        noise = os.urandom(_BLOCK)
        self._head = _in_memory(_HEAD + noise[len(_HEAD) :])
        self._block = _in_memory(noise)

    def send(self, to: socket.socket, start: int, end: int) -> None:
        while start < end:
            file = self._block if start >= _BLOCK else self._head
            offset = start % _BLOCK
            start += os.sendfile(to.fileno(), file, offset, min(_BLOCK - offset, end - start))


def _in_memory(content: bytes) -> int:
    handle = os.memfd_create("recording")
    with open(handle, "wb", closefd=False) as file:
        file.write(content)
    return handle


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    recording = _Recording()

    def do_PUT(self) -> None:
        self.recording.size = int(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def do_GET(self) -> None:
        size = self.recording.size
        part = _RANGE.fullmatch(self.headers.get("Range", ""))
        start = int(part[1]) if part else 0
        end = min(size, int(part[2]) + 1) if part and part[2] else size
        self.send_response(206 if part else 200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(end - start))
        if part:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.end_headers()
        self.recording.send(self.connection, start, end)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    ThreadingHTTPServer((HOST, int(sys.argv[1])), _Handler).serve_forever()
