package counter

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/papers"
	"garita/border/seal"
	"garita/ui/gate/gatetest"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
)

// fakePapers draws nothing, and reads a letter with a number in it.
type fakePapers struct{ err error }

func (f fakePapers) Read(context.Context, []byte) (*papers.Contents, error) {
	return &papers.Contents{Kind: papers.PDF, Texts: []string{"Visa letter UT-4417-2026", ""}}, f.err
}

func (f fakePapers) Draw(_ context.Context, _ []byte, page, width, _ int) (*papers.Picture, error) {
	return &papers.Picture{JPEG: []byte("page " + strconv.Itoa(page) + " of " + strconv.Itoa(width))}, f.err
}

// TestPapers attaches a paper in pieces and looks at it. What is read of a recorded crossing is told first.
func TestPapers(t *testing.T) {
	acts := new(gatetest.Acts)
	s := serve(t, func(cfg *Config) { cfg.Audit, cfg.Papers = acts, fakePapers{} })
	const at, upload = "/counters/PROCEED/", "0123456789abcdef0123456789abcdef"
	keep := `{"encounter":"` + ref(1).String() + `","upload":"` + upload + `","length":16,"kind":"visa_letter"}`
	hash := border.Digest{2}.String()
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		has                      string
		told                     int
	}{
		{"nothing has come", "POST", "papers", keep, 409, "whole", 0},
		{"the second piece first", "POST", "paper-pieces/" + upload + "/8", "12345678", 409, "whole", 0},
		{"a piece", "POST", "paper-pieces/" + upload + "/0", "%PDF-1.4", 200, "", 0},
		{"half of it", "POST", "papers", keep, 409, "whole", 0},
		{"the rest", "POST", "paper-pieces/" + upload + "/8", "12345678", 200, "", 0},
		{"attached", "POST", "papers", keep, 200, "UT-4417-2026", 0},
		{"once", "POST", "papers", keep, 409, "whole", 0},
		{"no name of a paper that comes", "POST", "paper-pieces/x/0", "%PDF-1.4", 422, "out of step", 0},
		{"looked at", "GET", "papers/" + ref(1).String() + "/" + hash, "", 200, "UT-4417-2026", 0},
		{"a page", "GET", "papers/" + ref(1).String() + "/" + hash + "/pages/1", "", 200, "page 1 of 1600", 0},
		{"a small one", "GET", "papers/" + ref(1).String() + "/" + hash + "/pages/0?size=small", "", 200, "page 0 of 200", 0},
		{"of a crossing", "GET", "papers/" + ref(99).String() + "/" + hash + "/pages/0", "", 200, "page 0", 1},
		{"no paper", "GET", "papers/" + ref(1).String() + "/" + border.Digest{1}.String(), "", 404, "No such file", 0},
		{"no page", "GET", "papers/" + ref(1).String() + "/" + hash + "/pages/20", "", 422, "out of step", 0},
	} {
		got := s.do(c.method, at+c.path, c.body, nil)
		if got.status != c.status || !strings.Contains(got.body, c.has) {
			t.Errorf("%s: %d %.300s\nwant %d with %q", c.name, got.status, got.body, c.status, c.has)
		}
		if got.status == 200 && c.method == "GET" && got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: it may be kept", c.name)
		}
		if n := len(acts.Told()); n != c.told {
			t.Errorf("%s: told %d times, want %d", c.name, n, c.told)
		}
	}
}

// TestLargestPaper: what may be attached can be kept, and reaches the hub: rooms that do not know one another bound it.
func TestLargestPaper(t *testing.T) {
	if papers.MaxBytes > seal.MaxAttachment {
		t.Errorf("papers have up to %d bytes, and %d can be sealed", papers.MaxBytes, seal.MaxAttachment)
	}
}

// TestUploads: a paper is its officer's and its counter's, has an end in time and in bytes.
func TestUploads(t *testing.T) {
	var u uploads
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	add := func(by, id string, offset, n int, at time.Time) error {
		return u.add("1", by, id, offset, make([]byte, n), at)
	}
	if err := add("1001", "a", 0, 10, now); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"by somebody else":  add("1002", "a", 10, 1, now),
		"of another paper":  add("1001", "b", 10, 1, now),
		"with a gap":        add("1001", "a", 11, 1, now),
		"empty":             add("1001", "a", 10, 0, now),
		"at another":        u.add("2", "1001", "a", 10, []byte("x"), now),
		"beyond all limits": add("1001", "a", 10, papers.MaxBytes, now),
		"after that":        add("1001", "a", 10, 1, now),
	} {
		if err == nil {
			t.Errorf("a piece %s is taken", name)
		}
	}
	if err := add("1001", "c", 0, 10, now); err != nil {
		t.Fatal(err)
	}
	if _, err := u.take("1", "1001", "c", 10, now.Add(uploadLife+time.Second)); err == nil {
		t.Error("a paper of long ago is taken")
	}
	if got, err := u.take("1", "1001", "c", 10, now); err != nil || len(got) != 10 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestPapersSpeak: all that is said of papers is the catalogue's, in every language.
func TestPapersSpeak(t *testing.T) {
	s := paperScreen(t, true)
	s.cfg.Papers = fakePapers{}
	to := i18n.Pseudo()
	w := s.words(to, "")
	v := counter.View{Counter: "1", Encounter: &counter.EncounterView{ID: ref(1), Files: []counter.FileView{
		{Kind: border.KindPaper, Hash: border.Digest{2}, Label: "visa_letter", Media: "application/pdf", Bytes: 5000, Pages: 3},
		{Kind: border.KindPaper, Hash: border.Digest{3}, Label: "Réservation <hôtel>", Media: "image/jpeg", Bytes: 1},
		{Kind: border.KindPaper, Hash: border.Digest{4}, Media: "image/jp2"},
		{Kind: border.KindPortrait, Hash: border.Digest{5}}}}}
	region := w.papers(v)
	if len(region.Rows) != 3 {
		t.Fatalf("%d papers are shown, not 3", len(region.Rows))
	}
	found := foundIn{Paper: w.paperWord(paperVisaLetter), Found: w.found([]papers.Finding{{Number: "1234567"}, {Page: 1, Lines: []string{"I<", "0"}}})}
	for name, data := range map[string]any{
		"r-papers":      region,
		"paper-found":   found,
		"paper-view":    paperView{Base: "/x/", Word: w.paperWord(""), Pages: []paperLeaf{{0, "1"}, {1, "2"}}, foundIn: found},
		"paper-dialogs": nil,
	} {
		html, err := s.layout.In(to).Fragment(name, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, bare := range i18ntest.Bare(string(html)) {
			t.Errorf("%s: %q went through no catalogue", name, bare)
		}
		if strings.Contains(string(html), "<hôtel>") {
			t.Errorf("%s: a name became markup", name)
		}
	}
}
