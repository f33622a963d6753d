-- The hub's watchlists. Names and all else that describes listed people is sealed; a key
-- (source and ID), what an entry is handled as, and who holds it lie open.
-- A serial is the number of a list epoch x 2^40 + the version of a release in it: it grows
-- even where a hub that was put back from a copy begins a new epoch.
-- +goose Up
CREATE TABLE list_epoch (
  no             INTEGER NOT NULL PRIMARY KEY,  -- from 1
  epoch          BLOB NOT NULL UNIQUE CHECK (length(epoch) = 16),
  parent_epoch   BLOB,                          -- NULL, like the next two: the list began with it
  parent_version INTEGER,
  parent_hash    BLOB,
  begun_at       INTEGER NOT NULL
) STRICT;

-- What was decided at once, and made one release.
CREATE TABLE change_set (
  serial  INTEGER NOT NULL PRIMARY KEY,
  kind    TEXT NOT NULL CHECK (kind IN ('import', 'hand', 'memory', 'refresh', 'restored', 'repaired')),
  source  TEXT NOT NULL,  -- '' if of none
  at      INTEGER NOT NULL,
  added   INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  sealed  BLOB NOT NULL   -- who, the second person, why
) STRICT;
CREATE INDEX change_set_source ON change_set (source, serial);

-- Every version of every entry.
CREATE TABLE entry_revision (
  revision    INTEGER NOT NULL PRIMARY KEY,  -- number of the epoch x 2^40 + a count
  serial      INTEGER NOT NULL REFERENCES change_set,
  source      TEXT NOT NULL,
  id          TEXT NOT NULL,
  op          TEXT NOT NULL CHECK (op IN ('add', 'change', 'remove', 'return')),
  identifies  INTEGER NOT NULL,  -- 1: the entry is new, or what identifies it has changed
  hand        INTEGER NOT NULL,  -- 1: decided by hand, imports leave it alone
  fingerprint BLOB NOT NULL,
  handling    TEXT NOT NULL,
  hub_only    INTEGER NOT NULL,
  digest      BLOB NOT NULL,     -- keyed, of the whole entry
  sealed      BLOB               -- NULL: withdrawn
) STRICT;
CREATE INDEX entry_revision_key ON entry_revision (source, id, revision);
CREATE INDEX entry_revision_new ON entry_revision (serial, source, id) WHERE identifies = 1;

-- The version in force of each entry, and of each that was withdrawn by hand and that an
-- import must not bring back.
CREATE TABLE entry (
  source   TEXT NOT NULL,
  id       TEXT NOT NULL,
  revision INTEGER NOT NULL REFERENCES entry_revision,
  gone     INTEGER NOT NULL,  -- 1: withdrawn
  hub_only INTEGER NOT NULL,
  PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_hub_only ON entry (source, id) WHERE hub_only = 1 AND gone = 0;

CREATE TABLE source (
  name       TEXT NOT NULL PRIMARY KEY,
  kind       TEXT NOT NULL,     -- of the file it was read from; '' for a source kept by hand
  version    TEXT NOT NULL,
  issued_at  INTEGER NOT NULL,
  max_age_s  INTEGER NOT NULL,  -- 0: never stale
  serial     INTEGER NOT NULL,  -- of the last change of its entries
  at         INTEGER NOT NULL,  -- of the last import, or change by hand
  described  INTEGER NOT NULL   -- 1: posts know of it
) STRICT;

-- What an import would do; nothing of it holds before it is confirmed.
CREATE TABLE preview (
  id         TEXT NOT NULL PRIMARY KEY,
  source     TEXT NOT NULL,
  kind       TEXT NOT NULL,
  made_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  against    INTEGER NOT NULL,  -- serial of the source's last change when it was made; 0: none
  state      TEXT NOT NULL CHECK (state IN ('reading', 'open', 'confirmed', 'discarded', 'expired')),
  summary    TEXT NOT NULL      -- JSON, no personal data
) STRICT;
CREATE TABLE preview_change (
  preview     TEXT NOT NULL REFERENCES preview,
  n           INTEGER NOT NULL,
  id          TEXT NOT NULL,
  op          TEXT NOT NULL CHECK (op IN ('add', 'change', 'remove')),
  identifies  INTEGER NOT NULL,
  fields      TEXT NOT NULL,    -- that have changed, with a comma between
  fingerprint BLOB NOT NULL,
  handling    TEXT NOT NULL,
  hub_only    INTEGER NOT NULL,
  urgent      INTEGER NOT NULL,
  digest      BLOB NOT NULL,
  sealed      BLOB,
  PRIMARY KEY (preview, n)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX preview_change_id ON preview_change (preview, id);

-- Single entries that somebody would add, change or withdraw, for a second person to decide.
CREATE TABLE proposal (
  id         TEXT NOT NULL PRIMARY KEY,
  op         TEXT NOT NULL CHECK (op IN ('add', 'change', 'withdraw', 'return')),
  source     TEXT NOT NULL,
  entry      TEXT NOT NULL,
  urgent     INTEGER NOT NULL,
  made_at    INTEGER NOT NULL,
  against    INTEGER NOT NULL,  -- revision in force when it was made; 0: none
  state      TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'taken_back')),
  decided_at INTEGER,
  sealed     BLOB NOT NULL,     -- the entry, who, why
  decision   BLOB               -- sealed: who decided, why
) STRICT;
CREATE INDEX proposal_pending ON proposal (made_at) WHERE state = 'pending';

-- Adjudicated non-matches in force.
CREATE TABLE non_match (
  document BLOB NOT NULL CHECK (length(document) = 16),
  source   TEXT NOT NULL,
  id       TEXT NOT NULL,
  fields   BLOB NOT NULL CHECK (length(fields) = 8),
  serial   INTEGER NOT NULL,
  PRIMARY KEY (document, source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX non_match_entry ON non_match (source, id);

CREATE TABLE release (
  serial      INTEGER NOT NULL PRIMARY KEY,
  epoch_no    INTEGER NOT NULL REFERENCES list_epoch,
  version     INTEGER NOT NULL,
  hash        BLOB NOT NULL CHECK (length(hash) = 32),  -- of the signed manifest
  manifest    BLOB NOT NULL,
  base        INTEGER NOT NULL,  -- serial of the release whose snapshot it stands on; its own: it carries one
  changes     INTEGER NOT NULL,  -- since that snapshot
  issued_at   INTEGER NOT NULL,
  valid_until INTEGER NOT NULL
) STRICT;
CREATE TABLE release_file (
  serial  INTEGER NOT NULL REFERENCES release ON DELETE CASCADE,
  role    TEXT NOT NULL,   -- snapshot, delta, document_filter, document_changes
  digest  BLOB NOT NULL CHECK (length(digest) = 32),
  size    INTEGER NOT NULL,
  PRIMARY KEY (serial, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX release_file_digest ON release_file (digest);

-- Urgent entries that posts are chased for.
CREATE TABLE urgent (
  serial    INTEGER NOT NULL,  -- of the release that carried it
  source    TEXT NOT NULL,
  id        TEXT NOT NULL,
  at        INTEGER NOT NULL,
  raised_at INTEGER,           -- when it was said that some post is overdue
  closed_at INTEGER,           -- every post has it, or it was replaced
  PRIMARY KEY (serial, source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX urgent_open ON urgent (at) WHERE closed_at IS NULL;
CREATE TABLE urgent_ack (
  serial  INTEGER NOT NULL,
  station TEXT NOT NULL,
  at      INTEGER NOT NULL,    -- when the station's hello was seen
  PRIMARY KEY (serial, station)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE urgent_ack;
DROP TABLE urgent;
DROP TABLE release_file;
DROP TABLE release;
DROP TABLE non_match;
DROP TABLE proposal;
DROP TABLE preview_change;
DROP TABLE preview;
DROP TABLE source;
DROP TABLE entry;
DROP TABLE entry_revision;
DROP TABLE change_set;
DROP TABLE list_epoch;
