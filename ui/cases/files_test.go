package cases

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"garita/border"
	"garita/border/access"
	"garita/border/archive"
	"garita/ui/i18n"
)

// shelf is an archive that holds a portrait, waits for a paper, and has a finger image.
type shelf struct {
	asked []border.ID
	here  atomic.Int64                // below 0: it fails
	about atomic.Pointer[[]border.ID] // the crossings whose progress was asked for
}

var filed = []archive.Filed{
	{Attachment: border.Attachment{Kind: border.KindPortrait, Media: "image/jpeg", Hash: border.Digest{1}}, State: archive.Here},
	{Attachment: border.Attachment{Kind: border.KindPaper, Media: "application/pdf", Label: "visa letter", Hash: border.Digest{2}}, State: archive.Waiting},
	{Attachment: border.Attachment{Kind: border.KindFinger, Hash: border.Digest{3}}, State: archive.Here},
}

func (s *shelf) Files(context.Context, border.ID) ([]archive.Filed, error) { return filed, nil }

func (s *shelf) Progress(_ context.Context, crossings []border.ID) (archive.Progress, error) {
	s.about.Store(&crossings)
	here := int(s.here.Load())
	if here < 0 {
		return archive.Progress{}, errors.New("the archive is busy")
	}
	return archive.Progress{Named: len(filed), Here: here}, nil
}

func (s *shelf) Read(_ context.Context, crossing border.ID, hash border.Digest) (archive.Filed, []byte, error) {
	s.asked = append(s.asked, crossing)
	for _, f := range filed {
		if f.Hash == hash {
			return f, []byte("\xff\xd8\xff pixels"), nil
		}
	}
	return archive.Filed{}, nil, &border.Error{Code: border.NotFound, Op: "test", Message: "The crossing names no such file."}
}

// A case shows the portrait that has arrived and says what has not; each picture is given once that is told.
func TestFilesOfACase(t *testing.T) {
	all, portrait := attachedTo(i18n.In(i18n.English), border.ID{7}, filed)
	if portrait == "" || all[0].URL != portrait || all[0].State != "" || all[1].State != "Not yet arrived" || all[1].URL != "" || !strings.HasSuffix(all[1].What, "visa letter") ||
		all[2].URL != "" || all[2].State != "Shown to nobody" {
		t.Errorf("in words: %+v, portrait %q", all, portrait)
	}
	s := newSiteWith(t, func(c *Config) { c.Files = &shelf{} })
	s.put(entry("C-1", bruno, "open"))
	s.pass(bruno, nil)
	page := s.get("/cases/" + s.find("court/C-1").ID.String())
	for _, want := range []string{`class="case-portrait"`, "visa letter", "Not yet arrived", "Shown to nobody"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the case does not show %q", want)
		}
	}
	s.acts.Told()
	at := "/crossings/" + border.ID{7, 6: 0x70, 8: 0x80}.String() + "/files/"
	if got := s.get(at + border.Digest{1}.String()); got.status != http.StatusOK || !strings.HasPrefix(got.body, "\xff\xd8\xff") {
		t.Errorf("the portrait: %d", got.status)
	}
	if told := s.acts.Told(); len(told) != 1 || told[0].Action != string(access.CasesRead) {
		t.Errorf("told: %+v", told)
	}
	for _, path := range []string{border.Digest{2}.String(), border.Digest{3}.String(), border.Digest{9}.String(), "x"} {
		if got := s.get(at + path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}
