-- +goose Up

-- What crossings name, by the event that names it now. One file may be named by a crossing and its corrections.
CREATE TABLE file (
  digest     BLOB    NOT NULL CHECK (length(digest) = 32),
  crossing   BLOB    NOT NULL CHECK (length(crossing) = 16),
  station    TEXT    NOT NULL,
  epoch      BLOB    NOT NULL CHECK (length(epoch) = 16),
  seq        INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  bytes      INTEGER NOT NULL CHECK (bytes > 0),  -- of the sealed file
  named_at   INTEGER NOT NULL,                    -- when the hub received the event, microseconds
  arrived_at INTEGER,                             -- NULL: not yet
  lost_at    INTEGER,                             -- the station said that it has it no more
  PRIMARY KEY (digest, crossing)
) WITHOUT ROWID;

CREATE INDEX file_crossing ON file (crossing);
CREATE INDEX file_wanted ON file (station, named_at) WHERE arrived_at IS NULL;

-- Events whose key has not come yet.
CREATE TABLE awaited (
  station TEXT    NOT NULL,
  key_id  TEXT    NOT NULL,
  epoch   BLOB    NOT NULL,
  seq     INTEGER NOT NULL,
  PRIMARY KEY (station, key_id, epoch, seq)
) WITHOUT ROWID;

-- How far the register's arrivals have been read, and what lay there.
CREATE TABLE place (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  arrival INTEGER NOT NULL,
  digest  BLOB    NOT NULL
);

-- +goose Down
DROP TABLE place;
DROP TABLE awaited;
DROP TABLE file;
