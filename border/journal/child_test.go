package journal_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"garita/border"
	"garita/border/journal"
	"garita/border/seal"
)

// The test binary serves as a program of its own that can be killed and traced: with
// GARITA_JOURNAL_CHILD it does what its mode says in the folder GARITA_JOURNAL_DIR and
// prints one line for each acknowledgement, "ACK id key".
//
//	flood  appends from many goroutines until it is killed; first it retries the ids on stdin
//	exit   appends the ids on stdin in order and exits with 3 at the first error, as if killed
//	stay   the same, but retries the same id until it is acknowledged; both say at the end
//	       how many crossings are found by their document, "FOUND n"
//	naive  the same as exit, with a table of its own and INSERT ... ON CONFLICT DO NOTHING
func child(mode string) int {
	dir := os.Getenv("GARITA_JOURNAL_DIR")
	if err := childRun(mode, dir); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 3
	}
	return 0
}

// childKeys writes the secrets that parent and child share.
func childKeys(dir string) error {
	hub, err := seal.NewHubPrivate("HUB")
	if err != nil {
		return err
	}
	prov, err := hub.Provisioning()
	if err != nil {
		return err
	}
	return seal.Save(filepath.Join(dir, "prov"), prov)
}

func childOpen(dir string) (*journal.Journal, *seal.StationKeys, *seal.Set, error) {
	var prov seal.Provisioning
	if err := seal.Load(filepath.Join(dir, "prov"), &prov); err != nil {
		return nil, nil, nil, err
	}
	keys, err := seal.OpenStationKeys(context.Background(), filepath.Join(dir, "keys.db"), station, &seal.StationSecret{WrapKey: make([]byte, 32)}, &prov)
	if err != nil {
		return nil, nil, nil, err
	}
	clock := newClock()
	set, err := keys.Ready(context.Background(), seal.Bucket(clock.Now()))
	if err != nil {
		return nil, nil, nil, err
	}
	j, err := journal.Open(context.Background(), journal.Config{Dir: dir, Station: station, Post: "PUT", Clock: clock, Keys: keys, Reserve: -1, Index: index(keys)})
	return j, keys, set, err
}

func childRun(mode, dir string) error {
	in, err := io.ReadAll(bufio.NewReader(os.Stdin))
	if err != nil {
		return err
	}
	var ids []border.ID
	for _, s := range strings.Fields(string(in)) {
		id, err := border.ParseID(s)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if mode == "naive" {
		return naive(dir, ids)
	}
	j, _, set, err := childOpen(dir)
	if err != nil {
		say("ERR open")
		return err
	}
	say("READY")
	for _, id := range ids {
		for {
			r, err := j.Append(context.Background(), crossingEntry(set, id, 1))
			if err == nil {
				say("ACK " + id.String() + " " + r.Key.String())
				break
			}
			say("ERR " + string(border.CodeOf(err)))
			if mode == "exit" {
				os.Exit(3)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	if mode != "flood" {
		found, err := j.Document(context.Background(), border.BlindIndex{1}, 1<<30)
		say("FOUND " + strconv.Itoa(len(found)))
		return errors.Join(err, j.Close())
	}
	var wg sync.WaitGroup
	make := border.NewIDs(newClock(), nil)
	for range 16 {
		wg.Go(func() {
			for {
				id, err := make.New()
				if err != nil {
					return
				}
				say("TRY " + id.String())
				r, err := j.Append(context.Background(), crossingEntry(set, id, 2))
				if err != nil {
					say("ERR " + string(border.CodeOf(err)))
					return
				}
				say("ACK " + id.String() + " " + r.Key.String())
			}
		})
	}
	wg.Wait()
	return j.Close()
}

// say prints a line in one system call.
func say(line string) { _, _ = os.Stdout.WriteString(line + "\n") }

// naive is what many programs do: WAL, synchronous=FULL, and a retry that is idempotent.
func naive(dir string, ids []border.ID) error {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, journal.FileName)+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS crossing (id BLOB PRIMARY KEY, record BLOB)`); err != nil {
		return err
	}
	say("READY")
	for _, id := range ids {
		if _, err := db.Exec(`INSERT INTO crossing VALUES (?, ?) ON CONFLICT DO NOTHING`, id[:], bytes.Repeat([]byte("x"), 900)); err != nil {
			say("ERR " + err.Error())
			os.Exit(3)
		}
		say("ACK " + id.String() + " 0")
	}
	return db.Close()
}

// spoken is what a child has said.
type spoken struct {
	acks  map[border.ID]string // key by id
	tried map[border.ID]bool
	errs  int
	twice []string // ids acknowledged under two keys
	found []int    // crossings found by their document
}

func newSpoken() *spoken {
	return &spoken{acks: map[border.ID]string{}, tried: map[border.ID]bool{}}
}

// hear reads a line of a child.
func (s *spoken) hear(line string) {
	f := strings.Fields(line)
	if len(f) == 0 {
		return
	}
	switch {
	case f[0] == "ACK" && len(f) == 3:
		id, err := border.ParseID(f[1])
		if err != nil {
			return
		}
		if old, ok := s.acks[id]; ok && old != f[2] {
			s.twice = append(s.twice, f[1]+" "+old+" "+f[2])
		}
		s.acks[id] = f[2]
	case f[0] == "TRY" && len(f) == 2:
		if id, err := border.ParseID(f[1]); err == nil {
			s.tried[id] = true
		}
	case f[0] == "FOUND" && len(f) == 2:
		s.found = append(s.found, atoi(f[1]))
	case f[0] == "ERR":
		s.errs++
	}
}

// crossingsOf reads all crossing events of a journal, by id, and those that are there twice.
func crossingsOf(path string) (keys map[border.ID]string, twice int, err error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		return nil, 0, err
	}
	defer db.Close()
	rows, err := db.Query(`SELECT record FROM event ORDER BY pos`)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	keys = map[border.ID]string{}
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, 0, err
		}
		ev, err := border.DecodeEvent(b)
		if err != nil {
			return nil, 0, err
		}
		var h struct {
			Crossing *border.ID `json:"crossing"`
		}
		if json.Unmarshal(ev.Header, &h) != nil || h.Crossing == nil {
			continue
		}
		if _, ok := keys[*h.Crossing]; ok {
			twice++
		}
		keys[*h.Crossing] = ev.Key.String()
	}
	return keys, twice, rows.Err()
}

func lines(ids []border.ID) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(id.String() + "\n")
	}
	return b.String()
}

// atoi is for numbers that a test wrote itself.
func atoi(s string) int { n, _ := strconv.Atoi(s); return n }
