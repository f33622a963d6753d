package demo

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"garita/cmd/internal/stolen"
)

// TestNoTravellerInAnyFile presents travellers, hurts both programs on the way, and then
// looks for every one of them in every file that is left: databases and their logs, the
// stream, the programs' logs, drafts that were never decided.
func TestNoTravellerInAnyFile(t *testing.T) {
	_, seed := random(t)
	people := Queue(150, seed, time.Now())
	s := openSite(t, 2, seed, people...)
	u, desks := s.desks(2, seed)
	next := make(chan Specimen, len(people))
	for _, p := range people[:140] {
		next <- p
	}
	for _, k := range desks {
		k.next = func() Specimen { return <-next }
	}
	serveN(desks, 40)
	s.stop("hub")
	serveN(desks, 40)
	s.kill("post")
	s.serving("post")
	s.start("hub")
	serveN(desks, 40)
	s.kill("hub")
	s.serving("hub")
	serveN(desks, 20)
	s.whole(u.recorded)
	s.misread(people[140:])
	s.fillStream()

	// Not in order: what a clean end would have tidied away must not be there either.
	for _, name := range []string{"post", "hub"} {
		s.must(os.WriteFile(s.path(name+".stopped"), nil, 0o600))
		s.must(syscall.Kill(s.pid(name), syscall.SIGKILL))
		s.await(name+" is dead", func() bool { _, err := os.Stat(s.path(name + ".pid")); return err != nil })
	}
	for _, must := range []string{"post/journal.db-wal", "hub/hub.db-wal", "hub/stream", "post.log", "hub.log"} {
		if _, err := os.Stat(s.path(must)); err != nil {
			t.Errorf("there is no %s to search: %v", must, err)
		}
	}
	h := newHaystack(append(people, s.d.shelf...))
	found, read := h.search(t, s.dir)
	for _, f := range found {
		t.Errorf("found in %s", f)
	}
	t.Logf("searched %d bytes for %d needles of %d travellers", read, len(h.by), len(people))
	provesToFind(t, h, s.dir, people[0])
}

// TestNobodyOfTheDayInAnyFile plays a whole day, with everything that officers ask, note and
// write about people, takes the power away, and looks for all of it in every file.
func TestNobodyOfTheDayInAnyFile(t *testing.T) {
	_, seed := random(t)
	script := WriteDay(120, 2, seed, time.Now())
	s := openSite(t, 2, seed, script.Listed()...)
	r, err := s.d.RunDay(t.Context(), script)
	s.must(err)
	if r.Failed() {
		t.Errorf("the day differs from its script: %v", r.Faults)
	}
	s.fillStream()
	s.backUp()
	for _, name := range []string{"post", "hub"} {
		s.must(os.WriteFile(s.path(name+".stopped"), nil, 0o600))
		s.must(syscall.Kill(s.pid(name), syscall.SIGKILL))
		s.await(name+" is dead", func() bool { _, err := os.Stat(s.path(name + ".pid")); return err != nil })
	}
	s.thief(script)
	s.withoutRoot()
	h := newHaystack(append(script.all, s.d.shelf...))
	written := 0
	for _, w := range script.words {
		for _, f := range forms(w) {
			h.add(needle{"a note or a receipt " + f.what, f.form})
			written++
		}
	}
	found, read := h.search(t, s.dir)
	for _, f := range found {
		t.Errorf("found in %s", f)
	}
	t.Logf("searched %d bytes for %d needles of %d documents and %d forms of %d words", read, len(h.by), len(script.all), written, len(script.words))
	if len(script.words) < 20 {
		t.Errorf("officers wrote %d words only", len(script.words))
	}
	provesToFind(t, h, s.dir, script.all[0])
	provesToFindNote(t, h, s.dir, script.words[0])
}

// backUp makes a backup of each program while it runs.
func (s *site) backUp() {
	s.t.Helper()
	for _, name := range []string{"post", "hub"} {
		_, err := s.d.folder.tool(s.t.Context(), name, "backup", "--to", s.path("backups"))
		s.must(err)
	}
}

// thief searches everything that lies on the disks of station and hub as somebody would who has
// stolen them. The sample list is public, and the demonstration's own configuration is nobody's.
func (s *site) thief(script *Script) {
	s.t.Helper()
	ctx := s.t.Context()
	dirs := []string{s.path("post"), s.path("hub"), s.path("backups"), s.path("post.log"), s.path("hub.log")}
	for _, must := range []string{"post/journal.db-wal", "hub/hub.db-wal", "hub/stream", "hub/self/journal.db", "post/access.db", "backups"} {
		if _, err := os.Stat(s.path(must)); err != nil {
			s.t.Errorf("there is no %s to search: %v", must, err)
		}
	}
	var needles []stolen.Needle
	for _, p := range append(script.all, s.d.shelf...) {
		needles = append(needles, stolenOf(p)...)
	}
	for _, w := range script.words {
		needles = append(needles, stolen.Needle{Name: "a word of a note", Text: w})
	}
	r, err := stolen.Search(ctx, dirs, needles)
	s.must(err)
	for _, f := range r.Findings {
		s.t.Errorf("a thief finds %s, %s, in %s at %d %s", f.Needle, f.Form, f.File, f.Offset, f.Within)
	}
	s.t.Logf("a thief searched %d files, %d bytes, %d packed things for %d forms of %d needles", r.Files, r.Bytes, r.Packed, r.Forms, len(needles))
	if r.Files < 20 || len(r.Skipped) > 0 {
		s.t.Errorf("%d files were searched; not searched for: %v", r.Files, r.Skipped)
	}
	// The search can fail: in the middle of what is there, and packed in it.
	for i, n := range []stolen.Needle{needles[0], {Name: "note", Text: script.words[0]}} {
		whole, err := os.ReadFile(s.path("hub", "hub.db"))
		s.must(err)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, err = z.Write([]byte("before " + n.Text + " behind, and some more of it that makes it longer"))
		s.must(errors.Join(err, z.Close()))
		for kind, planted := range map[string][]byte{"as it is": []byte(n.Text), "packed": packed.Bytes()} {
			one := filepath.Join(s.t.TempDir(), "file")
			s.must(os.WriteFile(one, slices.Concat(whole[:len(whole)/3], planted, whole[len(whole)/3:]), 0o600))
			if r, err := stolen.Search(ctx, []string{one}, []stolen.Needle{n}); err != nil || len(r.Findings) == 0 {
				s.t.Errorf("needle %d was planted %s and not found: %v", i, kind, err)
			}
		}
	}
}

// withoutRoot takes away what opens the keys: then nothing opens, and the programs say so plainly.
func (s *site) withoutRoot() {
	s.t.Helper()
	for _, name := range []string{"post", "hub"} {
		root, aside := s.path(name, "root.json"), s.path(name+".root")
		s.must(os.Rename(root, aside))
		for _, command := range [][]string{{"run"}, {"backup", "--to", s.path("backups")}} {
			ctx, cancel := context.WithTimeout(s.t.Context(), patience)
			_, err := s.d.folder.tool(ctx, name, command...)
			cancel()
			if err == nil || ctx.Err() == context.DeadlineExceeded || !strings.Contains(err.Error(), "The root key's file is gone") || strings.Contains(err.Error(), "goroutine") {
				s.t.Errorf("garita-%s %s without its root key: %v", name, command, err)
			}
		}
		if _, err := os.Stat(root); err == nil {
			s.t.Errorf("garita-%s made itself another root key", name)
		}
		s.must(os.Rename(aside, root))
	}
}

// provesToFindNote plants a word of a note in a copy of the journal and sees it found.
func provesToFindNote(t *testing.T, h *haystack, dir, word string) {
	t.Helper()
	whole, err := os.ReadFile(filepath.Join(dir, "post", "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range forms(word) {
		one := t.TempDir()
		if err := os.WriteFile(filepath.Join(one, "file"), append(append([]byte{}, f.form...), whole...), 0o600); err != nil {
			t.Fatal(err)
		}
		if found, _ := h.search(t, one); len(found) == 0 {
			t.Errorf("a note %s was planted and not found", f.what)
		}
	}
}

// misread presents documents as bad readers and hurried people do, and leaves the last
// one of each counter undecided.
func (s *site) misread(people []Specimen) {
	s.t.Helper()
	send := func(lines []string, source string, want int) {
		err := s.post.call(s.t.Context(), http.MethodPost, "/api/v1/counters/1/scans", map[string]any{"lines": lines, "source": source}, nil)
		code := http.StatusAccepted
		if a, ok := err.(*status); ok {
			code = a.code
		} else if err != nil {
			s.t.Fatal(err)
		}
		if code != want {
			s.t.Errorf("a misread document was answered with %d, not %d", code, want)
		}
	}
	p := people[0]
	send([]string{p.Lines[0]}, "wedge", http.StatusUnprocessableEntity)
	send([]string{p.Lines[0], p.Lines[1][:30]}, "keyed", http.StatusUnprocessableEntity)
	send([]string{p.Lines[0] + p.Lines[1]}, "nonsense", http.StatusUnprocessableEntity)
	send([]string{strings.Repeat(p.surname, 40)}, "keyed", http.StatusRequestEntityTooLarge)
	for i, p := range people[1:5] {
		_, err := s.d.readers[i%2].Present(p.Lines[:1]) // torn: the second line never comes
		s.must(err)
	}
	// A decision that names no encounter, with a note of the kind that people write.
	err := s.post.call(s.t.Context(), http.MethodPost, "/api/v1/counters/1/decisions", map[string]any{"encounter": "1",
		"verdict_revision": 1, "outcome": p.surname, "note": p.number}, nil)
	if a, ok := err.(*status); !ok || a.code != http.StatusUnprocessableEntity {
		s.t.Errorf("a malformed decision was answered with %v", err)
	}
	for i, p := range people[5:] {
		s.must(s.d.browsers[i%2].call(s.t.Context(), http.MethodPost, "/api/v1/counters/"+counterName(i%2)+"/scans",
			map[string]any{"lines": p.Lines, "source": "keyed"}, nil))
	}
}

// fillStream leaves events in the stream's files: everything that was recorded goes
// through them again when the hub's register is empty.
func (s *site) fillStream() {
	s.t.Helper()
	s.stop("hub")
	old, err := filepath.Glob(s.path("hub", "hub.db*"))
	s.must(err)
	for _, f := range old {
		s.must(os.Remove(f))
	}
	s.start("hub")
	s.delivered()
}

// provesToFind plants one traveller in a copy of the folder, in every form in turn, and
// sees each of them found where it was put.
func provesToFind(t *testing.T, h *haystack, dir string, p Specimen) {
	t.Helper()
	work := filepath.Join(t.TempDir(), "copy")
	copyFolder(t, dir, work)
	targets := []string{"post/journal.db", "post/journal.db-wal", "hub/hub.db", "post.log", "post/keys.db"}
	planted := 0
	for i, n := range needlesOf(p) {
		path := filepath.Join(work, targets[i%len(targets)])
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := len(whole) / 3
		spoilt := append(append(append([]byte{}, whole[:at]...), n.form...), whole[at:]...)
		if err := os.WriteFile(path, spoilt, 0o600); err != nil {
			t.Fatal(err)
		}
		only := filepath.Join(t.TempDir(), "one")
		if err := os.MkdirAll(only, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path, filepath.Join(only, "file")); err != nil {
			t.Fatal(err)
		}
		if found, _ := h.search(t, only); len(found) == 0 {
			t.Errorf("%s was planted and not found", n.what)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		planted++
	}
	if planted < 40 {
		t.Errorf("only %d forms of a traveller were planted", planted)
	}
}
