-- Units, people who may sign in, what they may do, and approvals.

-- The tree of units has one top, which is there from the start: its name and
-- all below it are the organisation's own.
CREATE TABLE unit (
    id        TEXT PRIMARY KEY,
    parent    TEXT NOT NULL, -- '' for the top
    title     TEXT NOT NULL CHECK (title <> ''),
    kind      TEXT NOT NULL CHECK (kind IN ('city', 'administration', 'company', 'object')),
    four_eyes INTEGER NOT NULL CHECK (four_eyes IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX unit_top ON unit (parent) WHERE parent = '';
CREATE UNIQUE INDEX unit_title ON unit (parent, title);

INSERT INTO unit (id, parent, title, kind, four_eyes) VALUES ('top', '', 'Organisationen', 'city', 0);

-- A system's unit was a name; it becomes the id of a unit of that name.
INSERT INTO unit (id, parent, title, kind, four_eyes)
SELECT lower(hex(randomblob(6))), 'top', name, 'administration', 0
FROM (SELECT DISTINCT CASE unit WHEN '' THEN 'Namnlös enhet' ELSE unit END AS name FROM system);

UPDATE system SET unit = (SELECT id FROM unit WHERE parent = 'top' AND title = CASE system.unit WHEN '' THEN 'Namnlös enhet' ELSE system.unit END);

ALTER TABLE system ADD COLUMN managed_by TEXT NOT NULL DEFAULT ''; -- another unit that looks after it

-- How a person signs in. The name is in person, where it can be erased.
CREATE TABLE account (
    person_id     TEXT PRIMARY KEY REFERENCES person (id),
    login         TEXT UNIQUE,   -- of a local account, in lower case
    password      TEXT NOT NULL, -- a PHC string, '' until one is chosen
    issuer        TEXT,
    subject       TEXT,
    created_at    TEXT NOT NULL,
    disabled_at   TEXT NOT NULL, -- '' when the person may sign in
    sessions_from TEXT NOT NULL, -- sessions begun before this are over
    failures      INTEGER NOT NULL,
    blocked_until TEXT NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;

CREATE TABLE role_grant (
    person_id TEXT NOT NULL REFERENCES person (id),
    unit_id   TEXT NOT NULL REFERENCES unit (id),
    role      TEXT NOT NULL CHECK (role <> ''),
    claim     TEXT NOT NULL, -- the provider's group that gave it, '' when assigned
    PRIMARY KEY (person_id, unit_id, role, claim)
) STRICT;

CREATE TABLE claim_grant (
    claim   TEXT NOT NULL CHECK (claim <> ''),
    unit_id TEXT NOT NULL REFERENCES unit (id),
    role    TEXT NOT NULL CHECK (role <> ''),
    PRIMARY KEY (claim, unit_id, role)
) STRICT;

-- A link that lets somebody in for the first time, or anew. Only its hash is here.
CREATE TABLE invitation (
    hash       TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL UNIQUE REFERENCES person (id),
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE session (
    token      TEXT PRIMARY KEY, -- a hash of the cookie's
    data       BLOB NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE approval (
    classification_id TEXT NOT NULL REFERENCES classification (id),
    revision          INTEGER NOT NULL CHECK (revision >= 1),
    decision          TEXT NOT NULL, -- JSON
    proposed_at       TEXT NOT NULL,
    proposed_by       TEXT NOT NULL REFERENCES person (id),
    approved_at       TEXT NOT NULL, -- '' while it waits
    approved_by       TEXT NOT NULL,
    reopened_at       TEXT NOT NULL, -- '' while it stands
    reopened_by       TEXT NOT NULL,
    reason            TEXT NOT NULL,
    snapshot          TEXT NOT NULL,
    hash              TEXT NOT NULL,
    PRIMARY KEY (classification_id, revision)
) STRICT;

-- What has been approved stays as it was.
CREATE TRIGGER approval_frozen BEFORE UPDATE OF classification_id, revision, decision, proposed_at, proposed_by, snapshot, hash ON approval BEGIN
    SELECT RAISE(ABORT, 'a snapshot is never changed');
END;

CREATE TRIGGER approval_stays BEFORE DELETE ON approval WHEN OLD.approved_at <> '' BEGIN
    SELECT RAISE(ABORT, 'an approved revision is never removed');
END;

CREATE INDEX event_actor ON event (actor, seq);
CREATE INDEX event_key ON event (key, seq) WHERE key <> '';
CREATE INDEX event_batch ON event (batch);
