-- What signing in must remember over a restart. Everything that says something about somebody is
-- sealed, and bound to its row: whoever edits one breaks it. Badges, addresses and tokens are
-- keyed or plain hashes. Service time is milliseconds for which the program is known to have been
-- able to run; it never goes back, and the wall clock does not move it.
-- +goose Up
CREATE TABLE secret (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  sealed BLOB NOT NULL                  -- by the root key: what the keys of the rows are made from
) STRICT;

CREATE TABLE service_time (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  service INTEGER NOT NULL,             -- ms
  mono    INTEGER NOT NULL,             -- ms of the monotonic clock at that moment
  wall    INTEGER NOT NULL              -- µs since 1970 at that moment
) STRICT;
INSERT INTO service_time (one, service, mono, wall) VALUES (1, 0, 0, 0);

-- The roster in force at a station.
CREATE TABLE roster (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  sealed BLOB NOT NULL,                 -- by the root key
  mark   BLOB NOT NULL                  -- sealed: its version, and when it came
) STRICT;

-- Tries to sign in, by badge.
CREATE TABLE attempt (
  who    BLOB PRIMARY KEY CHECK (length(who) = 16),
  at     INTEGER NOT NULL,              -- service time of the last one
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What clients have left of their tries.
CREATE TABLE client (
  who    BLOB PRIMARY KEY CHECK (length(who) = 16),
  at     INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  token  BLOB PRIMARY KEY CHECK (length(token) = 32), -- SHA-256
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The highest signature counter seen of a passkey.
CREATE TABLE passkey (
  who    BLOB PRIMARY KEY CHECK (length(who) = 16),
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE passkey;
DROP TABLE session;
DROP TABLE client;
DROP TABLE attempt;
DROP TABLE roster;
DROP TABLE service_time;
DROP TABLE secret;
