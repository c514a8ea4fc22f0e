"""The tables. A change of them is one more entry of `MIGRATIONS`; no entry is ever edited once it was released."""

from __future__ import annotations

# `PRAGMA application_id` of our databases: "sntf".
APPLICATION_ID = 0x736E7466

# A text that belongs to an identity is '' where the identity has none, so that UNIQUE compares it.
_FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    # One row. `changes` counts what happened to the view's contents, `written` is its value in the last completed
    # view, `number` counts completed views. A mark or peer was shown by one of them if its `since` is not above that.
    """CREATE TABLE view (
        id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL DEFAULT 0, changes INTEGER NOT NULL DEFAULT 1,
        written INTEGER NOT NULL DEFAULT 0, last TEXT NOT NULL DEFAULT '', intended TEXT NOT NULL DEFAULT '',
        unreadable TEXT NOT NULL DEFAULT '', showed_peers INTEGER NOT NULL DEFAULT 0,
        rest TEXT NOT NULL DEFAULT '{}')""",
    "INSERT INTO view (id) VALUES (1)",
    # What events are about. `type` is 'submission', 'message', 'peer' or 'unproven peer'; the last three have only a
    # name. `claimed` is the account that an unproven submission names, and of a message the account of its sender.
    """CREATE TABLE subjects (
        id INTEGER PRIMARY KEY, type TEXT NOT NULL, folder TEXT NOT NULL, name TEXT NOT NULL, mark TEXT NOT NULL,
        sender TEXT NOT NULL, claimed TEXT NOT NULL DEFAULT '', gone_since TEXT,
        UNIQUE (name, mark, folder, sender, type))""",
    # Who sent a message with this job and mark; '' where Drive does not say. It survives the events.
    """CREATE TABLE proofs (
        name TEXT NOT NULL, mark TEXT NOT NULL, folder TEXT NOT NULL, sender TEXT NOT NULL, file TEXT NOT NULL,
        PRIMARY KEY (name, mark, folder, sender, file)) WITHOUT ROWID""",
    # `code` is a digest of the code in the message that told it; `unidentified_since` is when a message was sent whose
    # job is not known yet; `reopened`: a person wants to be told again.
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY, subject INTEGER NOT NULL REFERENCES subjects ON DELETE CASCADE, kind TEXT NOT NULL,
        run TEXT NOT NULL, at TEXT NOT NULL, decision TEXT NOT NULL, file TEXT NOT NULL, code TEXT NOT NULL,
        unidentified_since TEXT, reopened INTEGER NOT NULL DEFAULT 0, UNIQUE (subject, kind, run))""",
    "CREATE INDEX unidentified ON events (id) WHERE unidentified_since IS NOT NULL",
    # The entries of `notified_jobs`, each with the event that claims it; event 0 is another program's, which `holds`
    # the first such notification back.
    """CREATE TABLE notified (
        event INTEGER NOT NULL, view_key TEXT NOT NULL, type TEXT NOT NULL, since INTEGER NOT NULL,
        holds INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (event, view_key, type)) WITHOUT ROWID""",
    "CREATE INDEX held ON notified (type) WHERE holds",
    """CREATE TABLE peers (
        address TEXT PRIMARY KEY, account TEXT NOT NULL, since INTEGER NOT NULL, holds INTEGER NOT NULL DEFAULT 0)
        WITHOUT ROWID""",
    # `place` orders. A notification that a digest stands for names it. `payload` is the notification as JSON.
    """CREATE TABLE outbox (
        id TEXT PRIMARY KEY, place INTEGER NOT NULL, event INTEGER REFERENCES events ON DELETE CASCADE,
        subject INTEGER, digest TEXT REFERENCES outbox ON DELETE CASCADE, channel TEXT NOT NULL,
        recipient TEXT NOT NULL, role TEXT NOT NULL, kind TEXT NOT NULL, template TEXT NOT NULL, cause TEXT NOT NULL,
        view_key TEXT NOT NULL, type TEXT NOT NULL, admitted_at TEXT NOT NULL, state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, in_flight INTEGER NOT NULL DEFAULT 0, pause_since TEXT, pause_until TEXT,
        last_fault TEXT NOT NULL DEFAULT '', payload BLOB NOT NULL)""",
    "CREATE INDEX outbox_place ON outbox (place)",
    "CREATE INDEX outbox_event ON outbox (event)",
    "CREATE INDEX outbox_digest ON outbox (digest) WHERE digest IS NOT NULL",
    "CREATE INDEX outbox_in_flight ON outbox (id) WHERE in_flight",
    "CREATE TABLE code (event INTEGER PRIMARY KEY REFERENCES events ON DELETE CASCADE, preview BLOB NOT NULL)",
    """CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, channel TEXT NOT NULL, recipient TEXT NOT NULL, kind TEXT NOT NULL,
        role TEXT NOT NULL, cause TEXT NOT NULL, notification TEXT NOT NULL, marks TEXT NOT NULL,
        ambiguous INTEGER NOT NULL, message_id TEXT NOT NULL, thread_id TEXT NOT NULL)""",
    "CREATE INDEX deliveries_at ON deliveries (at)",
    """CREATE TABLE conversations (
        subject INTEGER NOT NULL REFERENCES subjects ON DELETE CASCADE, recipient TEXT NOT NULL,
        root_id TEXT NOT NULL, remote_id TEXT NOT NULL, PRIMARY KEY (subject, recipient)) WITHOUT ROWID""",
    "CREATE TABLE files (id TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE first_looks (part TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE channel_pauses (channel TEXT PRIMARY KEY, since TEXT NOT NULL, until TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE mutes (account TEXT PRIMARY KEY, address TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID",
    # Whom the owner rejected, as far as the last look knew.
    "CREATE TABLE rejected (account TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE consents (token TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, since TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TRIGGER event_gone AFTER DELETE ON events BEGIN
        DELETE FROM notified WHERE event = old.id; END""",
    """CREATE TRIGGER notification_gone AFTER DELETE ON outbox BEGIN
        DELETE FROM code WHERE event = old.event AND NOT EXISTS (SELECT 1 FROM outbox WHERE event = old.event);
        DELETE FROM outbox WHERE id = old.digest AND NOT EXISTS (SELECT 1 FROM outbox WHERE digest = old.digest);
        END""",
    "CREATE TRIGGER mark_added AFTER INSERT ON notified BEGIN UPDATE view SET changes = changes + 1; END",
    "CREATE TRIGGER mark_removed AFTER DELETE ON notified BEGIN UPDATE view SET changes = changes + 1; END",
    "CREATE TRIGGER peer_added AFTER INSERT ON peers BEGIN UPDATE view SET changes = changes + 1; END",
    "CREATE TRIGGER peer_removed AFTER DELETE ON peers BEGIN UPDATE view SET changes = changes + 1; END",
    "CREATE TRIGGER look_began AFTER INSERT ON first_looks BEGIN UPDATE view SET changes = changes + 1; END",
)

# Schema n is made by the first n entries, one transaction each.
MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
