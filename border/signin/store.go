package signin

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"garita/border"
	"garita/border/sqlite"
	"garita/migrations"
)

// store is access.db, which one program has at a time. It knows transactions, not rules.
type store struct {
	*sqlite.DB
	lock *os.File
}

func openStore(ctx context.Context, dir string) (*store, error) {
	files, err := fs.Sub(migrations.SignIn, "signin")
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "read migrations", Err: err}
	}
	s := &store{}
	if s.lock, err = os.OpenFile(filepath.Join(dir, "access.lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "lock the sign-in", Err: err}
	}
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = s.lock.Close() // nothing was written
		return nil, &border.Error{Code: border.Conflict, Op: "lock the sign-in", Err: err,
			Message: "Another program signs people in on this data folder. Stop it first, or use another folder."}
	}
	s.DB, err = sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(dir, "access.db"), Migrations: files, Name: "the sign-in's database",
		Failed: "Sign-in could not write what it must remember. Nothing has changed: try again.",
		Damaged: func(what string) error {
			return &border.Error{Code: border.Internal, Op: "check the sign-in's database", Err: errors.New(what),
				Message: "The sign-in's database is damaged. Move access.db away: sessions and locks are lost, accounts are not."}
		}})
	if err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	return s, nil
}

func (s *store) close() error { return errors.Join(s.Close(), s.lock.Close()) }
