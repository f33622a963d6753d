package watchlists

import (
	"context"
	"os"
	"path/filepath"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/watch/source"
	"garita/ui/layout"
)

// read reads a file and leads to what importing it would change.
func (s *screen) read(c *fiber.Ctx) error {
	f := readImportForm(c)
	again := func(err error, r *source.Report) error {
		p, broken := s.importPage(layout.Printer(c), f)
		if broken != nil {
			return broken
		}
		if r != nil && (r.Bytes > 0 || len(r.Problems) > 0) {
			p.Import.Report = reportOf(layout.Printer(c), r)
		}
		return s.failed(c, p, err)
	}
	o, err := f.options()
	if err != nil {
		return again(err, nil)
	}
	o.By = badge(c)
	path, uploaded, err := s.pathOf(f.File, c.FormValue("upload"))
	if err != nil {
		return again(err, nil)
	}
	if !s.reading.TryLock() {
		return again(&border.Error{Code: border.Unavailable, Op: "read a file", Message: "Another file is being read just now. Wait until it is done, then press the button again."}, nil)
	}
	defer s.reading.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), importTimeout)
	defer cancel()
	preview, err := s.cfg.Lists.Preview(ctx, f.Source, source.Kind(f.Kind), path, o)
	if uploaded {
		if gone := os.RemoveAll(path); gone != nil {
			s.cfg.Log.Error("an uploaded file could not be taken away", "error", gone)
		}
	}
	if err := s.did(c, border.Act{Action: string(access.ListsWork), Object: "read " + preview.ID.String()}, err); err != nil {
		return again(err, &preview.Report)
	}
	return c.Redirect("/lists/imports/"+preview.ID.String(), fiber.StatusSeeOther)
}

// pathOf finds the file of a form: one of the imports folder, or what was uploaded.
func (s *screen) pathOf(file, upload string) (path string, uploaded bool, err error) {
	const op = "find the file of an import"
	missing := &border.Error{Code: border.Invalid, Op: op, Message: "Choose a file, or one of the imports folder."}
	switch {
	case s.cfg.Imports == "":
		return "", false, missing
	case file != "" && fileName.MatchString(file):
		return filepath.Join(s.cfg.Imports, file), false, nil
	case file == "" && uploadID.MatchString(upload):
		if _, err := os.Stat(s.uploadsOf(upload)); err != nil {
			return "", false, missing
		}
		return s.uploadsOf(upload), true, nil
	}
	return "", false, missing
}
