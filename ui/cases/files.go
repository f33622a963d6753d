package cases

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/archive"
	"garita/ui/i18n"
)

// Files are what posts attached to crossings, as far as it has arrived: [archive.Archive].
type Files interface {
	Files(ctx context.Context, crossing border.ID) ([]archive.Filed, error)
	Read(ctx context.Context, crossing border.ID, hash border.Digest) (archive.Filed, []byte, error)
	Progress(ctx context.Context, crossings []border.ID) (archive.Progress, error)
}

// attached is a file of a crossing in words. Of what is shown to nobody, or has not arrived, there is no URL.
type attached struct{ What, URL, State string }

// kindWords name what is attached.
var kindWords = map[string]i18n.Msg{border.KindPortrait: "Portrait taken at the counter", border.KindDataPage: "Data page of the document",
	border.KindPaper: "file::Paper", border.KindFinger: "file::Fingerprint"}

// attachedTo puts the files of a crossing into words, and says where its portrait is; "" if none has arrived.
func attachedTo(w *i18n.Printer, crossing border.ID, files []archive.Filed) (out []attached, portrait string) {
	for _, f := range files {
		a := attached{What: w.T(kindWords[f.Kind])}
		if f.Label != "" {
			a.What += ": " + f.Label
		}
		switch {
		case f.State == archive.Waiting:
			a.State = w.T("Not yet arrived")
		case f.State == archive.Lost:
			a.State = w.T("Lost: the post has it no more")
		case f.Kind == border.KindFinger:
			a.State = w.T("Shown to nobody")
		case f.Media == "image/jpeg":
			a.URL = "/crossings/" + crossing.String() + "/files/" + f.Hash.String()
		}
		if f.Kind == border.KindPortrait {
			portrait = a.URL
		}
		out = append(out, a)
	}
	return out, portrait
}

// addFiles puts what was attached beside each crossing of a case, and the newest portrait beside the traveller.
func (s *screen) addFiles(ctx context.Context, w *i18n.Printer, v *filePage) error {
	if s.cfg.Files == nil {
		return nil
	}
	for i := range v.Sightings {
		t := &v.Sightings[i]
		files, err := s.cfg.Files.Files(ctx, t.crossing)
		if err != nil {
			return err
		}
		var portrait string
		t.Files, portrait = attachedTo(w, t.crossing, files)
		if v.Portrait == "" {
			v.Portrait = portrait
		}
	}
	return nil
}

// picture gives a picture that a post attached to a crossing, once the reading is recorded.
func (s *screen) picture(c *fiber.Ctx) error {
	gone := &border.Error{Code: border.NotFound, Op: "show a picture", Message: "This is no picture."}
	id, err := border.ParseID(c.Params("crossing"))
	var hash border.Digest
	if err != nil || hash.UnmarshalText([]byte(c.Params("file"))) != nil || s.cfg.Files == nil {
		return gone
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	if err := access.Told(ctx, s.cfg.Audit, border.Act{Action: string(access.CasesRead), Object: id.String()}); err != nil {
		return err
	}
	f, b, err := s.cfg.Files.Read(ctx, id, hash)
	if err != nil {
		return err
	}
	defer clear(b)
	if f.Media != "image/jpeg" {
		return gone
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, f.Media)
	return c.Send(append([]byte(nil), b...)) // the answer is written after this returns
}
