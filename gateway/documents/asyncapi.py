"""The AsyncAPI 3.0 description of what owners receive and say, of one installation."""

from typing import Any
from urllib.parse import urlsplit

from contracts import subjects
from gateway.bootstrap import Installation
from gateway.documents.asyncapi_messages import Messages
from gateway.documents.components import Components
from gateway.documents.deliveries import categories_of, delivered_version
from routing.broker.streams import Consumer, consumers, owner_consumer
from routing.routes_file import SEVERITIES

VERSION = "1"
_LOCAL = "127.0.0.1:4222"  # nats-server's own; the embedded one has another port at each start

_ABOUT = (
    "What Crossdock sends to the owners of exceptions, and what they answer, over NATS JetStream. It is "
    "written from Crossdock's side: it sends deliveries and receives verdicts. Each owner has a NATS account "
    "of its own, which sees its subjects alone. A delivery is handed out until there is a verdict on it. "
    "Schemas are those of a reader: further members may come, and further values where x-extensible-enum "
    "lists known ones."
)


def document(installation: Installation) -> dict[str, Any]:
    """Return the description: its owners, their categories by the routes, streams, contracts in force."""
    components = Components()
    messages = Messages(installation, components)
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    windows = {each.name: each for each in _owner_consumers(installation)}
    for owner in installation.owners:
        versions = {
            category: version
            for category in categories_of(installation, owner)
            if (version := delivered_version(installation, owner, category)) is not None
        }
        if not versions:
            continue
        sent = [messages.delivery(category, version, owner) for category, version in versions.items()]
        title = installation.owners[owner].title
        channels[f"deliveries-{owner}"] = _deliveries(owner, title, tuple(versions), sent, windows)
        channels[f"verdicts-{owner}"] = _verdicts(owner)
        operations[f"deliver-to-{owner}"] = _operation(
            "send", f"deliveries-{owner}", sent, f"Hand {owner} its deliveries, until each has a verdict"
        )
        operations[f"take-verdicts-of-{owner}"] = _operation(
            "receive", f"verdicts-{owner}", ["verdict"], f"Take {owner}'s word on an attempt"
        )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Crossdock", "version": VERSION, "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": {"broker": _server(installation)},
        "channels": channels,
        "operations": operations,
        "components": {
            "schemas": components.schemas,
            "messages": dict(sorted(messages.messages.items())),
            "securitySchemes": {
                "owner": {
                    "type": "userPassword",
                    "description": "The owner's own NATS user, in the file owner-<name>.json",
                }
            },
        },
    }


def _server(installation: Installation) -> dict[str, Any]:
    url = installation.settings.broker.url
    return {
        "host": urlsplit(url).netloc if url else _LOCAL,
        "protocol": "nats",
        "description": "The owner's credentials file has the address in force",
        "security": [{"$ref": "#/components/securitySchemes/owner"}],
    }


def _owner_consumers(installation: Installation) -> tuple[Consumer, ...]:
    return consumers(installation.settings.broker.streams, installation.owner_windows)


def _deliveries(
    owner: str, title: str, categories: tuple[str, ...], sent: list[str], windows: dict[str, Consumer]
) -> dict[str, Any]:
    consumer = windows[owner_consumer(owner)]
    return {
        "address": subjects.delivery(owner, "{category}", "{priority}"),
        "title": f"Deliveries for {owner}",
        "description": f"{title}. Pull them through the durable consumer {consumer.name}.",
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in sent},
        "parameters": {
            "category": {
                "description": "Which of the categories that the routes send here.",
                "enum": list(categories),
            },
            "priority": {
                "description": "From the severity that triage found; p1 is the most urgent.",
                "enum": [severity.lower() for severity in SEVERITIES],
            },
        },
        "x-consumer": {
            "stream": consumer.stream,
            "durable": consumer.name,
            "filter_subject": consumer.filter_subject,
            "ack_wait_seconds": consumer.ack_wait_seconds,
            "max_ack_pending": consumer.max_ack_pending,
            "max_deliver": consumer.max_deliver,
        },
    }


def _verdicts(owner: str) -> dict[str, Any]:
    return {
        "address": subjects.result(owner, "{delivery}"),
        "title": f"Verdicts of {owner}",
        "description": "Publish as a request: the answer is the broker's acknowledgement.",
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {"verdict": {"$ref": "#/components/messages/verdict"}},
        "parameters": {"delivery": {"description": "The delivery's id, as in Xd-Delivery."}},
        "x-stream": subjects.RESULTS_STREAM,
    }


def _operation(action: str, channel: str, messages: list[str], summary: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }
