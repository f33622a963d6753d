-- The language that an officer chose here; without one it is that of the account. Sealed as all else is.
-- +goose Up
CREATE TABLE language (
  who    BLOB PRIMARY KEY CHECK (length(who) = 16),
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE language;
