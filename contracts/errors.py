"""Every way an event can fail, and what becomes of it.

EventError
├── SenderError                  reject: the same bytes will always fail, and only the sender can mend it
│   ├── RequestUnreadable        request.unreadable
│   ├── RequestStalled           request.stalled
│   ├── RequestTooLarge          request.too-large
│   ├── MediaTypeUnsupported     request.media-type
│   ├── RequestConflict          request.conflict
│   ├── RequestInvalid           request.invalid
│   ├── NotFound                 request.not-found
│   ├── NotAuthenticated         auth.missing | auth.invalid | auth.expired | auth.signature
│   ├── NotAuthorised            auth.forbidden
│   ├── ContractUnknown          contract.unknown
│   ├── ContractViolated         contract.violated
│   └── ContractRetired          contract.retired
├── OwnerError                   dead_letter: the owner is told
│   ├── OwnerRejected            owner.rejected
│   └── DeliveryExpired          delivery.expired
├── OurError                     dead_letter: a person of ours must act
│   ├── Unmapped                 adapter.unmapped
│   ├── NoRoute                  route.none
│   ├── NoPath                   contract.no_path
│   ├── RetriesExhausted         retries.exhausted
│   ├── WorkerCrashLoop          worker.crash_loop
│   └── InternalFault            internal.fault
└── TryLater                     try_later: nothing is lost and nobody must act
    ├── BrokerFull               broker.full
    ├── BrokerUnavailable        broker.unavailable
    ├── KeysUnavailable          auth.unavailable
    └── TooManyRequests          request.too-many
"""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct


class Disposition(StrEnum):
    """What becomes of an event that met an error."""

    REJECT = "reject"
    DEAD_LETTER = "dead_letter"
    TRY_LATER = "try_later"


class Violation(Struct, frozen=True, kw_only=True):
    """One place of a document that breaks its contract.

    `pointer` is a JSON Pointer (RFC 6901) into the decoded document, `path` the same place in the words of
    the wire format (an element path for XML), `keyword` the keyword of the schema that failed.
    """

    pointer: str
    path: str
    keyword: str
    detail: str


class EventError(Exception):
    """The root: `code` is from the closed list above, `detail` names the place and what was expected."""

    code: ClassVar[str]
    disposition: ClassVar[Disposition]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class SenderError(EventError):
    """Only the sender can mend it."""

    disposition = Disposition.REJECT


class RequestUnreadable(SenderError):
    """The bytes are not what they say they are: syntax, encoding, depth."""

    code = "request.unreadable"


class RequestStalled(SenderError):
    """The body did not come in time. The same request may succeed."""

    code = "request.stalled"


class RequestTooLarge(SenderError):
    """A body, an item or their number is over its limit."""

    code = "request.too-large"


class MediaTypeUnsupported(SenderError):
    """A media type or content encoding that the endpoint doesn't take."""

    code = "request.media-type"


class RequestConflict(SenderError):
    """The same source event id came before with another document."""

    code = "request.conflict"


class RequestInvalid(SenderError):
    """A header, a parameter or an id that can't be used, or the wrong endpoint for this body."""

    code = "request.invalid"


class NotFound(SenderError):
    """Nothing is there by this name or id, or nothing that this client may see."""

    code = "request.not-found"


class NotAuthenticated(SenderError):
    """Who sent this is not proven."""

    code = "auth.invalid"


class CredentialsMissing(NotAuthenticated):
    """Neither a token nor a signature came."""

    code = "auth.missing"


class TokenExpired(NotAuthenticated):
    """The token's time is over, or has not begun."""

    code = "auth.expired"


class SignatureWrong(NotAuthenticated):
    """The vendor's signature does not fit the body."""

    code = "auth.signature"


class NotAuthorised(SenderError):
    """The sender is known, but this source or this call is not its own."""

    code = "auth.forbidden"


class ContractUnknown(SenderError):
    """No adapter reads this, or no such contract or version is published."""

    code = "contract.unknown"


class ContractViolated(SenderError):
    """The document breaks its contract (`name@x.y.z`) at the places that `violations` name."""

    code = "contract.violated"

    def __init__(self, detail: str, violations: tuple[Violation, ...] = (), contract: str = "") -> None:
        super().__init__(detail)
        self.violations = violations
        self.contract = contract


class ContractRetired(SenderError):
    """This version is past its sunset."""

    code = "contract.retired"


class OwnerError(EventError):
    """The owner did not take the delivery."""

    disposition = Disposition.DEAD_LETTER


class OwnerRejected(OwnerError):
    """The owner's verdict is that it will never take this delivery."""

    code = "owner.rejected"


class DeliveryExpired(OwnerError):
    """The category's age limit passed before the owner took it."""

    code = "delivery.expired"


class OurError(EventError):
    """Only we can mend it."""

    disposition = Disposition.DEAD_LETTER


class Unmapped(OurError):
    """The document keeps its contract, yet the adapter can't say what it means."""

    code = "adapter.unmapped"


class NoRoute(OurError):
    """No row of the route table matches."""

    code = "route.none"


class NoPath(OurError):
    """No version path leads to the major that the owner reads."""

    code = "contract.no_path"


class RetriesExhausted(OurError):
    """The last rung of the retry ladder failed too."""

    code = "retries.exhausted"


class WorkerCrashLoop(OurError):
    """The delivery kills the worker that takes it."""

    code = "worker.crash_loop"


class InternalFault(OurError):
    """Something of ours raised what it never should; the bytes are kept."""

    code = "internal.fault"


class TryLater(EventError):
    """Nothing is lost: the sender, or the loop, sends again."""

    disposition = Disposition.TRY_LATER

    def __init__(self, detail: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class BrokerFull(TryLater):
    """The stream has no room left."""

    code = "broker.full"


class BrokerUnavailable(TryLater):
    """The broker did not acknowledge in time."""

    code = "broker.unavailable"


class KeysUnavailable(TryLater):
    """The issuer's keys can't be read, so no token can be judged."""

    code = "auth.unavailable"


class TooManyRequests(TryLater):
    """More requests are in flight than the gateway takes at once."""

    code = "request.too-many"
