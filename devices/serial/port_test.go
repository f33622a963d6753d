package serial

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"garita/border"
	"garita/devices"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

const timeout = 200 * time.Millisecond

// line opens a pseudo-terminal and the port at its end.
func line(t *testing.T) (master *os.File, p *Port, path string) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	path = slave.Name()
	t.Cleanup(func() { _, _ = master.Close(), slave.Close() })
	p, err = Open(Config{Path: path, Baud: 9600, ReadTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return master, p, path
}

func TestReadGivesBytesAndSilence(t *testing.T) {
	master, p, _ := line(t)
	buf := make([]byte, 64)
	if n, err := p.Read(t.Context(), buf); n != 0 || err != nil {
		t.Fatalf("silent line: %d, %v; want 0, nil", n, err)
	}
	if _, err := master.Write([]byte("AB\r\n\x02\x03\x00\x1a\xff")); err != nil {
		t.Fatal(err)
	}
	got := ""
	for len(got) < 9 {
		n, err := p.Read(t.Context(), buf)
		if err != nil || n == 0 {
			t.Fatalf("read %d, %v after %q", n, err, got)
		}
		got += string(buf[:n])
	}
	if got != "AB\r\n\x02\x03\x00\x1a\xff" {
		t.Errorf("the line changed the bytes: %q", got)
	}
}

func TestWhatCameBeforeOpeningIsGone(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = master.Close(), slave.Close() })
	if _, err := master.Write([]byte("earlier traveller\n")); err != nil {
		t.Fatal(err)
	}
	p, err := Open(Config{Path: slave.Name(), Baud: 9600, ReadTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if n, err := p.Read(t.Context(), make([]byte, 64)); n != 0 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestUnplugEndsABlockedReadAndAllLaterOnes(t *testing.T) {
	master, p, _ := line(t)
	type result struct {
		err  error
		took time.Duration
	}
	done := make(chan result)
	began := time.Now()
	go func() {
		buf := make([]byte, 64)
		for {
			if _, err := p.Read(t.Context(), buf); err != nil {
				done <- result{err, time.Since(began)}
				return
			}
		}
	}()
	time.Sleep(timeout / 4)
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	r := <-done
	if !errors.Is(r.err, devices.ErrUnplugged) {
		t.Fatalf("got %v", r.err)
	}
	t.Logf("unplug reported after %v", r.took-timeout/4)
	for range 3 {
		if _, err := p.Read(t.Context(), make([]byte, 8)); !errors.Is(err, devices.ErrUnplugged) {
			t.Errorf("later read: %v", err)
		}
	}
}

// The fault that this package contains, shown on the library itself: if this test fails
// some day, the containment may be too much.
func TestLibrarySaysEOFForSilenceAndForUnplug(t *testing.T) {
	master, p, _ := line(t)
	if n, err := p.port.Read(make([]byte, 8)); n != 0 || !errors.Is(err, io.EOF) {
		t.Fatalf("silence: %d, %v", n, err)
	}
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = p.port.Read(make([]byte, 8)) // the first may give EIO
	began := time.Now()
	n, err := p.port.Read(make([]byte, 8))
	if n != 0 || !errors.Is(err, io.EOF) || time.Since(began) > timeout/2 {
		t.Fatalf("unplugged: %d, %v after %v", n, err, time.Since(began))
	}
}

func TestCloseNeverWaits(t *testing.T) {
	_, p, path := line(t)
	done := make(chan error)
	go func() {
		_, err := p.Read(t.Context(), make([]byte, 8))
		done <- err
	}()
	time.Sleep(timeout / 4) // the read is blocked now
	began := time.Now()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > timeout/4 {
		t.Errorf("Close took %v", took)
	}
	if err := <-done; !errors.Is(err, devices.ErrClosed) {
		t.Errorf("the read under way: %v", err)
	}
	if _, err := p.Read(t.Context(), make([]byte, 8)); !errors.Is(err, devices.ErrClosed) {
		t.Errorf("a read after: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	// Descriptors and lock are free again.
	again, err := Open(Config{Path: path, Baud: 9600, ReadTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

func TestEarlyEOFsAreJudged(t *testing.T) {
	p := &Port{path: "x"}
	for i := 1; i < maxOddEOFs; i++ {
		if _, err := p.judge(0, io.EOF, false); err != nil {
			t.Fatalf("early EOF %d: %v", i, err)
		}
	}
	if _, err := p.judge(0, io.EOF, false); !errors.Is(err, devices.ErrUnplugged) {
		t.Errorf("after a row of early EOFs: %v", err)
	}
	p.oddEOFs = maxOddEOFs - 1
	if n, err := p.judge(3, nil, false); n != 3 || err != nil || p.oddEOFs != 0 {
		t.Error("bytes do not end the suspicion")
	}
	if _, err := p.judge(0, io.EOF, true); !errors.Is(err, devices.ErrUnplugged) {
		t.Errorf("hung up: %v", err)
	}
	for _, e := range []error{unix.EIO, unix.ENXIO, unix.ENODEV} {
		if _, err := p.judge(0, &os.PathError{Op: "read", Path: "x", Err: e}, false); !errors.Is(err, devices.ErrUnplugged) {
			t.Errorf("%v: %v", e, err)
		}
	}
	if _, err := p.judge(0, unix.EBADF, false); err == nil || errors.Is(err, devices.ErrUnplugged) {
		t.Errorf("another error: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	_, _, held := line(t)
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		path string
		baud int
		want error
		code border.Code
	}{
		"absent":       {filepath.Join(t.TempDir(), "none"), 9600, devices.ErrNotFound, border.NotFound},
		"in use":       {held, 9600, devices.ErrBusy, border.Unavailable},
		"plain file":   {plain, 9600, devices.ErrWrongKind, border.Unavailable},
		"null device":  {"/dev/null", 9600, devices.ErrWrongKind, border.Unavailable},
		"no such baud": {freshLine(t), 256000, nil, border.Invalid},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Open(Config{Path: tc.path, Baud: tc.baud, ReadTimeout: timeout})
			if border.CodeOf(err) != tc.code || tc.want != nil && !errors.Is(err, tc.want) || border.MessageOf(err) == "" {
				t.Errorf("got %v (%s)", err, border.CodeOf(err))
			}
		})
	}
	for _, d := range []time.Duration{0, 50 * time.Millisecond, 2 * time.Second} {
		if _, err := Open(Config{Path: held, Baud: 9600, ReadTimeout: d}); border.CodeOf(err) != border.Invalid {
			t.Errorf("read timeout %v: %v", d, err)
		}
	}
}

func freshLine(t *testing.T) string {
	t.Helper()
	m, s, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = m.Close(), s.Close() })
	return s.Name()
}

// A test run by root cannot be denied a file, so the mapping is tested by itself.
func TestPermissionDeniedTellsWhatToDo(t *testing.T) {
	err := openError("/dev/ttyACM0", &os.PathError{Op: "open", Path: "/dev/ttyACM0", Err: syscall.EACCES})
	if !errors.Is(err, devices.ErrPermission) || border.CodeOf(err) != border.Forbidden {
		t.Errorf("got %v", err)
	}
	for _, word := range []string{"dialout", "udev"} {
		if !strings.Contains(border.MessageOf(err), word) {
			t.Errorf("the message does not mention %s: %s", word, border.MessageOf(err))
		}
	}
}

func TestNoDescriptorLeaks(t *testing.T) {
	path := freshLine(t)
	open := func() int {
		t.Helper()
		d, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(d)
	}
	before := open()
	for range 200 {
		p, err := Open(Config{Path: path, Baud: 9600, ReadTimeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Config{Path: path, Baud: 9600, ReadTimeout: timeout}); !errors.Is(err, devices.ErrBusy) {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := open(); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
