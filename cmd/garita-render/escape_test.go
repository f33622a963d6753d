package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"garita/border"
	"garita/border/papers"
	"garita/cmd/garita-render/confine"
)

const (
	// argLoose makes a control of an attempt: the same code without walls.
	argLoose = "loose"
	// argLandlockAlone leaves out filter and limits, after "confined".
	argLandlockAlone = "landlock-alone"
)

// attempt is a way out that a document may try once it has taken over the program.
type attempt struct {
	name string
	// try reports nil when it succeeded. arg is what the test prepared for it.
	try func(arg string) error
	// heavy attempts never come back: how they end is what counts.
	heavy bool
}

var attempts = []attempt{
	{name: "read-file", try: func(arg string) error { _, err := os.ReadFile(arg); return err }},
	{name: "read-passwd", try: func(string) error { _, err := os.ReadFile("/etc/passwd"); return err }},
	{name: "list-folder", try: func(arg string) error { _, err := os.ReadDir(filepath.Dir(arg)); return err }},
	{name: "write-file", try: func(arg string) error { return os.WriteFile(arg+".new", []byte("x"), 0o600) }},
	{name: "append-file", try: func(arg string) error {
		f, err := os.OpenFile(arg, os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			_, err = f.WriteString("x")
		}
		return err
	}},
	{name: "make-folder", try: func(arg string) error { return syscall.Mkdir(arg+".dir", 0o700) }},
	{name: "remove-file", try: func(arg string) error { return syscall.Unlink(arg + ".spare") }},
	{name: "rename-file", try: func(arg string) error { return syscall.Rename(arg+".spare", arg+".moved") }},
	{name: "link-file", try: func(arg string) error { return syscall.Symlink(arg, arg+".link") }},
	{name: "dial-tcp", try: func(arg string) error { return dial(unix.AF_INET, unix.SOCK_STREAM, arg) }},
	{name: "dial-udp", try: func(arg string) error { return dial(unix.AF_INET, unix.SOCK_DGRAM, arg) }},
	{name: "dial-unix", try: func(arg string) error { return dial(unix.AF_UNIX, unix.SOCK_STREAM, arg) }},
	{name: "netlink", try: func(string) error {
		_, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
		return err
	}},
	{name: "socket-pair", try: func(string) error {
		_, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return err
	}},
	{name: "exec", try: func(string) error { return syscall.Exec("/bin/true", []string{"true"}, nil) }},
	{name: "start-program", try: func(string) error { return exec.Command("/bin/true").Run() }},
	{name: "fork", try: func(string) error {
		pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if pid == 0 && errno == 0 {
			_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
		}
		return failure(errno)
	}},
	{name: "namespace", try: func(string) error {
		_, _, errno := syscall.RawSyscall(unix.SYS_UNSHARE, unix.CLONE_NEWNS, 0, 0)
		return failure(errno)
	}},
	{name: "ptrace-parent", try: func(string) error {
		runtime.LockOSThread()
		return unix.PtraceSeize(os.Getppid()) // attaching would stop the test
	}},
	{name: "read-parent", try: func(string) error {
		_, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid()))
		return err
	}},
	{name: "read-parents-memory", try: func(string) error {
		var b [1]byte
		local := []unix.Iovec{{Base: &b[0], Len: 1}}
		_, err := unix.ProcessVMReadv(os.Getppid(), local, []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&os.Args)), Len: 1}}, 0) //nolint:gosec // an attempt
		return err
	}},
	{name: "kill-parent", try: func(string) error { return syscall.Kill(os.Getppid(), syscall.SIGCONT) }},
	{name: "kill-all", try: func(string) error { return syscall.Kill(-syscall.Getpgrp(), 0) }},
	{name: "signal-thread", try: func(string) error { return unix.Tgkill(os.Getppid(), os.Getppid(), syscall.SIGCONT) }},
	{name: "executable-memory", try: func(string) error {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
		return err
	}},
	{name: "memory-file", try: func(string) error { _, err := unix.MemfdCreate("x", 0); return err }},
	{name: "lift-limits", try: func(string) error {
		return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64})
	}},
	{name: "io-uring", try: func(string) error {
		var params [120]byte
		_, _, errno := syscall.RawSyscall(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&params)), 0) //nolint:gosec // an attempt
		return failure(errno)
	}},
	{name: "other-filter", try: func(string) error {
		code := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}}
		p := unix.SockFprog{Len: 1, Filter: &code[0]}
		_ = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		_, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&p))) //nolint:gosec // an attempt
		return failure(errno)
	}},
	{name: "fill-memory", heavy: true, try: func(string) error {
		var held [][]byte
		for range 24 {
			b := bytes.Repeat([]byte{1}, 32<<20) // touched, to 768 MiB
			held = append(held, b)
		}
		runtime.KeepAlive(held)
		return nil
	}},
	{name: "never-end", heavy: true, try: func(string) error {
		for n := 0; ; n++ {
			_ = n
		}
	}},
	{name: "sleep", heavy: true, try: func(string) error { time.Sleep(time.Hour); return nil }},
	{name: "fill-output", heavy: true, try: func(string) error {
		b := bytes.Repeat([]byte("t\x00\x00\xff\xff"), 1<<16)
		for {
			if _, err := os.Stdout.Write(b); err != nil {
				return err
			}
		}
	}},
	{name: "many-threads", heavy: true, try: func(string) error {
		var stop chan struct{}
		for range 4096 {
			go func() { runtime.LockOSThread(); <-stop }()
		}
		time.Sleep(50 * time.Millisecond)
		if n := runtime.NumGoroutine(); n < 4096 {
			return fmt.Errorf("%d", n)
		}
		return nil
	}},
}

func failure(errno syscall.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

// dial connects without Go's resolver and poller: the bare calls.
func dial(family, kind int, to string) error {
	fd, err := unix.Socket(family, kind, 0)
	if err != nil {
		return err
	}
	var at unix.Sockaddr = &unix.SockaddrUnix{Name: to}
	if family == unix.AF_INET {
		var port int
		if _, err := fmt.Sscanf(to, "127.0.0.1:%d", &port); err != nil {
			return err
		}
		at = &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
	}
	if err := unix.Connect(fd, at); err != nil {
		return err
	}
	_, err = unix.Write(fd, []byte("x"))
	return err
}

// hostile is the renderer of these tests: a paper that begins with an attempt's name has taken
// it over. Everything else is drawn as ever.
func hostile(args []string, loose bool) int {
	answer := papers.Writer{W: os.Stdout}
	facts := confine.Facts{}
	if !loose && !slices.Contains(args, argLandlockAlone) {
		var err error
		if facts, err = confine.Enter(confine.Options{Apart: slices.Contains(args, papers.ArgApart)}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	_ = answer.Hello(facts.Landlock)
	q, err := papers.ReadRequest(bufio.NewReader(os.Stdin))
	if err != nil {
		return 1
	}
	if order, found := bytes.CutPrefix(q.Document, []byte(orderHead)); found {
		name, arg, _ := strings.Cut(strings.TrimSpace(string(order)), " ")
		i := slices.IndexFunc(attempts, func(a attempt) bool { return a.name == name })
		word := "escaped"
		if err := attempts[i].try(arg); err != nil {
			word = "denied: " + err.Error()
		}
		_ = answer.Pages(1)
		_ = answer.Text(word)
		_ = answer.End()
		return 0
	}
	if err := draw(answer, q); err != nil {
		var no refusal
		if errors.As(err, &no) {
			_ = answer.Refuse(papers.Refusal(no))
		}
		return 1
	}
	_ = answer.End()
	return 0
}

const orderHead = "%PDF-1.4\n%order "

// order is a paper that makes the tests' renderer try something.
func order(name, arg string) []byte { return []byte(orderHead + name + " " + arg) }

// surroundings is what there is to be stolen or broken.
type surroundings struct{ file, tcp, udp, socket string }

func surround(t *testing.T) surroundings {
	t.Helper()
	dir := t.TempDir()
	s := surroundings{file: filepath.Join(dir, "secret"), socket: filepath.Join(dir, "s")}
	for _, f := range []string{s.file, s.file + ".spare"} {
		if err := os.WriteFile(f, []byte("secret"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	ux, err := net.Listen("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ux.Close() })
	s.tcp, s.udp = tcp.Addr().String(), udp.LocalAddr().String()
	return s
}

func (s surroundings) argument(name string) string {
	switch name {
	case "dial-tcp":
		return s.tcp
	case "dial-udp":
		return s.udp
	case "dial-unix":
		return s.socket
	}
	return s.file
}

// bare runs an attempt with the arguments alone: without deadline, namespaces and what else the
// station does. One that never ends is ended, and is taken to have got through.
func bare(t *testing.T, a attempt, arg string, args ...string) string {
	t.Helper()
	patience := 1500 * time.Millisecond
	if a.name == "never-end" || a.name == "sleep" {
		patience = 300 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	q := &papers.Request{Kind: papers.PDF, Page: papers.AllTexts, Document: order(a.name, arg)}
	cmd.Stdin = bytes.NewReader(append(q.Head(), q.Document...))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = cmd.Wait()
	}()
	if a.name == "fill-output" {
		n, _ := io.Copy(io.Discard, io.LimitReader(out, 64<<20))
		return map[bool]string{true: "escaped", false: "denied"}[n == 64<<20]
	}
	b, _ := io.ReadAll(out)
	switch {
	case bytes.Contains(b, []byte("escaped")):
		return "escaped"
	case ctx.Err() != nil:
		return "escaped" // it was still at it
	case a.name == "exec" && len(b) < 16:
		return "escaped" // another program runs in its place, which says nothing
	}
	return string(b)
}

// TestLandlockAlone: where the filter failed, Landlock would still hold the files and the network.
func TestLandlockAlone(t *testing.T) {
	for _, a := range attempts {
		if !slices.Contains([]string{"read-file", "read-passwd", "list-folder", "write-file", "append-file", "make-folder", "remove-file",
			"rename-file", "link-file", "dial-tcp", "exec", "start-program", "kill-parent", "read-parent"}, a.name) {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			if got := bare(t, a, surround(t).argument(a.name), confine.Argument, argLandlockAlone); got == "escaped" {
				t.Error("it got out")
			}
		})
	}
}

// TestEscapes lets the real process on the real kernel try every way out, and each of them
// without walls first: an attempt that fails anyway would prove nothing.
func TestEscapes(t *testing.T) {
	for _, a := range attempts {
		t.Run(a.name, func(t *testing.T) {
			if got := bare(t, a, surround(t).argument(a.name), argLoose); got != "escaped" {
				t.Errorf("without walls it fails too, so it proves nothing: %q", got)
			}
			deadline := 300 * time.Millisecond
			if a.name == "fill-memory" { // its limit is to end it, not the clock
				deadline = 20 * time.Second
			}
			r := renderer(t, papers.Config{Deadline: deadline})
			s := surround(t)
			before, _ := os.ReadDir(filepath.Dir(s.file))
			began := time.Now()
			got, err := r.Read(t.Context(), order(a.name, s.argument(a.name)))
			took := time.Since(began)
			switch {
			case err == nil && a.heavy:
				t.Errorf("it went through with it: %q", got.Texts)
			case err == nil && !strings.HasPrefix(got.Texts[0], "denied"):
				t.Errorf("it got out: %q", got.Texts)
			case err == nil:
				t.Logf("%s", got.Texts[0])
			default:
				t.Logf("ended after %v: %v", took.Round(time.Millisecond), err)
				if border.CodeOf(err) != border.Invalid {
					t.Errorf("ended as %s, not as a paper that cannot be used", border.CodeOf(err))
				}
			}
			if took > 10*time.Second {
				t.Errorf("it held the counter for %v", took)
			}
			after, _ := os.ReadDir(filepath.Dir(s.file))
			if len(after) != len(before) {
				t.Errorf("the folder had %d files, now %d", len(before), len(after))
			}
			if b, _ := os.ReadFile(s.file); string(b) != "secret" {
				t.Errorf("the file has changed")
			}
			if children := childrenOf(t, os.Getpid()); len(children) > 0 {
				t.Errorf("processes are left: %v", children)
			}
			// And the next paper is drawn as if nothing had been; on a machine with much to do the deadline
			// can be over before it is.
			for range 20 {
				if _, err = r.Draw(t.Context(), jpegOf(scene(40, 30)), 0, 20, 20); err == nil {
					break
				}
			}
			if err != nil {
				t.Errorf("the next paper: %v", err)
			}
		})
	}
}

// childrenOf lists the processes that have pid as their parent.
func childrenOf(t *testing.T, pid int) (out []string) {
	t.Helper()
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == fmt.Sprint(pid) {
			out = append(out, string(b[:min(len(b), 40)]))
		}
	}
	return out
}
