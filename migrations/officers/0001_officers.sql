-- Who may sign in, as the history of what was done to the accounts: the latest row of a badge is
-- the account. A row holds no name and no role in the clear, and its MAC says that nobody edited
-- it. Times are microseconds since 1970 in UTC.
-- +goose Up
CREATE TABLE secret (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  sealed BLOB NOT NULL                  -- by the root key: what the keys of the rows are made from
) STRICT;

CREATE TABLE change (
  version INTEGER PRIMARY KEY,          -- of the country's roster once it was done
  at      INTEGER NOT NULL,
  who     TEXT NOT NULL,                -- badge, or "console:" and the account of the machine
  did     TEXT NOT NULL,
  badge   TEXT NOT NULL,                -- '' for what is about nobody: a renewal
  reason  TEXT NOT NULL,
  sealed  BLOB,                         -- the account afterwards
  before  BLOB NOT NULL,                -- MAC of the row before
  mac     BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;
CREATE INDEX change_badge ON change (badge, version);
-- +goose StatementBegin
CREATE TRIGGER change_stays BEFORE UPDATE ON change BEGIN SELECT raise(ABORT, 'history is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER change_is_kept BEFORE DELETE ON change BEGIN SELECT raise(ABORT, 'history is only added to'); END;
-- +goose StatementEnd

-- Up to which version the audit has been told.
CREATE TABLE audited (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;
INSERT INTO audited (one, version) VALUES (1, 0);

-- +goose Down
DROP TABLE audited;
DROP TABLE change;
DROP TABLE secret;
