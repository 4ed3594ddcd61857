"""The registry's endpoints."""

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from gateway.http.registry.contracts import Asked, Contracts
from gateway.settings import HttpSettings


def contract_handlers(contracts: Contracts, settings: HttpSettings) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    return [*_of_contracts(contracts, settings), *_of_versions(contracts, settings)]


def _of_contracts(contracts: Contracts, settings: HttpSettings) -> list[HTTPRouteHandler]:
    @get("/contracts")
    async def show_all(request: Asked) -> Response[bytes]:
        return await contracts.show_all(request)

    @get("/contracts/{name:str}")
    async def show(request: Asked, name: FromPath[str]) -> Response[bytes]:
        return await contracts.show(request, name)

    @get("/contracts/{name:str}/diff")
    async def diff(request: Asked, name: FromPath[str]) -> Response[bytes]:
        return await contracts.diff(request, name)

    @get("/contracts/{name:str}/usage")
    async def usage(request: Asked, name: FromPath[str]) -> Response[bytes]:
        return await contracts.usage(request, name)

    @post("/contracts/{name:str}/check", request_max_body_size=settings.check_limit_bytes)
    async def check(request: Asked, name: FromPath[str]) -> Response[bytes]:
        return await contracts.check(request, name)

    return [show_all, show, diff, usage, check]


def _of_versions(contracts: Contracts, settings: HttpSettings) -> list[HTTPRouteHandler]:
    @get("/contracts/{name:str}/{version:str}")
    async def show_version(request: Asked, name: FromPath[str], version: FromPath[str]) -> Response[bytes]:
        return await contracts.show_version(request, name, version)

    @get("/contracts/{name:str}/{version:str}/writer")
    async def show_writer(request: Asked, name: FromPath[str], version: FromPath[str]) -> Response[bytes]:
        return await contracts.show_view(request, name, version, "writer")

    @get("/contracts/{name:str}/{version:str}/reader")
    async def show_reader(request: Asked, name: FromPath[str], version: FromPath[str]) -> Response[bytes]:
        return await contracts.show_view(request, name, version, "reader")

    @get("/contracts/{name:str}/{version:str}/examples")
    async def show_examples(request: Asked, name: FromPath[str], version: FromPath[str]) -> Response[bytes]:
        return await contracts.show_examples(request, name, version)

    @post("/contracts/{name:str}/{version:str}/validate", request_max_body_size=settings.body_limit_bytes)
    async def validate(request: Asked, name: FromPath[str], version: FromPath[str]) -> Response[bytes]:
        return await contracts.validate(request, name, version)

    return [show_version, show_writer, show_reader, show_examples, validate]
