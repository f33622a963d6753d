-- The hub's hits in the hands of people. Every table is the record of their work: nothing here
-- can be made again from the register. Times are microseconds since 1970 in UTC.
-- No table holds what identifies a person, or which entry a case is about: travellers are keyed
-- hashes (16 bytes), so are entries, the rest is sealed JSON under a key of the hub's own.
-- +goose Up
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('cursor', 0), ('ord', 0);

-- Where the cursor has been, and what lay there: a register that came back from a copy gives
-- numbers anew. The last of every ten thousand is kept.
CREATE TABLE mark (
  arrival INTEGER PRIMARY KEY,
  digest  BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

-- Events of which a part waits for its key.
CREATE TABLE awaited (
  station TEXT NOT NULL,
  key_id  TEXT NOT NULL,
  epoch   BLOB NOT NULL CHECK (length(epoch) = 16),
  seq     INTEGER NOT NULL,
  PRIMARY KEY (station, key_id, epoch, seq)
) STRICT, WITHOUT ROWID;

-- Past crossings against what has been added to the list: all are through up to one release,
-- and up to a crossing also up to the next.
CREATE TABLE screening (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  list    TEXT NOT NULL,
  epoch   BLOB NOT NULL CHECK (length(epoch) = 16),
  version INTEGER NOT NULL,
  hash    BLOB NOT NULL CHECK (length(hash) = 32),
  to_list    TEXT,               -- NULL: nothing is under way
  to_epoch   BLOB,
  to_version INTEGER,
  to_hash    BLOB,
  done    INTEGER NOT NULL,      -- arrival of the last crossing that is through
  upto    INTEGER NOT NULL,      -- arrival of the last one to look at
  began_at INTEGER NOT NULL
) STRICT;

CREATE TABLE case_file (
  no          INTEGER PRIMARY KEY AUTOINCREMENT,
  id          BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  version     INTEGER NOT NULL,        -- counts every change
  state       TEXT NOT NULL CHECK (state IN ('possible', 'under_review', 'owner_asked', 'confirmed', 'not_this_person', 'expired')),
  handling    TEXT NOT NULL CHECK (handling IN ('open', 'refer', 'silent')),
  high_risk   INTEGER NOT NULL,
  urgent      INTEGER NOT NULL,
  source      TEXT NOT NULL,           -- of the entry
  entry       BLOB NOT NULL CHECK (length(entry) = 16),       -- keyed hash of source and id
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16), -- keyed hash of entry and its identifying fields; zero: not known
  late        INTEGER NOT NULL,        -- 1: some hit came after the traveller had passed
  opened_at   INTEGER NOT NULL,
  changed_at  INTEGER NOT NULL,
  entered_at  INTEGER NOT NULL,        -- since when it is in its state
  due_at      INTEGER,                 -- NULL: closed
  assignee    TEXT NOT NULL,           -- pseudonym, '' if nobody
  proposed_by TEXT NOT NULL,           -- pseudonym of who found that it is not this person, while a second one is awaited
  crossings   INTEGER NOT NULL,
  last_at     INTEGER NOT NULL,        -- of the latest crossing
  last_post   TEXT NOT NULL,
  previous    BLOB,                    -- an earlier case of the same person and entry
  sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX case_due ON case_file (due_at, no) WHERE due_at IS NOT NULL;
CREATE INDEX case_changed ON case_file (changed_at, no);
CREATE INDEX case_entry ON case_file (entry, no);

-- Who a case is about.
CREATE TABLE subject (
  case_no INTEGER NOT NULL REFERENCES case_file (no),
  kind    TEXT NOT NULL CHECK (kind IN ('document', 'person', 'crossing')),
  blind   BLOB NOT NULL CHECK (length(blind) = 16),
  PRIMARY KEY (case_no, kind, blind)
) STRICT, WITHOUT ROWID;
CREATE INDEX subject_blind ON subject (blind, kind);

-- The crossings of a case, and encounters that ended in none.
CREATE TABLE sighting (
  case_no     INTEGER NOT NULL REFERENCES case_file (no),
  crossing    BLOB NOT NULL CHECK (length(crossing) = 16),
  entry       BLOB NOT NULL,
  station     TEXT NOT NULL,           -- of the last event about it, like what follows
  epoch       BLOB NOT NULL,
  seq         INTEGER NOT NULL,
  type        TEXT NOT NULL,
  post        TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  direction   TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  party       BLOB,                    -- the group that crossed together
  named       INTEGER NOT NULL,        -- 1: by the station, when the traveller was there
  late        TEXT NOT NULL,           -- why the station did not know, '' if it did
  found_at    INTEGER NOT NULL,
  sealed      BLOB NOT NULL,
  PRIMARY KEY (case_no, crossing)
) STRICT, WITHOUT ROWID;
CREATE INDEX sighting_crossing ON sighting (crossing, entry);

-- The events that went into a sighting, so that each does once.
CREATE TABLE sighting_event (
  case_no  INTEGER NOT NULL,
  crossing BLOB NOT NULL,
  station  TEXT NOT NULL,
  epoch    BLOB NOT NULL,
  seq      INTEGER NOT NULL,
  PRIMARY KEY (case_no, crossing, station, epoch, seq),
  FOREIGN KEY (case_no, crossing) REFERENCES sighting (case_no, crossing)
) STRICT, WITHOUT ROWID;

-- Everything that was ever done to a case.
CREATE TABLE step (
  case_no    INTEGER NOT NULL REFERENCES case_file (no),
  version    INTEGER NOT NULL,         -- of the case, once it was done
  n          INTEGER NOT NULL,         -- several in one change
  at         INTEGER NOT NULL,
  did        TEXT NOT NULL,
  who        TEXT NOT NULL,            -- pseudonym; '' the hub itself
  station    TEXT NOT NULL,            -- of an acknowledgement
  from_state TEXT NOT NULL,
  to_state   TEXT NOT NULL,
  crossing   BLOB,
  sealed     BLOB,                     -- badge and words
  PRIMARY KEY (case_no, version, n)
) STRICT, WITHOUT ROWID;
-- +goose StatementBegin
CREATE TRIGGER step_stays BEFORE UPDATE ON step BEGIN SELECT raise(ABORT, 'history is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER step_is_kept BEFORE DELETE ON step BEGIN SELECT raise(ABORT, 'history is only added to'); END;
-- +goose StatementEnd

-- What others say of a case: lookups of other services.
CREATE TABLE confirmation (
  no       INTEGER PRIMARY KEY AUTOINCREMENT,
  case_no  INTEGER NOT NULL REFERENCES case_file (no),
  at       INTEGER NOT NULL,
  service  TEXT NOT NULL,
  outcome  TEXT NOT NULL,              -- clear, hit, not_checked
  reason   TEXT NOT NULL,
  sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX confirmation_case ON confirmation (case_no);

-- What stations are told of a case. One acknowledgement closes all notices of an alert.
CREATE TABLE alert (
  no          INTEGER PRIMARY KEY AUTOINCREMENT,
  case_no     INTEGER NOT NULL REFERENCES case_file (no),
  crossing    BLOB NOT NULL,
  occurred_at INTEGER NOT NULL,
  raised_at   INTEGER NOT NULL,
  due_at      INTEGER NOT NULL,        -- to be acknowledged by; then chased
  chased      INTEGER NOT NULL,
  closed_at   INTEGER,
  ended       TEXT NOT NULL,           -- acknowledged, withdrawn or superseded; '' while it is open
  officer     TEXT NOT NULL,           -- pseudonym of who acknowledged, and where
  station     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX alert_open ON alert (case_no) WHERE closed_at IS NULL;
CREATE INDEX alert_case ON alert (case_no, no);
CREATE INDEX alert_due ON alert (due_at) WHERE closed_at IS NULL;

CREATE TABLE notice (
  id    BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  alert INTEGER NOT NULL REFERENCES alert (no),
  role  TEXT NOT NULL,
  ord   INTEGER NOT NULL UNIQUE,
  body  BLOB NOT NULL                  -- sealed for stations
) STRICT;
CREATE INDEX notice_alert ON notice (alert);

CREATE TABLE notice_post (
  notice BLOB NOT NULL REFERENCES notice (id),
  post   TEXT NOT NULL,
  PRIMARY KEY (post, notice)
) STRICT, WITHOUT ROWID;

-- Acknowledgements as they came, also of notices that this database does not know: it may have
-- come back from a copy.
CREATE TABLE acknowledgement (
  notice  BLOB NOT NULL,
  station TEXT NOT NULL,
  officer TEXT NOT NULL,
  at      INTEGER NOT NULL,            -- the station's clock
  came_at INTEGER NOT NULL,
  PRIMARY KEY (notice, station)
) STRICT, WITHOUT ROWID;

-- Non-matches that the list is to remember, or not to remember any more.
CREATE TABLE memory (
  case_no  INTEGER NOT NULL REFERENCES case_file (no),
  document BLOB NOT NULL CHECK (length(document) = 16),
  wanted   INTEGER NOT NULL,           -- 1: to be remembered
  taken    INTEGER NOT NULL,           -- 1: the list has done what is wanted
  sealed   BLOB NOT NULL,              -- the non-match
  PRIMARY KEY (case_no, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_owed ON memory (taken) WHERE taken = 0;

-- +goose Down
DROP TABLE memory;
DROP TABLE acknowledgement;
DROP TABLE notice_post;
DROP TABLE notice;
DROP TABLE alert;
DROP TABLE confirmation;
DROP TABLE step;
DROP TABLE sighting_event;
DROP TABLE sighting;
DROP TABLE subject;
DROP TABLE case_file;
DROP TABLE screening;
DROP TABLE awaited;
DROP TABLE mark;
DROP TABLE meta;
