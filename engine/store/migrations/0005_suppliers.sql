-- Which of a tender's files its answers were read from last, and the links by
-- which suppliers answer on a page of their own.

ALTER TABLE tender ADD COLUMN file INTEGER NOT NULL DEFAULT 0; -- its number; 0 when no file was, or nobody knows which

-- Where only one file could be read, that was the one.
UPDATE tender SET file = (SELECT number FROM tender_file f WHERE f.tender_id = tender.id AND f.refused = '')
    WHERE version > 0 AND (SELECT count(*) FROM tender_file f WHERE f.tender_id = tender.id AND f.refused = '') = 1;

CREATE TABLE supplier_link (
    classification_id TEXT NOT NULL,
    publication       INTEGER NOT NULL, -- the round that it is for
    hash              TEXT NOT NULL UNIQUE, -- of the link's own word
    contact           TEXT NOT NULL, -- whom the supplier can ask
    made_at           TEXT NOT NULL,
    made_by           TEXT NOT NULL REFERENCES person (id),
    expires_at        TEXT NOT NULL,
    revoked_at        TEXT NOT NULL, -- '' until it is
    opened_at         TEXT NOT NULL, -- last; '' until it is
    draft             TEXT NOT NULL, -- claims by row, JSON
    version           INTEGER NOT NULL CHECK (version >= 0), -- of the draft
    seen              INTEGER NOT NULL, -- the version of the tender that the draft was written beside
    saved_at          TEXT NOT NULL,
    handed_at         TEXT NOT NULL, -- when the draft was handed in; '' when it has been changed since, or never was
    PRIMARY KEY (classification_id, publication),
    FOREIGN KEY (classification_id, publication) REFERENCES publication (classification_id, number)
) STRICT;
