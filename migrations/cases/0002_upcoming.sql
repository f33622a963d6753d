-- Entries that count from a later day on: on that day past crossings are looked through for
-- them as for new ones.
-- +goose Up
CREATE TABLE upcoming (
  entry  BLOB NOT NULL PRIMARY KEY CHECK (length(entry) = 16),  -- keyed hash of source and id
  day    TEXT NOT NULL,                                         -- first on which it counts, ISO 8601
  sealed BLOB NOT NULL                                          -- source and id
) STRICT, WITHOUT ROWID;
CREATE INDEX upcoming_day ON upcoming (day);

-- +goose Down
DROP TABLE upcoming;
