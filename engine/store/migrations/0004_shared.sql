-- What a unit keeps for all systems of its own and below: agreements, and how
-- it meets a requirement. Kept as answers are: a key, a value and a version.

CREATE TABLE shared (
    key      TEXT PRIMARY KEY CHECK (key <> ''),
    unit_id  TEXT NOT NULL REFERENCES unit (id),
    value    TEXT NOT NULL, -- compact JSON
    version  INTEGER NOT NULL CHECK (version >= 1),
    saved_at TEXT NOT NULL,
    saved_by TEXT NOT NULL REFERENCES person (id)
) STRICT;

CREATE INDEX shared_unit ON shared (unit_id);
