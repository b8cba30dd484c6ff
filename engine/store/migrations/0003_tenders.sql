-- Versions of the kravbilaga that have been sent out, and the tenders that come
-- back: the files as they were received, what was read from them, and what the
-- buyer's assessors find.

CREATE TABLE publication (
    classification_id TEXT NOT NULL REFERENCES classification (id),
    number            INTEGER NOT NULL CHECK (number >= 1),
    published_at      TEXT NOT NULL,
    published_by      TEXT NOT NULL REFERENCES person (id),
    procurement       TEXT NOT NULL, -- JSON
    note              TEXT NOT NULL,
    content           TEXT NOT NULL, -- its rows, JSON
    export_id         TEXT NOT NULL,
    sha256            TEXT NOT NULL,
    file              BLOB NOT NULL,
    PRIMARY KEY (classification_id, number)
) STRICT;

CREATE TRIGGER publication_stays BEFORE DELETE ON publication BEGIN
    SELECT RAISE(ABORT, 'what has been sent out is never removed');
END;

CREATE TRIGGER publication_frozen BEFORE UPDATE ON publication BEGIN
    SELECT RAISE(ABORT, 'what has been sent out is never changed');
END;

CREATE TABLE tender (
    id                TEXT PRIMARY KEY,
    classification_id TEXT NOT NULL REFERENCES classification (id),
    tenderer          TEXT NOT NULL CHECK (tenderer <> ''),
    received_at       TEXT NOT NULL,
    received_by       TEXT NOT NULL REFERENCES person (id),
    version           INTEGER NOT NULL CHECK (version >= 0), -- how often answers have been read in
    publication       INTEGER NOT NULL, -- the version of the kravbilaga answered; 0 until then
    claims            TEXT NOT NULL, -- JSON
    UNIQUE (classification_id, tenderer)
) STRICT;

CREATE TABLE tender_file (
    tender_id   TEXT NOT NULL REFERENCES tender (id),
    number      INTEGER NOT NULL CHECK (number >= 1),
    name        TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    received_at TEXT NOT NULL,
    received_by TEXT NOT NULL REFERENCES person (id),
    refused     TEXT NOT NULL, -- why nothing could be read, '' when something could
    content     BLOB NOT NULL,
    PRIMARY KEY (tender_id, number)
) STRICT;

CREATE TRIGGER tender_file_frozen BEFORE UPDATE ON tender_file BEGIN
    SELECT RAISE(ABORT, 'a file is kept as it was received');
END;

CREATE TABLE judgment (
    tender_id TEXT NOT NULL REFERENCES tender (id),
    row_id    TEXT NOT NULL,
    answer    TEXT NOT NULL CHECK (answer IN ('', 'yes', 'partly', 'no')),
    note      TEXT NOT NULL,
    version   INTEGER NOT NULL CHECK (version >= 1),
    saved_at  TEXT NOT NULL,
    saved_by  TEXT NOT NULL REFERENCES person (id),
    PRIMARY KEY (tender_id, row_id)
) STRICT;

CREATE TABLE award (
    classification_id TEXT PRIMARY KEY REFERENCES classification (id),
    tender_id         TEXT NOT NULL REFERENCES tender (id),
    reason            TEXT NOT NULL,
    awarded_at        TEXT NOT NULL,
    awarded_by        TEXT NOT NULL REFERENCES person (id)
) STRICT;
