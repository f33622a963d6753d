package counter

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
	"garita/ui/layout"
)

// files adds what is done about pictures.
func (s *screen) files(add func(method, path string, h fiber.Handler)) {
	const at = "/counters/:counter"
	add(fiber.MethodPost, at+"/portrait", s.portrait)
	add(fiber.MethodPost, at+"/files-removed", s.removeFile)
	add(fiber.MethodGet, at+"/files/:encounter/:file", s.picture)
}

// portrait keeps the picture that the officer has taken with the counter's camera.
func (s *screen) portrait(c *fiber.Ctx) error {
	var in struct {
		about
		Picture []byte `json:"picture"` // JPEG
	}
	if err := body(c, &in); err != nil {
		return err
	}
	id, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if _, err := s.service(c).Keep(ctx, counter.KeepIn{At: at(c), Encounter: id, Kind: border.KindPortrait}, in.Picture); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("The portrait is kept.")})
}

// removeFile takes a file away again that was attached to the open person.
func (s *screen) removeFile(c *fiber.Ctx) error {
	var in struct {
		about
		File string `json:"file"` // its SHA-256
	}
	if err := body(c, &in); err != nil {
		return err
	}
	id, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	var hash border.Digest
	if hash.UnmarshalText([]byte(in.File)) != nil {
		return errOutOfStep
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).Remove(ctx, at(c), id, hash); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("It is removed.")})
}

// picture gives a portrait or the picture of a data page: of somebody who is here, as the screen shows
// them, or of a recorded crossing, and then the reading is recorded first.
func (s *screen) picture(c *fiber.Ctx) error {
	id, err := encounterID(c.Params("encounter"))
	if err != nil {
		return err
	}
	var hash border.Digest
	if hash.UnmarshalText([]byte(c.Params("file"))) != nil {
		return errOutOfStep
	}
	ctx, cancel := limited(c)
	defer cancel()
	f, err := s.service(c).Attached(ctx, id, hash)
	if err != nil {
		return err
	}
	defer clear(f.Content)
	if f.Media != "image/jpeg" || f.Kind != border.KindPortrait && f.Kind != border.KindDataPage {
		return &border.Error{Code: border.NotFound, Op: "show a picture", Message: "This is no picture."}
	}
	if f.Recorded {
		if err := s.reads(ctx, c, id); err != nil {
			return err
		}
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, f.Media)
	return c.Send(append([]byte(nil), f.Content...)) // the answer is written after this returns
}

// face is where the portrait of an encounter is; "" if none was taken.
func face(c border.CounterID, encounter border.ID, hash *border.Digest) string {
	if hash == nil {
		return ""
	}
	return strings.Join([]string{"/counters", string(c), "files", encounter.String(), hash.String()}, "/")
}

// portraitOf is where the portrait of the open encounter is; "" if none was taken.
func portraitOf(v *counter.View) string {
	for _, f := range v.Encounter.Files {
		if f.Kind == border.KindPortrait {
			return face(v.Counter, v.Encounter.ID, &f.Hash)
		}
	}
	return ""
}
