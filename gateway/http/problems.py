"""Problem details (RFC 9457): one row for each error code, one body for every answer that is no success."""

from http import HTTPStatus
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from contracts.errors import ContractViolated, EventError, InternalFault, TryLater, Violation
from contracts.headers import one_line

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "https://crossdock.example/problems/"
REALM = 'Bearer realm="crossdock"'


class Row(NamedTuple):
    """What an error code looks like from outside."""

    status: int
    title: str


# every code has its row, also those that no answer carries today
TABLE: dict[str, Row] = {
    "request.unreadable": Row(400, "The body can't be read"),
    "request.stalled": Row(408, "The body did not come in time"),
    "request.invalid": Row(422, "The request can't be used"),
    "request.not-found": Row(404, "There is nothing here"),
    "request.conflict": Row(409, "This id came before with another document"),
    "request.too-large": Row(413, "The request is too large"),
    "request.media-type": Row(415, "This encoding is not taken"),
    "request.too-many": Row(429, "Too many requests at once"),
    "auth.missing": Row(401, "Who sends this is not said"),
    "auth.invalid": Row(401, "The token is not valid"),
    "auth.expired": Row(401, "The token is not valid now"),
    "auth.signature": Row(401, "The signature does not fit the body"),
    "auth.forbidden": Row(403, "This is not yours"),
    "auth.unavailable": Row(503, "Tokens can't be judged at the moment"),
    "contract.unknown": Row(415, "No contract for this"),
    "contract.violated": Row(422, "The document breaks its contract"),
    "contract.retired": Row(410, "This version takes no events any more"),
    "broker.full": Row(503, "There is no room at the moment"),
    "broker.unavailable": Row(503, "This can't be kept at the moment"),
    "owner.rejected": Row(409, "The owner refused the delivery"),
    "delivery.expired": Row(409, "The delivery's time is over"),
    "adapter.unmapped": Row(500, "The document can't be understood"),
    "route.none": Row(500, "No route fits"),
    "contract.no_path": Row(500, "No path leads to the owner's version"),
    "retries.exhausted": Row(500, "The last retry failed"),
    "worker.crash_loop": Row(500, "The delivery kills its worker"),
    "internal.fault": Row(500, "Something of ours is broken"),
}
_CODES_BY_STATUS = {
    400: "request.invalid",
    401: "auth.invalid",
    403: "auth.forbidden",
    404: "request.not-found",
    405: "request.invalid",
    413: "request.too-large",
    415: "request.media-type",
    429: "request.too-many",
    503: "broker.unavailable",
}


class Problem(Struct, frozen=True, kw_only=True):
    """RFC 9457, with `code`; for contracts with `contract`, `version` and `errors`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    contract: str | UnsetType = UNSET
    version: str | UnsetType = UNSET
    errors: tuple[Violation, ...] | UnsetType = UNSET


def problem_of(error: EventError, instance: str, *, status: int | None = None) -> Problem:
    """Return what the sender is told of `error`; `status` only where it differs from the code's own."""
    row = TABLE[error.code]
    problem = Problem(
        type=TYPE_BASE + error.code,
        title=row.title,
        status=status or row.status,
        code=error.code,
        detail=told(error),
        instance=_readable(instance),
    )
    if not isinstance(error, ContractViolated):
        return problem
    contract, _, version = error.contract.partition("@")
    return structs.replace(problem, contract=contract, version=version, errors=error.violations)


def problem_of_status(status: HTTPStatus, detail: str, instance: str) -> Problem:
    """Return the problem for what the web framework refused by itself."""
    otherwise = "internal.fault" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "request.invalid"
    code = _CODES_BY_STATUS.get(status, otherwise)
    return Problem(
        type=TYPE_BASE + code,
        title=status.phrase,
        status=status,
        code=code,
        detail=_readable(detail),
        instance=_readable(instance),
    )


def headers_of(error: EventError) -> list[tuple[str, str]]:
    """Return the headers that go with an error: Retry-After, WWW-Authenticate (RFC 6750)."""
    if isinstance(error, TryLater):
        return [("retry-after", str(error.retry_after_seconds))]
    if isinstance(error, InternalFault):
        return [("retry-after", "5")]
    if error.code == "auth.missing":
        return [("www-authenticate", REALM)]
    if error.code in {"auth.invalid", "auth.expired"}:
        said = one_line(error.detail, 120).replace('"', "'").replace("\\", "/")
        return [("www-authenticate", f'{REALM}, error="invalid_token", error_description="{said}"')]
    if error.code == "auth.signature":
        return [("www-authenticate", REALM)]
    if error.code == "auth.forbidden":
        return [("www-authenticate", f'{REALM}, error="insufficient_scope"')]
    return []


def told(error: EventError) -> str:
    """Return the sentence for the sender; what is broken of ours is said in the log alone."""
    return "this is ours to mend" if isinstance(error, InternalFault) else _readable(error.detail)


def encoded(problem: Problem) -> bytes:
    """Return the body."""
    return msgspec.json.encode(problem)


def _readable(text: str) -> str:
    # a path or a detail can hold half surrogates, which have no encoding
    return text.encode("utf-8", "replace").decode("utf-8")
