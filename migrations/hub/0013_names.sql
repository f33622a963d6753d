-- Who has a name, by the keyed hashes of its words. A projection: a register of another projection version is
-- rebuilt when it is opened.
-- +goose Up
CREATE TABLE name (
  word    BLOB NOT NULL CHECK (length(word) = 16),
  subject BLOB NOT NULL CHECK (length(subject) = 16),  -- blind index of name and full birth date; else the crossing
  PRIMARY KEY (word, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_subject ON name (subject);

-- +goose Down
DROP TABLE name;
