package lists

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/replica"
	"garita/border/watch"
	"garita/border/watch/release"
	"garita/border/watch/source"
)

// papers is a file of invented documents; a number with a * has no type.
func papers(t testing.TB, numbers ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("issuer,type,number,reason,since\n")
	for _, n := range numbers {
		kind := "P"
		if strings.HasSuffix(n, "*") {
			n, kind = n[:len(n)-1], ""
		}
		fmt.Fprintf(&b, "UTO,%s,%s,stolen,2026-01-02\n", kind, n)
	}
	path := filepath.Join(t.TempDir(), "documents.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func numbers(from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("L%08d", i))
	}
	return out
}

func (r *rig) previewPapers(name string, numbers ...string) Preview {
	r.t.Helper()
	p, err := r.Preview(r.t.Context(), name, source.Documents, papers(r.t, numbers...), ImportOptions{})
	if err != nil || p.Report.Skipped != 0 {
		r.t.Fatalf("preview: %v, %+v", err, p.Report)
	}
	return p
}

func (r *rig) loadPapers(name string, numbers ...string) border.ListPosition {
	r.t.Helper()
	at, err := r.Confirm(r.t.Context(), r.previewPapers(name, numbers...).ID, "B-1", "B-2")
	if err != nil {
		r.t.Fatalf("confirm: %v", err)
	}
	return at
}

// station is a station's copy of the rig's list.
func (r *rig) station() *replica.Replica {
	r.t.Helper()
	prov, err := r.keys.Provisioning()
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := replica.Open(r.t.Context(), replica.Config{Dir: r.t.TempDir(), Station: "PCA-1", Clock: r.clock, Prov: prov, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { s.Close() })
	return s
}

// answers are what a station and the hub say of each document: 2 if both call it listed, 1 if
// only the station's filter does, 0 if it does not.
func (r *rig) answers(s *replica.Replica, numbers ...string) map[string]int {
	r.t.Helper()
	r.follow(s)
	set := s.Current()[0].Documents
	out := map[string]int{}
	for _, n := range numbers {
		digest, found := set.Find("UTO", "PM", n)
		if found {
			out[n] = 1
			listed, err := r.Listed(r.t.Context(), []border.BlindIndex{digest})
			if err != nil || len(listed) != 1 {
				r.t.Fatalf("%d answers, %v", len(listed), err)
			}
			if listed[digest] {
				out[n] = 2
			}
		}
		if _, found := set.Find("UTO", "V", n); found {
			r.t.Errorf("a visa of the same number is listed")
		}
	}
	return out
}

// want compares, but for the filter's own errors: about one in 65,536.
func (r *rig) want(s *replica.Replica, listed []string, others ...string) {
	r.t.Helper()
	for n, a := range r.answers(s, append(slices.Clone(listed), others...)...) {
		if in := slices.Contains(listed, n); in != (a == 2) {
			r.t.Errorf("%s: %d, listed %v", n, a, in)
		}
	}
	if got := r.answers(s, listed...); len(got) != len(listed) {
		r.t.Errorf("the station misses %d of %d", len(listed)-len(got), len(listed))
	}
}

// Documents reach a station and are confirmed by the hub: from the first import of all, over
// changes, another source, a new filter, a hub put back from a copy, and a lost file.
func TestDocuments(t *testing.T) {
	r, ctx := newRig(t, Rules{DocumentFloor: 40}), t.Context()
	s := r.station()
	r.loadPapers("sltd", numbers(0, 200)...)
	r.want(s, numbers(0, 200), numbers(200, 400)...)
	first := r.manifest()
	if first.Filter == nil || first.FilterSet != nil || first.Documents != 200 || len(first.Sources) != 1 || first.Sources[0].Entries != 200 {
		t.Errorf("the first release: %+v", first)
	}

	p := r.previewPapers("sltd", numbers(5, 210)...)
	if p.Held != 200 || p.Added != 10 || p.Removed != 5 || p.Unchanged != 195 || p.NeedsConfirmation {
		t.Errorf("preview: %+v", p.Summary)
	}
	if _, err := r.Confirm(ctx, p.ID, "B-1", "b-1"); border.CodeOf(err) != border.Forbidden {
		t.Errorf("one person: %v", err)
	}
	r.want(s, numbers(0, 200), numbers(200, 400)...)
	if _, err := r.Confirm(ctx, p.ID, "B-1", "B-2"); err != nil {
		t.Fatal(err)
	}
	r.want(s, numbers(5, 210), append(numbers(0, 5), numbers(210, 400)...)...)
	m := r.manifest()
	if *m.Filter != *first.Filter || m.FilterSet == nil || m.IsSnapshot() || m.Documents != 205 {
		t.Errorf("a small change: %+v", m)
	}
	if _, err := r.Confirm(ctx, p.ID, "B-1", "B-2"); border.CodeOf(err) != border.Conflict {
		t.Errorf("confirmed twice: %v", err)
	}

	// Back again: nothing is left of the changes.
	r.loadPapers("sltd", numbers(0, 200)...)
	r.want(s, numbers(0, 200), numbers(200, 400)...)
	if m := r.manifest(); *m.Filter != *first.Filter || m.FilterSet != nil {
		t.Errorf("back again: %+v", m)
	}

	// What another source lists stays listed.
	r.loadPapers("national", append(numbers(190, 195), "X1*")...)
	r.want(s, numbers(0, 200), numbers(200, 400)...)
	r.loadPapers("sltd", numbers(0, 192)...)
	r.want(s, numbers(0, 195), numbers(195, 400)...)
	set := s.Current()[0].Documents
	if !set.Has("UTO", "P", "X1") || !set.Has("UTO", "V", "X1") || !set.Has("UTO", "ID", "X1") || set.Has("UTP", "P", "X1") {
		t.Error("a document without a type is not found as any")
	}

	// Too many changes for a set.
	r.loadPapers("sltd", numbers(0, 150)...)
	r.want(s, append(numbers(0, 150), numbers(190, 195)...), numbers(200, 400)...)
	m = r.manifest()
	if *m.Filter == *first.Filter || m.FilterSet != nil || !m.IsSnapshot() {
		t.Errorf("a large change: %+v", m)
	}
	r.load("courts", "1", people(seeded(t), "courts", 20))
	r.want(s, numbers(0, 150), numbers(200, 400)...)
	r.want(r.station(), numbers(0, 150), numbers(200, 400)...)

	var views []string
	sources, err := r.Sources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range sources {
		views = append(views, fmt.Sprintln(v.Name, v.Kind, v.Entries))
	}
	if d := cmp.Diff([]string{"courts csv 20\n", "national documents 8\n", "sltd documents 150\n"}, views); d != "" {
		t.Error(d)
	}

	copied := t.TempDir()
	copyDir(t, r.dir, copied)
	r.loadPapers("sltd", numbers(0, 160)...)
	r.want(s, numbers(0, 160), numbers(200, 400)...)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.dir = copied
	r.open()
	if _, err := r.Restored(ctx, "B-1", "B-2", "restored"); err != nil {
		t.Fatal(err)
	}
	r.want(s, numbers(0, 150), numbers(150, 160)...)
	r.loadPapers("sltd", numbers(0, 155)...)
	r.want(s, numbers(0, 155), numbers(155, 160)...)

	lost := r.manifest().Filter
	if err := os.Remove(r.path(lost.Digest)); err != nil {
		t.Fatal(err)
	}
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	r.want(r.station(), numbers(0, 155), numbers(155, 160)...)
	r.want(s, numbers(0, 155), numbers(155, 160)...)
	r.filesAreNamed()
	if got := r.documentFiles(); got != 2 {
		t.Errorf("%d files of documents, want 2", got)
	}
}

func (r *rig) manifest() *release.Manifest { return r.current.Load().manifest }

func (r *rig) documentFiles() int {
	r.t.Helper()
	there, err := os.ReadDir(r.documentDir)
	if err != nil {
		r.t.Fatal(err)
	}
	return len(there)
}

// What cannot be read or does not fit leaves nothing behind.
func TestDocumentsRefused(t *testing.T) {
	r, ctx := newRig(t, Rules{}), t.Context()
	r.load("courts", "1", people(seeded(t), "courts", 20))
	cut := papers(t, numbers(0, 50)...)
	b, err := os.ReadFile(cut)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, b[:len(b)-3], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Preview(ctx, "sltd", source.Documents, cut, ImportOptions{}); err == nil {
		t.Error("a file that is cut off")
	}
	_, err = r.Preview(ctx, "sltd", source.Documents, papers(t, numbers(0, 50)...), ImportOptions{MaxEntries: 49})
	wantCode(t, err, border.TooLarge)
	_, err = r.Preview(ctx, "courts", source.Documents, papers(t, numbers(0, 50)...), ImportOptions{})
	wantCode(t, err, border.Conflict)
	if got := r.documentFiles(); got != 0 {
		t.Errorf("%d files are left", got)
	}
	old := r.previewPapers("sltd", numbers(0, 50)...)
	r.loadPapers("sltd", numbers(0, 60)...)
	_, err = r.Confirm(ctx, old.ID, "B-1", "B-2")
	wantCode(t, err, border.Conflict)
	_, err = r.Preview(ctx, "sltd", source.CSV, csv(t, "1", people(seeded(t), "sltd", 3)), ImportOptions{})
	wantCode(t, err, border.Conflict)
	if err := r.Discard(ctx, old.ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if got := r.documentFiles(); got != 1 {
		t.Errorf("%d files, want that in force", got)
	}

	// Nothing is said of what is not known.
	digest, found := func() (border.BlindIndex, bool) {
		s := r.station()
		r.follow(s)
		return s.Current()[0].Documents.Find("UTO", "P", "L00000001")
	}()
	if listed, err := r.Listed(ctx, []border.BlindIndex{digest, {1}}); !found || err != nil || !listed[digest] || listed[border.BlindIndex{1}] || len(listed) != 2 {
		t.Errorf("%v %v", listed, err)
	}
	if err := os.Truncate(r.documentPath(r.documents.stores[0].digest), 100); err != nil {
		t.Fatal(err)
	}
	r.reopen()
	if listed, err := r.Listed(ctx, []border.BlindIndex{digest}); err != nil || len(listed) != 0 {
		t.Errorf("from a damaged file: %v %v", listed, err)
	}
	r.loadPapers("sltd", numbers(0, 60)...) // as said: import it again
	if listed, err := r.Listed(ctx, []border.BlindIndex{digest}); err != nil || !listed[digest] {
		t.Errorf("imported again: %v %v", listed, err)
	}
}

// A power cut at any step of an import leaves what was listed before, or what is after: at the
// hub and for posts alike; and work goes on.
func TestDocumentsCrash(t *testing.T) {
	for name, floor := range map[string]int{"changes": 100, "a new filter": 1} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Rules{DocumentFloor: floor, DocumentShare: 0.001})
			r.load("courts", "1", people(seeded(t), "courts", 5))
			r.loadPapers("sltd", numbers(0, 50)...)
			copies, at := map[string]string{}, []string(nil)
			r.fault = func(step string) {
				if copies[step] == "" {
					at, copies[step] = append(at, step), t.TempDir()
					copyDir(t, r.dir, copies[step])
				}
			}
			r.loadPapers("sltd", numbers(10, 61)...)
			r.fault = func(string) {}
			if d := cmp.Diff([]string{"writing documents", "filter", "writing", "files", "rows", "committed"}, at); d != "" {
				t.Fatal(d)
			}
			for _, step := range at {
				k, err := openAt(t.Context(), r, copies[step])
				if err != nil {
					t.Fatalf("%s: %v", step, err)
				}
				t.Cleanup(func() { k.Close() })
				was := &rig{Keeper: k, t: t, dir: copies[step], clock: r.clock, keys: r.keys, rules: r.rules, log: r.log}
				s := was.station()
				if step == "committed" {
					was.want(s, numbers(10, 61), numbers(0, 10)...)
				} else {
					was.want(s, numbers(0, 50), numbers(50, 61)...)
				}
				was.filesAreNamed()
				was.loadPapers("sltd", numbers(20, 70)...)
				was.want(s, numbers(20, 70), numbers(0, 20)...)
				was.byHand(Proposal{Op: Add, Entry: &watch.Entry{Source: "hand", ID: "H1", Handling: watch.Refer, Names: []watch.Name{{Surname: "KELO", GivenNames: "MINU"}}, LegalBasis: "Order KELO"}})
				was.want(s, numbers(20, 70), numbers(0, 20)...)
				if got := was.documentFiles(); got > 2 { // one may be of an import that waits
					t.Errorf("%s: %d files of documents", step, got)
				}
			}
		})
	}
}
