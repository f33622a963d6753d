package counter

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/ui/gate/gatetest"
)

// likeness is a picture of nobody: a face as a child draws it.
func likeness() []byte {
	const wide, high = 320, 400
	img := image.NewRGBA(image.Rect(0, 0, wide, high))
	in := func(x, y, cx, cy, rx, ry int) bool {
		dx, dy := float64(x-cx)/float64(rx), float64(y-cy)/float64(ry)
		return dx*dx+dy*dy <= 1
	}
	for y := range high {
		for x := range wide {
			c := color.RGBA{R: 0xcd, G: 0xd8, B: 0xe0, A: 0xff}
			switch {
			case in(x, y, 120, 190, 13, 9), in(x, y, 200, 190, 13, 9), in(x, y, 160, 268, 42, 8):
				c = color.RGBA{R: 0x3b, G: 0x2c, B: 0x26, A: 0xff}
			case in(x, y, 160, 130, 108, 78) && y < 150:
				c = color.RGBA{R: 0x4a, G: 0x35, B: 0x2a, A: 0xff}
			case in(x, y, 160, 205, 92, 122):
				c = color.RGBA{R: 0xc9, G: 0x95, B: 0x72, A: 0xff}
			case in(x, y, 160, 430, 150, 100):
				c = color.RGBA{R: 0x2f, G: 0x4b, B: 0x66, A: 0xff}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (f *fakeService) Keep(_ context.Context, k counter.KeepIn, content []byte) (border.Attachment, error) {
	return border.Attachment{Kind: k.Kind, Bytes: len(content)}, f.do("keep", k.At, k.Encounter, k.Kind, string(content))
}

func (f *fakeService) Remove(_ context.Context, at counter.At, encounter border.ID, hash border.Digest) error {
	return f.do("remove", at, encounter, hash)
}

// Attached gives a likeness for every portrait; of encounter 99, which was recorded.
func (f *fakeService) Attached(_ context.Context, encounter border.ID, hash border.Digest) (counter.File, error) {
	file := counter.File{Attachment: border.Attachment{Kind: border.KindPortrait, Media: "image/jpeg", Hash: hash}, Content: likeness(), Recorded: encounter == ref(99)}
	if hash == (border.Digest{2}) {
		file.Kind, file.Media = border.KindPaper, "application/pdf"
	}
	return file, f.do("attached", counter.At{}, encounter, hash)
}

// TestPictures sends a portrait, takes it away and shows it. What is read of a recorded crossing is told first.
func TestPictures(t *testing.T) {
	at, hash := counter.At{Counter: "PROCEED", Officer: "1041"}, border.Digest{1}
	for _, c := range []struct {
		name, method, path, body string
		want                     asked
		status                   int
		has                      string
		told                     int
	}{
		{"a portrait", "POST", "portrait", `{"encounter":"` + ref(1).String() + `","picture":"cGl4ZWxz"}`, asked{"keep", at, []any{ref(1), border.KindPortrait, "pixels"}}, 200, "The portrait is kept.", 0},
		{"taken away", "POST", "files-removed", `{"encounter":"` + ref(1).String() + `","file":"` + hash.String() + `"}`, asked{"remove", at, []any{ref(1), hash}}, 200, "It is removed.", 0},
		{"shown", "GET", "files/" + ref(1).String() + "/" + hash.String(), "", asked{"attached", counter.At{}, []any{ref(1), hash}}, 200, "\xff\xd8\xff", 0},
		{"shown of a crossing", "GET", "files/" + ref(99).String() + "/" + hash.String(), "", asked{"attached", counter.At{}, []any{ref(99), hash}}, 200, "\xff\xd8\xff", 1},
		{"no picture", "GET", "files/" + ref(1).String() + "/" + border.Digest{2}.String(), "", asked{"attached", counter.At{}, []any{ref(1), border.Digest{2}}}, 404, "no picture", 0},
		{"no name", "GET", "files/" + ref(1).String() + "/" + strings.Repeat("z", 64), "", asked{}, 422, "out of step", 0},
		{"nobody", "POST", "portrait", `{"picture":"cGl4ZWxz"}`, asked{}, 422, "out of step", 0},
		{"no base64", "POST", "portrait", `{"encounter":"` + ref(1).String() + `","picture":"%%"}`, asked{}, 422, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			acts := new(gatetest.Acts)
			s := serve(t, func(cfg *Config) { cfg.Audit = acts })
			got := s.do(c.method, "/counters/PROCEED/"+c.path, c.body, nil)
			if got.status != c.status || !strings.Contains(got.body, c.has) {
				t.Fatalf("%d %.200s\nwant %d with %q", got.status, got.body, c.status, c.has)
			}
			if got.status == http.StatusOK && got.header.Get("Cache-Control") != "no-store" && c.method == "GET" {
				t.Errorf("it may be kept: %q", got.header.Get("Cache-Control"))
			}
			if n := len(acts.Told()); n != c.told {
				t.Errorf("told %d times, want %d", n, c.told)
			}
			did := s.fake.did
			if c.want.What == "" {
				if len(did) != 0 {
					t.Errorf("%+v reached the service", did)
				}
				return
			}
			if len(did) != 1 {
				t.Fatalf("%d requests reached the service", len(did))
			}
			if diff := cmp.Diff(c.want, did[0]); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// portrayed is a traveller with a portrait, while others with one wait and are referred.
func portrayed(v *counter.View) {
	face := border.Digest{1}
	v.Encounter = encounter(verdict.Proceed)
	v.Encounter.Files = []counter.FileView{{Kind: border.KindPortrait, Hash: face, Media: "image/jpeg", Bytes: 30_000, TakenAt: noon}}
	v.Queue = []counter.QueueItem{{ID: ref(2), Surname: "ELPHBERG", GivenNames: "OSRA", Level: verdict.Proceed, Portrait: &face}, {ID: ref(3), Surname: "RASSENDYLL", GivenNames: "RUDOLF", Level: verdict.Look}}
	v.Referrals = referrals()
	v.Referrals[0].Portrait = &face
}
