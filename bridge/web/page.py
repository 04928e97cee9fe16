"""The page from which anybody with a browser and a microphone can call: four small files, always the same."""

from pathlib import Path

from aiohttp import web

__all__ = ["page_routes"]

_FOLDER = Path(__file__).resolve().parent / "pages"
_SWITCHED_OFF = "no calls are taken from web pages here: set providers.browser.enabled to true\n"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# Nothing from elsewhere, nothing inline, in nobody's frame; connect-src 'self' allows our WebSocket.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def page_routes(*, is_enabled: bool = True) -> list[web.RouteDef]:
    """One route for each file, beside each other under the root of the site."""
    files = [path for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES]
    return [_route(path) if is_enabled else web.get(f"/{path.name}", _refuse) for path in files]


async def _refuse(_request: web.Request) -> web.Response:
    raise web.HTTPNotFound(text=_SWITCHED_OFF)


def _route(path: Path) -> web.RouteDef:
    text, content_type = path.read_text(encoding="utf-8"), _TYPES[path.suffix]

    async def serve(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=content_type, charset="utf-8", headers=_HEADERS)

    return web.get(f"/{path.name}", serve)
