"""The interface for programs as an OpenAPI 3.1 document, made of the very types that the answers are.

https://spec.openapis.org/oas/v3.1.0. What providers ask is not in it: they have documents of their own, and
so has our own protocol (docs/generic-protocol.md).
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec
from aiohttp import web

from bridge.web.endpoints import JSON, Endpoint, Parameter
from bridge.web.refusals import Problem

__all__ = ["DOCUMENT_PATH", "Document"]

DOCUMENT_PATH = "/openapi.json"
OPENAPI = "3.1.0"
REFS = "#/components/schemas/{name}"

_WRONG = {
    400: "a parameter is not what it must be",
    401: "no credential, or none that is good",
    403: "the credential lacks the scope",
    404: "nothing of that name, or another tenant's",
    429: "too many requests",
    503: "the daemon is starting, or its database cannot be read or written",
}
_IN_PATH = re.compile(r"{(\w+)}")


class Document:
    """The document, made once."""

    def __init__(self, described: Sequence[Endpoint]) -> None:
        self._body = msgspec.json.encode(_document(described))

    def route(self) -> web.RouteDef:
        """For the server."""
        return web.get(DOCUMENT_PATH, self.show)

    async def show(self, _request: web.Request) -> web.Response:
        """The document."""
        return web.Response(body=self._body, content_type="application/json")


def _document(described: Sequence[Endpoint]) -> dict[str, Any]:
    types = {kind: None for one in described for kind in (one.answer, *one.others.values())} | {Problem: None}
    found, components = msgspec.json.schema_components(types, ref_template=REFS)
    schemas = dict(zip(types, found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in described:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": OPENAPI,
        "info": {"title": "Hatif", "version": version("hatif")},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    scope = f" Scope: {endpoint.scope}." if endpoint.scope else ""
    wrong: dict[int, Any] = {**dict.fromkeys(_wrong(endpoint), Problem), **endpoint.others}
    responses = {
        str(status): _response(_WRONG.get(status, HTTPStatus(status).phrase), schemas[kind])
        for status, kind in sorted(wrong.items())
    }
    responses[str(endpoint.status)] = _response("as asked", schemas[endpoint.answer], endpoint.content_type)
    operation = {
        "summary": endpoint.summary,
        "description": f"{endpoint.summary}.{scope}",
        "parameters": [*_path_parameters(endpoint.path), *map(_parameter, endpoint.parameters)],
        "responses": responses,
    }
    return operation | ({"security": [{"bearer": [endpoint.scope]}]} if endpoint.scope else {})


def _wrong(endpoint: Endpoint) -> set[int]:
    """What may go wrong where nothing else is said."""
    wrong = {429}
    wrong |= {400} if endpoint.parameters else set()
    wrong |= {401, 403, 503} if endpoint.scope else set()
    return wrong | ({404} if _IN_PATH.search(endpoint.path) else set())


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _IN_PATH.findall(path)
    ]


def _parameter(one: Parameter) -> dict[str, Any]:
    schema = one.schema or {"type": "string"}
    return {"name": one.name, "in": one.place, "description": one.what, "schema": schema}


def _response(what: str, schema: Any, content_type: str = JSON) -> dict[str, Any]:
    return {"description": what, "content": {content_type: {"schema": schema}}}
