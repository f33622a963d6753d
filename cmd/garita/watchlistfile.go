package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/document"
	releases "garita/border/watch/release"
	"garita/border/watch/source"
	"garita/border/watch/trial"
)

// A LIST of the tool is the snapshot of a list, one file; or, if it has documents too, a
// folder with these files. It is not sealed: it is for whoever may see the list itself, and
// a station seals what it stores.
const (
	personsFile   = "persons.list"
	documentsFile = "documents.filter"
	keyFile       = "documents.key" // under which the filter's hashes are made
)

// entriesKind is the format of entries.jsonl, which `garita watchlist trial` writes.
const entriesKind source.Kind = "entries"

// openedList is a list opened from disk.
type openedList struct {
	*watch.List
	size      int64         // bytes of the snapshot
	documents *document.Set // nil: none
}

// openList opens a LIST.
func openList(path string) (*openedList, error) {
	const op = "open list"
	folder := false
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		folder = true
	}
	persons := path
	if folder {
		persons = filepath.Join(path, personsFile)
	}
	data, err := readAtMost(persons, releases.MaxSnapshot)
	if err != nil {
		return nil, &border.Error{Code: border.NotFound, Op: op, Message: "There is no list at " + path + "; `garita watchlist build` makes one.", Err: err}
	}
	base, err := watch.OpenBase(data)
	if err != nil {
		return nil, err
	}
	l := &openedList{List: watch.New(base), size: int64(len(data))}
	if folder {
		l.documents, err = openDocuments(path)
	}
	return l, err
}

func readAtMost(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil {
		b.Grow(int(min(info.Size(), limit)) + bytes.MinRead)
	}
	n, err := io.Copy(&b, io.LimitReader(f, limit+1))
	if err == nil && n > limit {
		err = &border.Error{Code: border.TooLarge, Op: "read list", Message: "The file " + path + " is too large for a list."}
	}
	return b.Bytes(), err
}

// openDocuments opens the documents of a folder; nil if it has none.
func openDocuments(dir string) (*document.Set, error) {
	f, err := os.Open(filepath.Join(dir, documentsFile))
	if os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "open list", Message: "The documents of the list cannot be read.", Err: err}
	}
	defer f.Close()
	secret, err := readAtMost(filepath.Join(dir, keyFile), 32)
	if err != nil || len(secret) != 32 {
		return nil, &border.Error{Code: border.Invalid, Op: "open list", Message: "The documents of the list have no key beside them.", Err: err}
	}
	filter, err := document.Read(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return nil, err
	}
	key, err := document.DeriveKey(secret, documentsFile, filter.Epoch)
	if err != nil {
		return nil, err
	}
	return document.NewSet(key, filter, nil)
}

// load reads a source of persons into memory.
func (s sourceFlag) load(ctx context.Context, terms source.Terms) ([]*watch.Entry, source.Report, error) {
	if s.kind == entriesKind {
		return s.loadEntries()
	}
	return source.Load(ctx, s.kind, s.path, source.Options{Source: s.name, Terms: terms})
}

// loadEntries reads entries as they are kept. Their own sources stay.
func (s sourceFlag) loadEntries() ([]*watch.Entry, source.Report, error) {
	entries, err := trial.ReadFile[watch.Entry](s.path)
	return entries, source.Report{Entries: len(entries)}, err
}

// replaceFile writes a file beside its place and puts it there whole.
func replaceFile(path string, write func(io.Writer) error) error {
	fail := func(err error) error {
		return &border.Error{Code: border.Unavailable, Op: "write list", Message: "The file " + path + " cannot be written.", Err: err}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fail(err)
	}
	defer os.Remove(f.Name()) // gone if all went well
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fail(err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fail(err)
	}
	return nil
}

// printJSON prints one line.
func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
