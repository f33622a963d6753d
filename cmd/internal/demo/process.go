package demo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// restartPause is how long a program that ended stays down before it is started again.
const restartPause = 100 * time.Millisecond

// stopPatience is how long a program may take to end after SIGTERM.
const stopPatience = 6 * time.Second

// process keeps one program running until its context ends, as systemd would. Its process
// id is in NAME.pid in the data folder; while NAME.stopped is there it is not started.
type process struct {
	folder  *folder
	name    string
	program string
	config  string

	ready chan struct{} // closed when the program first said that it serves
	once  sync.Once
}

func (f *folder) process(name string) *process {
	return &process{folder: f, name: name, program: filepath.Join(f.opt.Programs, "garita-"+name),
		config: f.path(name + ".toml"), ready: make(chan struct{})}
}

// run starts the program again and again until ctx ends. A program that cannot even start
// once is an error.
func (p *process) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if _, err := os.Stat(p.folder.path(p.name + ".stopped")); err == nil {
			pause(ctx, restartPause)
			continue
		}
		err := p.serve(ctx)
		select {
		case <-p.ready:
		default:
			if ctx.Err() == nil {
				return fmt.Errorf("start garita-%s: %w; see %s", p.name, errors.Join(err, errors.New("it ended before it served")), p.lastWords())
			}
		}
		pause(ctx, restartPause)
	}
	return nil
}

// lastWords says where the program's log is, and how it ends.
func (p *process) lastWords() string {
	path := p.folder.path(p.name + ".log")
	b, _ := os.ReadFile(path)
	b = bytes.TrimSpace(b)
	return path + ", which ends: " + string(b[max(0, len(b)-600):])
}

// serve runs the program until it ends or ctx does.
func (p *process) serve(ctx context.Context) error {
	log, err := os.OpenFile(p.folder.path(p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, p.program, "run", "--config", p.config)
	cmd.Stderr = log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopPatience
	// The programs end with the demo, whatever ends it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := p.folder.write(p.name+".pid", strconv.Itoa(cmd.Process.Pid)+"\n"); err != nil {
		return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	// The first line says that the program serves; the pipe is drained to its end.
	r := bufio.NewReader(out)
	if _, err := r.ReadString('\n'); err == nil {
		p.once.Do(func() { close(p.ready) })
	}
	_, copyErr := io.Copy(io.Discard, r)
	err = cmd.Wait()
	if hear := p.folder.opt.Ended; hear != nil {
		hear(p.name, cmd.ProcessState)
	}
	return errors.Join(err, copyErr, os.Remove(p.folder.path(p.name+".pid")))
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
