-- Names by the beginnings of their words and by other spellings of them. Both tables are about words and say nothing of
-- who has them: which words have something in common is seen only by whoever can open them. Projections: a
-- register of another projection version is rebuilt when it is opened.
-- +goose Up
CREATE TABLE word (
  word   BLOB NOT NULL PRIMARY KEY CHECK (length(word) = 16),  -- as in name
  sealed BLOB NOT NULL                                         -- its letters
) STRICT, WITHOUT ROWID;
CREATE TABLE spelling (
  key    BLOB NOT NULL CHECK (length(key) = 16),  -- keyed hash of what words have in common
  sealed BLOB NOT NULL,                           -- the letters of one that has it
  PRIMARY KEY (key, sealed)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE spelling;
DROP TABLE word;
