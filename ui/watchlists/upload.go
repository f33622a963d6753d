package watchlists

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// Uploads come in pieces, because the server takes no large bodies: each is appended to the
// file it belongs to, at an offset that must be the file's size. Nothing of them is in memory.
const (
	uploadsFolder = ".uploads"
	uploadMax     = 512 << 20     // bytes of one file; a bigger one is put in the folder
	uploadFiles   = 8             // of one import: OFAC's are four
	uploadKept    = 2 * time.Hour // files that nobody has read by then are taken away
	uploadRoom    = 2 << 30       // bytes of all uploads together
)

var uploadID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// upload takes one piece of a file.
func (s *screen) upload(c *fiber.Ctx) error {
	const op = "take a piece of a file"
	id, name := c.Params("upload"), c.Params("name")
	offset, err := strconv.ParseInt(c.Query("offset"), 10, 64)
	if s.cfg.Imports == "" || err != nil || offset < 0 || !uploadID.MatchString(id) || !fileName.MatchString(name) {
		return &border.Error{Code: border.Invalid, Op: op, Message: "A file's name has letters of A–Z, digits, dots and dashes only. Rename it and try again."}
	}
	piece := c.Body()
	if offset+int64(len(piece)) > uploadMax {
		return &border.Error{Code: border.TooLarge, Op: op, Message: "The file is too large to be sent by a browser. Put it in the imports folder of the hub."}
	}
	s.uploading.Lock()
	defer s.uploading.Unlock()
	if offset == 0 {
		if err := s.makeRoom(id); err != nil {
			return err
		}
	}
	at, err := appendPiece(s.uploadsOf(id), name, offset, piece)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Size int64 `json:"size"`
	}{at})
}

func (s *screen) uploadsOf(id string) string { return filepath.Join(s.cfg.Imports, uploadsFolder, id) }

// appendPiece writes a piece and returns the file's size.
func appendPiece(folder, name string, offset int64, piece []byte) (size int64, err error) {
	const op = "keep a piece of a file"
	internal := func(err error) error { return &border.Error{Code: border.Internal, Op: op, Err: err} }
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return 0, internal(err)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) >= uploadFiles && offset == 0 {
		return 0, errors.Join(err, &border.Error{Code: border.TooLarge, Op: op, Message: "Too many files for one import."})
	}
	flags := os.O_WRONLY | os.O_CREATE
	if offset == 0 {
		flags |= os.O_TRUNC // sent anew
	}
	f, err := os.OpenFile(filepath.Join(folder, name), flags, 0o600)
	if err != nil {
		return 0, internal(err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() != offset {
		err = &border.Error{Code: border.Conflict, Op: op, Message: "A piece of the file is missing. Send it again from the start."}
	}
	if err == nil {
		if _, err = f.WriteAt(piece, offset); err != nil {
			err = internal(err)
		}
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	return offset + int64(len(piece)), nil
}

// makeRoom takes away what nobody has read, and refuses what would be too much.
func (s *screen) makeRoom(except string) error {
	const op = "make room for a file"
	root := filepath.Join(s.cfg.Imports, uploadsFolder)
	folders, err := os.ReadDir(root)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	var total int64
	for _, folder := range folders {
		path := filepath.Join(root, folder.Name())
		var newest time.Time
		files, err := os.ReadDir(path)
		if err != nil {
			continue // read and taken away just now
		}
		for _, file := range files {
			if info, err := file.Info(); err == nil {
				total += info.Size()
				if info.ModTime().After(newest) {
					newest = info.ModTime()
				}
			}
		}
		// The files' times are the machine's own clock, as is what they are compared with.
		if folder.Name() != except && s.cfg.Clock.Now().Sub(newest) > uploadKept {
			if err := os.RemoveAll(path); err != nil {
				return &border.Error{Code: border.Internal, Op: op, Err: err}
			}
		}
	}
	if total > uploadRoom {
		return &border.Error{Code: border.Unavailable, Op: op, Message: "Too many files wait to be read. Try again in two hours, or put the file in the imports folder."}
	}
	return nil
}
