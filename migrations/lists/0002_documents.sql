-- Lists of lost, stolen and revoked documents. Their rows lie in files, by keyed hashes.
-- +goose Up
-- What is in force of a source of documents.
CREATE TABLE document_store (
  source    TEXT NOT NULL PRIMARY KEY,
  digest    BLOB NOT NULL CHECK (length(digest) = 32),  -- of the file
  size      INTEGER NOT NULL,
  documents INTEGER NOT NULL,                           -- hashes in it
  serial    INTEGER NOT NULL                            -- of the release since which it holds
) STRICT;

-- What an import of documents would put in its place.
CREATE TABLE preview_documents (
  preview   TEXT NOT NULL PRIMARY KEY REFERENCES preview ON DELETE CASCADE,
  digest    BLOB NOT NULL CHECK (length(digest) = 32),
  size      INTEGER NOT NULL,
  documents INTEGER NOT NULL
) STRICT;

-- The epoch that the hashes of all documents were made in: the list's when the first came. Their
-- key comes from it, and stays when the list begins another epoch.
CREATE TABLE document_epoch (
  one   INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  epoch BLOB NOT NULL CHECK (length(epoch) = 16)
) STRICT;

-- +goose Down
DROP TABLE document_epoch;
DROP TABLE preview_documents;
DROP TABLE document_store;
