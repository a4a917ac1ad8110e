"""The few calls of S3 that a store makes, on loopback."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from xml.sax.saxutils import escape, unescape

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_WHEN = "Tue, 01 Dec 2026 10:00:00 GMT"


class S3Server:
    """One bucket in memory. `refusal` is an error code that every call gets instead which `refuses` picks out."""

    bucket = "recordings"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.refusal: tuple[int, str] | None = None
        self.refuses: Callable[[web.Request], bool] = lambda _: True
        self.upload_removed = asyncio.Event()
        self.url = ""
        self._started = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{bucket}", self._handle)
        app.router.add_route("*", "/{bucket}/{key:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.refusal is not None and self.refuses(request):
            return _error(*self.refusal)
        if request.match_info["bucket"] != self.bucket:
            return _error(404, "NoSuchBucket")
        if key := request.match_info.get("key", ""):
            return await self._handle_object(request, key)
        if "delete" in request.query:
            return self._delete(await request.text())
        return self._list(request.query.get("prefix", ""), request.query.get("delimiter", ""))

    async def _handle_object(self, request: web.Request, key: str) -> web.StreamResponse:
        if "uploads" in request.query or "uploadId" in request.query:
            return await self._multipart(request, key)
        if request.method == "PUT":
            if request.headers.get("If-None-Match") == "*" and key in self.objects:
                return _error(412, "PreconditionFailed")
            self.objects[key] = await request.read()
            self.content_types[key] = request.headers.get("Content-Type", "")
            return web.Response(headers={"ETag": f'"{len(self.objects[key])}"'})
        if key not in self.objects:
            return _error(404, "NoSuchKey")
        body = self.objects[key]
        headers = {"ETag": f'"{len(body)}"', "Last-Modified": _WHEN}
        if part := re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", "")):
            first, last = int(part[1]), int(part[2])
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            return web.Response(body=body[first : last + 1], status=206, headers=headers)
        return web.Response(body=body, headers=headers)

    def _delete(self, order: str) -> web.Response:
        keys = [unescape(key) for key in re.findall("<Key>(.*?)</Key>", order)]
        for key in keys:
            self.objects.pop(key, None)
        deleted = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return _xml(f"<DeleteResult>{deleted}</DeleteResult>")

    def _list(self, prefix: str, delimiter: str) -> web.Response:
        found = [key for key in self.objects if key.startswith(prefix)]
        folders: set[str] = set()
        if delimiter:
            folders = {
                prefix + key[len(prefix) :].split(delimiter)[0] + delimiter
                for key in found
                if delimiter in key[len(prefix) :]
            }
            found = [key for key in found if delimiter not in key[len(prefix) :]]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
            f"<LastModified>2026-12-01T10:00:00.000Z</LastModified><ETag>x</ETag></Contents>"
            for key in found
        )
        contents += "".join(
            f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in sorted(folders)
        )
        return _xml(f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")

    async def _multipart(self, request: web.Request, key: str) -> web.Response:
        if "uploads" in request.query:
            self._started += 1
            self.content_types[key] = request.headers.get("Content-Type", "")
            upload = f"upload-{self._started}"
            self.uploads[upload] = {}
            return _xml(
                f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            )
        upload = request.query["uploadId"]
        if request.method == "PUT":
            number = int(request.query["partNumber"])
            body = await request.read()
            if upload not in self.uploads:
                return _error(404, "NoSuchUpload")
            self.uploads[upload][number] = body
            return web.Response(headers={"ETag": f'"{number}"'})
        parts = self.uploads.pop(upload)
        if request.method == "DELETE":
            self.upload_removed.set()
            return web.Response(status=204)
        self.objects[key] = b"".join(parts[number] for number in sorted(parts))
        return _xml("<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(text=f"<?xml version='1.0'?>{text}", content_type="application/xml", status=status)


def _error(status: int, code: str) -> web.Response:
    return _xml(f"<Error><Code>{code}</Code><AWSAccessKeyId>AKIAEXAMPLE</AWSAccessKeyId></Error>", status)
