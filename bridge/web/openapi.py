"""The interface for programs as an OpenAPI 3.1 document, made of the very types that the answers are.

https://spec.openapis.org/oas/v3.1.0. Routes that are described say what they answer; others of the same paths
are there with what their handler says of itself.
"""

import inspect
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

import msgspec
from aiohttp import web

from bridge.web.admin.endpoints import Endpoint
from bridge.web.refusals import Problem

__all__ = ["DOCUMENT_PATH", "Document"]

DOCUMENT_PATH = "/openapi.json"
OPENAPI = "3.1.0"
REFS = "#/components/schemas/{name}"

_ERRORS = {
    "400": "a parameter is not what it must be",
    "401": "no credential, or none that is good",
    "403": "the credential lacks the scope",
    "404": "nothing of that name, or another tenant's",
    "429": "too many requests",
    "503": "the daemon is starting, or its database cannot be read or written",
}
_IN_PATH = re.compile(r"{(\w+)}")


class Document:
    """The document, made once."""

    def __init__(self, described: Sequence[Endpoint], others: Iterable[web.RouteDef] = ()) -> None:
        self._body = msgspec.json.encode(_document(described, others))

    def route(self) -> web.RouteDef:
        """For the server."""
        return web.get(DOCUMENT_PATH, self.show)

    async def show(self, _request: web.Request) -> web.Response:
        """The document."""
        return web.Response(body=self._body, content_type="application/json")


def _document(described: Sequence[Endpoint], others: Iterable[web.RouteDef]) -> dict[str, Any]:
    types = [*(endpoint.answer for endpoint in described), Problem]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFS)
    *answers, problem = schemas
    paths: dict[str, dict[str, Any]] = {}
    for endpoint, answer in zip(described, answers, strict=True):
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, answer, problem)
    for route in others:
        paths.setdefault(route.path, {}).setdefault(route.method.lower(), _plain(route, problem))
    return {
        "openapi": OPENAPI,
        "info": {"title": "Hatif", "version": version("hatif")},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, answer: Any, problem: Any) -> dict[str, Any]:
    scope = f" Scope: {endpoint.scope}." if endpoint.scope else ""
    asked = [
        {"name": one.name, "in": "query", "description": one.what, "schema": _schema(one.kind, one.format)}
        for one in endpoint.parameters
    ]
    good = "202" if endpoint.method == "DELETE" else "200"
    operation = {
        "summary": endpoint.summary,
        "description": f"{endpoint.summary}.{scope}",
        "parameters": [*_path_parameters(endpoint.path), *asked],
        "responses": {good: _response("as asked", answer), **_errors(problem)},
    }
    return operation | ({"security": [{"bearer": [endpoint.scope]}]} if endpoint.scope else {})


def _plain(route: web.RouteDef, problem: Any) -> dict[str, Any]:
    """A route that says nothing of its types."""
    said = (inspect.getdoc(route.handler) or route.path).splitlines()[0]
    return {
        "summary": said,
        "parameters": _path_parameters(route.path),
        "responses": {"200": {"description": "as asked"}, **_errors(problem)},
        "security": [{"bearer": []}],
    }


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _IN_PATH.findall(path)
    ]


def _schema(kind: str, form: str | None) -> dict[str, str]:
    return {"type": kind} | ({"format": form} if form else {})


def _errors(problem: Any) -> dict[str, Any]:
    return {status: _response(what, problem) for status, what in _ERRORS.items()}


def _response(what: str, schema: Any) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema}}}
