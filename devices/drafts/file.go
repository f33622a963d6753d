package drafts

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"garita/border"
	"garita/devices/profile"
)

// maxFile bounds what is read: that many profiles of their largest size, and what else is
// known of each.
const maxFile = MaxProfiles * (2*profile.MaxFileBytes + 8<<10)

// file is how they are kept.
type file struct {
	Schema   int                     `json:"schema"`
	Profiles []border.LearnedProfile `json:"profiles"`
}

// Open reads the profiles of a station; "" keeps them in memory. A file that cannot be
// read is set aside under another name and said in fault: the station then has no learned
// profiles, and works. err is a fault of the disk.
func Open(path string, clock border.Clock) (d *Drafts, fault, err error) {
	d = &Drafts{path: path, clock: clock}
	if path == "" {
		return d, nil, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil, nil
	}
	fail := func(err error) (*Drafts, error, error) {
		return nil, nil, &border.Error{Code: border.Unavailable, Op: "read " + path, Err: err, Message: "The file of learned profiles cannot be read. Check the disk and who may read it."}
	}
	if err != nil {
		return fail(err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return fail(err)
	}
	if d.all, fault = read(b); fault != nil {
		if err := os.Rename(path, path+".damaged"); err != nil {
			return fail(err)
		}
	}
	return d, fault, nil
}

// read reads a file whole. Every profile in it is checked as if it came from outside: a disk may be
// another station's.
func read(b []byte) ([]border.LearnedProfile, error) {
	wrong := func(err error) ([]border.LearnedProfile, error) {
		return nil, &border.Error{Code: border.Invalid, Op: "read learned profiles", Err: err,
			Message: "The file of learned profiles is damaged and was set aside. Teach the readers again, or bring the file back from a backup."}
	}
	if len(b) > maxFile {
		return wrong(errors.New("too long"))
	}
	var f file
	in := json.NewDecoder(bytes.NewReader(b))
	if err := in.Decode(&f); err != nil || f.Schema != 1 || len(f.Profiles) > MaxProfiles {
		return wrong(err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return wrong(errors.New("something follows"))
	}
	states := []string{border.ProfileDraft, border.ProfileTried, border.ProfileProposed, border.ProfileInForce, border.ProfileRefused, border.ProfileWithdrawn}
	seen := make(map[string]bool)
	for _, p := range f.Profiles {
		made, err := New(p.TOML, p.Path, nil)
		alone := p.State == border.ProfileInForce && (p.DecidedBy == "" || slices.Contains([]string{p.TaughtBy, p.TriedBy, p.ProposedBy}, p.DecidedBy))
		if err != nil || made.ID != p.ID || made.Hash != p.Hash || seen[p.ID] || alone || !slices.Contains(states, p.State) {
			return wrong(err)
		}
		seen[p.ID] = true
	}
	return f.Profiles, nil
}

// write replaces the file: written beside, synced, renamed, the folder synced.
func (d *Drafts) write(all []border.LearnedProfile) error {
	if d.path == "" {
		return nil
	}
	b, err := json.MarshalIndent(file{1, all}, "", " ")
	if err != nil {
		return err
	}
	tmp := d.path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, d.path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(d.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
