-- The first schema. A migration that has been released is never edited: its
-- checksum is kept in every database. The DDL is SQLite's own (STRICT,
-- triggers); the queries in the Go files are written for PostgreSQL as well.

PRAGMA application_id = 1265792619; -- "Krvk": see appID in sqlite.go

CREATE TABLE migration (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    checksum   TEXT NOT NULL,
    applied_at TEXT NOT NULL
) STRICT;

-- Names are here and nowhere else, so that they can be erased.
CREATE TABLE person (
    id   TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE catalog (
    hash     TEXT PRIMARY KEY,
    added_at TEXT NOT NULL
) STRICT;

CREATE TABLE catalog_file (
    hash    TEXT NOT NULL REFERENCES catalog (hash),
    path    TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (hash, path)
) STRICT;

CREATE TABLE system (
    id          TEXT PRIMARY KEY,
    title       TEXT NOT NULL,
    description TEXT NOT NULL,
    unit        TEXT NOT NULL,
    members     INTEGER NOT NULL CHECK (members >= 0),
    created_at  TEXT NOT NULL,
    created_by  TEXT NOT NULL REFERENCES person (id)
) STRICT;

-- The reference to catalog is what keeps every catalogue in use.
CREATE TABLE classification (
    id           TEXT PRIMARY KEY,
    system_id    TEXT NOT NULL REFERENCES system (id),
    type         TEXT NOT NULL CHECK (type IN ('A', 'B')),
    catalog_hash TEXT NOT NULL REFERENCES catalog (hash),
    created_at   TEXT NOT NULL,
    created_by   TEXT NOT NULL REFERENCES person (id)
) STRICT;

CREATE INDEX classification_system ON classification (system_id);

CREATE TABLE answer (
    classification_id TEXT NOT NULL REFERENCES classification (id),
    key               TEXT NOT NULL CHECK (key <> ''),
    value             TEXT NOT NULL, -- compact JSON
    version           INTEGER NOT NULL CHECK (version >= 1),
    saved_at          TEXT NOT NULL,
    saved_by          TEXT NOT NULL REFERENCES person (id),
    PRIMARY KEY (classification_id, key)
) STRICT;

-- What has been sent under an idempotency key: a keyed digest of the content
-- and the outcome without values, so nothing here tells what was answered.
CREATE TABLE batch (
    classification_id TEXT NOT NULL REFERENCES classification (id),
    idempotency_key   TEXT NOT NULL,
    salt              TEXT NOT NULL,
    digest            TEXT NOT NULL,
    outcome           TEXT NOT NULL,
    PRIMARY KEY (classification_id, idempotency_key)
) STRICT;

-- The journal. It refers to nothing with a foreign key: it stands on its own.
CREATE TABLE event (
    seq               INTEGER PRIMARY KEY,
    at                TEXT NOT NULL,
    actor             TEXT NOT NULL, -- an id, never a name
    action            TEXT NOT NULL,
    system_id         TEXT NOT NULL,
    classification_id TEXT NOT NULL, -- '' when the event is about a system
    key               TEXT NOT NULL, -- '' when the event is not about an answer
    before_hash       TEXT NOT NULL, -- '' when there was nothing before
    after_hash        TEXT NOT NULL,
    batch             TEXT NOT NULL, -- the same for everything done at once
    previous          TEXT NOT NULL, -- hash of the line before, '' for the first
    hash              TEXT NOT NULL
) STRICT;

CREATE INDEX event_classification ON event (classification_id, seq);

-- What the events were about. Deleting a row erases the content for good: the
-- salt goes with it, so the hashes left in the journal cannot be guessed back.
CREATE TABLE payload (
    seq          INTEGER PRIMARY KEY REFERENCES event (seq),
    salt         TEXT NOT NULL,
    value_before TEXT,
    value_after  TEXT
) STRICT;

CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- INSERT OR REPLACE walks around the trigger above on a connection without
-- recursive_triggers; this one it cannot pass.
CREATE TRIGGER event_only_last BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE seq >= NEW.seq) BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
