package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// powerPatience bounds every wait for a program that was hurt.
const powerPatience = 60 * time.Second

// ended notes how a program ended and tells whoever wants to know.
func (d *Demo) ended(tell func(string, *os.ProcessState)) func(string, *os.ProcessState) {
	return func(program string, state *os.ProcessState) {
		d.mu.Lock()
		if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() && w.Signal() == syscall.SIGKILL {
			d.killed++
		}
		d.mu.Unlock()
		if tell != nil {
			tell(program, state)
		}
	}
}

// kills counts the programs that ended by SIGKILL.
func (d *Demo) kills() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.killed
}

// cut takes a program's power away and waits until it has come back.
func (d *Demo) cut(ctx context.Context, name string) error {
	before := d.kills()
	if err := d.signal(name, syscall.SIGKILL); err != nil {
		return err
	}
	return errors.Join(d.await(ctx, "garita-"+name+" is dead", func() bool { return d.kills() > before }), d.serves(ctx, name))
}

// halt ends a program in order and keeps it down.
func (d *Demo) halt(ctx context.Context, name string) error {
	if err := d.folder.write(name+".stopped", ""); err != nil {
		return err
	}
	if err := d.signal(name, syscall.SIGTERM); err != nil {
		return err
	}
	return d.await(ctx, "garita-"+name+" is down", func() bool {
		_, err := os.Stat(d.folder.path(name + ".pid"))
		return errors.Is(err, os.ErrNotExist)
	})
}

// resume lets a program that was halted run again.
func (d *Demo) resume(ctx context.Context, name string) error {
	if err := os.Remove(d.folder.path(name + ".stopped")); err != nil {
		return err
	}
	return d.serves(ctx, name)
}

func (d *Demo) signal(name string, s syscall.Signal) error {
	b, err := os.ReadFile(d.folder.path(name + ".pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return err
	}
	return syscall.Kill(pid, s)
}

// serves waits until a program answers; the station, until its readers are ready too.
func (d *Demo) serves(ctx context.Context, name string) error {
	if name == "hub" {
		return d.await(ctx, "the hub serves", func() bool { return d.capital.call(ctx, http.MethodGet, "/api/v1/register/counts", nil, nil) == nil })
	}
	ctx, stop := context.WithTimeout(ctx, powerPatience)
	defer stop()
	return d.awaitReaders(ctx, false)
}

func (d *Demo) await(ctx context.Context, what string, holds func() bool) error {
	for end := time.Now().Add(powerPatience); !holds(); pause(ctx, 5*time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(end) {
			return fmt.Errorf("waited in vain until %s", what)
		}
	}
	return nil
}
