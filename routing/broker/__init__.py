"""NATS JetStream: streams and permissions as data, publishing, pulling and reading."""
