"""HTTP by hand, for senders that no client library would be."""

import asyncio

from yarl import URL

from tests.bridge.support import KEY, Bridge

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def head(method: str, path: str, *headers: str) -> bytes:
    """The head of a request that brings the right key."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"X-Meeting-Baas-Api-Key: {KEY}", *headers, "", ""]
    return "\r\n".join(lines).encode("utf-8", "replace")


def post(path: str, body: bytes, *headers: str) -> bytes:
    return head("POST", path, f"Content-Length: {len(body)}", *headers) + body


def path_of(bridge: Bridge, workflow_id: str) -> str:
    return URL(bridge.address(workflow_id), encoded=True).raw_path


async def connect(bridge: Bridge) -> Connection:
    url = URL(bridge.url)
    return await asyncio.open_connection(url.host, url.port)


async def ask(bridge: Bridge, data: bytes, *, half_close: bool = False) -> int:
    """The status of the answer, 0 if the connection was closed without one."""
    reader, writer = await connect(bridge)
    writer.write(data)
    if half_close:
        writer.write_eof()
    try:
        return await status_of(reader)
    finally:
        writer.close()


async def status_of(reader: asyncio.StreamReader) -> int:
    """The status of the next answer, whose body is skipped; 0 if the connection is closed."""
    try:
        async with asyncio.timeout(30):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().splitlines()
            length = next((line for line in lines if line.startswith("content-length:")), "content-length: 0")
            await reader.readexactly(int(length.partition(":")[2]))
    except (ConnectionError, asyncio.IncompleteReadError):
        return 0
    return int(lines[0].split()[1])


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Waits until the other side closes the connection."""
    try:
        async with asyncio.timeout(30):
            return not await reader.read()
    except ConnectionError:
        return True


async def drip(writer: asyncio.StreamWriter, drop: bytes = b" ") -> None:
    """Sends a little at a time, until the other side has had enough."""
    try:
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.1)
    except ConnectionError:
        return
