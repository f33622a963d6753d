-- What the hub has cosigned of the stations' logs, and what awaits a second person's word.
-- +goose Up

-- Checkpoints as cosigned: the newest hundred of each epoch, and the last of each day before.
CREATE TABLE checkpoint (
  n        INTEGER PRIMARY KEY AUTOINCREMENT,
  epoch_no INTEGER NOT NULL REFERENCES epoch (no),
  size     INTEGER NOT NULL,
  note     BLOB NOT NULL,
  day      INTEGER NOT NULL,  -- since 1970, by the hub's clock
  UNIQUE (epoch_no, size)
) STRICT;

-- The log of an epoch as far as it is cosigned: the right edge of its tree.
CREATE TABLE log (
  epoch_no INTEGER PRIMARY KEY REFERENCES epoch (no),
  size     INTEGER NOT NULL,
  edge     BLOB NOT NULL CHECK (length(edge) % 32 = 0)
) STRICT;

-- What people at the hub have said of a review; the record.
CREATE TABLE review_verdict (
  id      TEXT PRIMARY KEY,
  verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'rejected')),
  by      TEXT NOT NULL,      -- pseudonym
  at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A projection: what took effect without its second person, each by itself, and what officers did
-- whom an expired roster knew, a row for each officer and day at the post.
CREATE TABLE review (
  id          TEXT PRIMARY KEY,
  kind        TEXT NOT NULL CHECK (kind IN ('awaiting', 'overdue')),
  station     TEXT NOT NULL,
  post        TEXT NOT NULL,
  action      TEXT NOT NULL,     -- '' of an overdue one
  officer     TEXT NOT NULL,     -- pseudonym
  counter     TEXT NOT NULL,
  subject     TEXT NOT NULL,     -- key of the event; of the first one if overdue
  crossing    BLOB,
  occurred_at INTEGER NOT NULL,  -- of the first
  last_at     INTEGER NOT NULL,
  n           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX review_time ON review (occurred_at);

-- +goose Down
DROP TABLE review;
DROP TABLE review_verdict;
DROP TABLE log;
DROP TABLE checkpoint;
