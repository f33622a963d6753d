-- Which release of each list a station holds, and which it refused last, as its last hello said.
-- +goose Up
CREATE TABLE station_list (
  station    TEXT NOT NULL,
  list       TEXT NOT NULL,
  epoch      BLOB NOT NULL,     -- of the list
  version    INTEGER NOT NULL,  -- 0: it holds none
  hash       BLOB NOT NULL,
  since      INTEGER,           -- in force since, by the station's clock
  refused    TEXT NOT NULL,     -- why the last release was refused; '': none was
  refused_at INTEGER,           -- by the station's clock
  PRIMARY KEY (station, list)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE station_list;
