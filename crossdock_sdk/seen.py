"""Remembers which deliveries are done, so that a repeat after a crash has no second effect."""

import sqlite3
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

DAY_SECONDS = 86_400
IN_MEMORY = ":memory:"


class Seen:
    """The ids of deliveries that were done, in a SQLite file; without a path, in memory alone.

    It closes the gap between a handler's end and its verdict. The gap between a handler's own effect and its
    end is the handler's: where the effect is a row of a database, keep `delivery.id` in the same transaction.

    Ids are forgotten after `keep_days`, which should be longer than a dead letter may still be replayed. One
    file may be shared by several processes.
    """

    def __init__(self, path: Path | str = IN_MEMORY, *, keep_days: float = 90) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(str(path), timeout=10, isolation_level=None, check_same_thread=False)
        with self._lock:
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS done (delivery TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID"
            )
            self._database.execute("DELETE FROM done WHERE at < ?", (time.time() - keep_days * DAY_SECONDS,))

    def __contains__(self, delivery_id: str) -> bool:
        with self._lock:
            found = self._database.execute("SELECT 1 FROM done WHERE delivery = ?", (delivery_id,)).fetchone()
        return found is not None

    def add(self, delivery_id: str) -> None:
        """Remember a delivery; durable when this returns. Raises: sqlite3.Error."""
        with self._lock:
            self._database.execute("INSERT OR IGNORE INTO done VALUES (?, ?)", (delivery_id, time.time()))

    def close(self) -> None:
        """Close the file. Doing so twice does no harm."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
