package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"garita/border"
)

// AttachmentsDir is the name of the folder of attachments in a station's data folder.
const AttachmentsDir = "attachments"

// MaxAttachment bounds the plaintext of an attachment in bytes: the largest are papers, see border/papers.
const MaxAttachment = 10 << 20

// MaxSealed bounds a sealed attachment in bytes.
const MaxSealed = MaxAttachment + attachmentHead + 64

// A sealed attachment begins with attachmentMagic and the length and name of its data key, in
// the open; then come nonce, ciphertext and tag.
const (
	attachmentMagic = "GAT1"
	attachmentHead  = len(attachmentMagic) + 1 + 255 // at most
)

// unfinished begins the names of files that are being written.
const unfinished = ".writing-"

// Attachments keeps sealed files beside a station's journal: each is named by the SHA-256 of
// its bytes, and is on the disk before anything names it. Safe for concurrent use.
type Attachments struct {
	dir  string
	keys *StationKeys

	marking sync.Mutex // held while the marks are read or written
}

// OpenAttachments opens the folder of attachments in a station's data folder, and makes it if
// there is none.
func OpenAttachments(data string, keys *StationKeys) (*Attachments, error) {
	dir := filepath.Join(data, AttachmentsDir)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, &border.Error{Code: border.Internal, Op: "open the attachments", Err: err}
	}
	return &Attachments{dir: dir, keys: keys}, nil
}

// attachmentAAD binds a file to its encounter and kind, so that it opens for nobody else.
func attachmentAAD(encounter border.ID, kind string) []byte {
	return []byte("attachment/" + encounter.String() + "/" + kind)
}

// Put seals a file under the bucket's personal key. It is on the disk when it returns nil: temporary
// file, sync, rename, sync of the folder. The answer has its name and size.
func (a *Attachments) Put(ctx context.Context, bucket string, encounter border.ID, kind string, plain []byte) (border.Attachment, error) {
	const op = "keep an attachment"
	if len(plain) == 0 || len(plain) > MaxAttachment {
		return border.Attachment{}, &border.Error{Code: border.TooLarge, Op: op, Message: "What is to be attached is empty or too large."}
	}
	keys, err := a.keys.Ready(ctx, bucket)
	if err != nil {
		return border.Attachment{}, err
	}
	k := keys.personal
	b := make([]byte, 0, len(attachmentMagic)+1+len(k.id)+len(plain)+k.aead.Overhead())
	b = append(append(append(b, attachmentMagic...), byte(len(k.id))), k.id...)
	b = k.aead.Seal(b, nil, plain, attachmentAAD(encounter, kind))
	hash := border.Digest(sha256.Sum256(b))
	if err := a.write(hash, b); err != nil {
		code := border.NotDurable
		if isNoSpace(err) {
			code = border.StorageFull
		}
		return border.Attachment{}, &border.Error{Code: code, Op: op, Message: "The disk did not keep the image. Try again; if this goes on, call the technician.", Err: err}
	}
	return border.Attachment{Kind: kind, Hash: hash, Bytes: len(b)}, nil
}

func (a *Attachments) write(hash border.Digest, b []byte) error { return a.writeFile(hash.String(), b) }

// writeFile writes a file of the folder, whole or not at all.
func (a *Attachments) writeFile(name string, b []byte) error {
	f, err := os.CreateTemp(a.dir, unfinished+"*") // created with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(a.dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	// The folder itself may be as new. It is not synced at the opening: a disk that fails
	// just then must not keep the station from recording.
	return errors.Join(syncDir(a.dir), syncDir(filepath.Dir(a.dir)))
}

func (a *Attachments) path(hash border.Digest) string { return filepath.Join(a.dir, hash.String()) }

// Open returns the plaintext of an attachment of an encounter. [border.NotFound]: the file is
// gone. [ErrNoKey]: its key was destroyed. [border.Invalid]: it is damaged, or another's.
func (a *Attachments) Open(encounter border.ID, at *border.Attachment) ([]byte, error) {
	const op = "open an attachment"
	b, err := ReadAttachment(a.dir, at.Hash)
	if err != nil {
		return nil, err
	}
	id, sealed, ok := splitAttachment(b)
	if !ok {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The attachment is damaged."}
	}
	k, err := a.keys.find(id)
	if err != nil {
		return nil, err
	}
	plain, err := k.aead.Open(nil, nil, sealed, attachmentAAD(encounter, at.Kind))
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The attachment is damaged, or is not of this encounter.", Err: err}
	}
	return plain, nil
}

// Sealed returns a sealed file as it lies on the disk, checked against its name, for the way to the hub.
// The errors are those of [ReadAttachment].
func (a *Attachments) Sealed(hash border.Digest) ([]byte, error) { return ReadAttachment(a.dir, hash) }

// OpenAttachment opens the bytes of a station's sealed attachment at the hub. [ErrNoKey]: its key was
// destroyed, or has not come yet. [border.Invalid]: it is damaged, or another's.
func (h *HubKeys) OpenAttachment(station border.StationID, encounter border.ID, kind string, sealed []byte) ([]byte, error) {
	const op = "open an attachment"
	id, rest, ok := splitAttachment(sealed)
	if !ok {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The attachment is damaged."}
	}
	k, err := h.find(station, id)
	if err != nil {
		return nil, err
	}
	plain, err := k.aead.Open(nil, nil, rest, attachmentAAD(encounter, kind))
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The attachment is damaged, or is not of this encounter.", Err: err}
	}
	return plain, nil
}

// ReadAttachment reads a sealed file of the folder dir and checks its bytes against its name. It needs
// no keys. [border.NotFound]: it is gone. [border.Invalid]: its bytes are other ones.
func ReadAttachment(dir string, hash border.Digest) ([]byte, error) {
	const op = "read an attachment"
	f, err := os.Open(filepath.Join(dir, hash.String()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &border.Error{Code: border.NotFound, Op: op, Message: "The file of this attachment is gone.", Err: err}
	}
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(MaxSealed)))
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	if sha256.Sum256(b) != hash {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The file of this attachment does not fit its name."}
	}
	return b, nil
}

// splitAttachment takes a sealed file apart.
func splitAttachment(b []byte) (keyID string, sealed []byte, ok bool) {
	rest, ok := bytes.CutPrefix(b, []byte(attachmentMagic))
	if !ok || len(rest) < 1 || len(rest) < 1+int(rest[0]) {
		return "", nil, false
	}
	n := int(rest[0])
	return string(rest[1 : 1+n]), rest[1+n:], true
}

// List names the attachments that are on the disk.
func (a *Attachments) List() ([]border.Digest, error) { return ListAttachments(a.dir) }

// ListAttachments names the attachments in the folder dir; none if there is no such folder.
// What has another name is not listed.
func ListAttachments(dir string) ([]border.Digest, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &border.Error{Code: border.Internal, Op: "list the attachments", Err: err}
	}
	var out []border.Digest
	for _, e := range entries {
		var hash border.Digest
		if e.Type().IsRegular() && e.Name() == strings.ToLower(e.Name()) && hash.UnmarshalText([]byte(e.Name())) == nil {
			out = append(out, hash)
		}
	}
	return out, nil
}

// Has reports whether the file of an attachment is there. If the disk does not say, it counts as there.
func (a *Attachments) Has(hash border.Digest) bool {
	_, err := os.Stat(a.path(hash))
	return !errors.Is(err, fs.ErrNotExist)
}

// Remove removes attachments that nothing names. Those that are gone already do not matter.
func (a *Attachments) Remove(hashes ...border.Digest) error {
	var errs []error
	for _, h := range hashes {
		if err := os.Remove(a.path(h)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(append(errs, syncDir(a.dir))...); err != nil {
		return &border.Error{Code: border.Internal, Op: "remove attachments", Err: err}
	}
	return nil
}

// RemoveUnfinished removes what was being written when the station stopped. Call it before
// the first Put.
func (a *Attachments) RemoveUnfinished() error {
	left, err := filepath.Glob(filepath.Join(a.dir, unfinished+"*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "remove unfinished attachments", Err: err}
	}
	return nil
}

// Bucket returns the retention bucket of an attachment's key; false if that key is not held. Of one whose
// key is gone nobody can say whether an event names it, for the names in events lie under such keys too.
func (a *Attachments) Bucket(hash border.Digest) (bucket string, held bool) {
	f, err := os.Open(a.path(hash))
	if err != nil {
		return "", false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, int64(attachmentHead)))
	if err != nil {
		return "", false
	}
	id, _, ok := splitAttachment(head)
	if !ok {
		return "", false
	}
	if bucket, err = a.keys.Bucket(id); err != nil {
		return "", false
	}
	return bucket, true
}

func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// syncDir makes what was done in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
