//go:build vm

package vm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest/uareu"
	"garita/devices/hotplug"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// asStation makes this program a station instead of tests; see TestMain.
const asStation = "GARITA_VM_STATION"

// The user and groups of the guest (.vm/initramfs).
const (
	user    = 1000
	dialout = 20
	plugdev = 46
)

func TestMain(m *testing.M) {
	if os.Getenv(asStation) != "" {
		if err := runStation(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// runStation runs a station until it is told to stop, and prints its scanners at each
// change, as a line of JSON.
func runStation() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	set, _, err := profiles()
	if err != nil {
		return err
	}
	watcher := hotplug.New(hotplug.Config{})
	s, err := supervisor.New(supervisor.Config{Counters: []border.CounterID{"1"}, Profiles: set, Bus: watcher, Clock: wall{},
		Log: slog.New(slog.DiscardHandler), Deliver: func(context.Context, border.Scan) error { return nil }})
	if err != nil {
		return err
	}
	changes, end := s.Subscribe()
	defer end()
	go watcher.Run(ctx)
	go func() {
		for out := json.NewEncoder(os.Stdout); ; {
			if out.Encode(s.Status()) != nil {
				return
			}
			select {
			case <-changes:
			case <-ctx.Done():
				return
			}
		}
	}()
	return s.Run(ctx)
}

// userStation is a station that another user runs.
type userStation struct {
	cmd *exec.Cmd
	out *bufio.Scanner
}

// startUserStation runs a station as the unprivileged user, with these groups besides its
// own, until the test ends.
func startUserStation(t *testing.T, groups ...uint32) *userStation {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asStation+"=1")
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user, Groups: groups}, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	s := &userStation{cmd: cmd, out: bufio.NewScanner(out)}
	t.Cleanup(s.stop)
	return s
}

func (s *userStation) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// until reads what the station says until a scanner is in one of these states.
func (s *userStation) until(t *testing.T, port string, states ...string) border.ScannerStatus {
	t.Helper()
	defer time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() }).Stop()
	last := ""
	for s.out.Scan() {
		last = s.out.Text()
		var list []border.ScannerStatus
		must(t, json.Unmarshal(s.out.Bytes(), &list))
		for _, u := range list {
			if u.ID == socket(port) && slices.Contains(states, u.State) {
				return u
			}
		}
	}
	t.Fatalf("the station ended before %s was %v: %v; it last said %s", port, states, s.out.Err(), last)
	return border.ScannerStatus{}
}

// denied is what the kernel says: the process is the unprivileged user's, has none of the
// node's groups, and the node is for root and its group alone.
func (s *userStation) denied(node string) bool {
	var st syscall.Stat_t
	if syscall.Stat(node, &st) != nil || st.Uid != 0 || st.Mode&0o002 != 0 {
		return false
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return false
	}
	has := map[string][]string{}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 {
			has[f[0]] = f[1:]
		}
	}
	return has["Uid:"][1] == fmt.Sprint(user) && !slices.Contains(has["Groups:"], fmt.Sprint(st.Gid))
}

// A station whose user is not in the group of serial ports says what to do, and doing it
// helps.
func TestVMFaultDocumentPermission(t *testing.T) {
	r := newReader(t, 0)
	port, node := r.plug(t)
	settle(t)
	var s *userStation
	inject(t, "a user without the group", func() error {
		s = startUserStation(t, user)
		return nil
	}, func() bool { return s != nil && s.denied(node) })
	u := s.until(t, port, "degraded", "failed", "ready")
	if u.State == "ready" {
		t.Errorf("a station without the right opened %s", node)
	}
	for _, hint := range []string{"dialout", "udev"} {
		if !strings.Contains(u.Reason, hint) {
			t.Errorf("the reason does not name %s: %s", hint, u.Reason)
		}
	}
	s.stop()
	startUserStation(t, user, dialout).until(t, port, "ready")
}

// The same for fingerprint scanners: nobody but root may use them before the rules that
// `garita profile udev` makes are in place.
func TestVMFaultFingerPermission(t *testing.T) {
	sc := plugScanner(t, 0, uareu.Faults{})
	settle(t)
	node := usbNode(sc.port)
	var s *userStation
	inject(t, "no udev rule", func() error {
		s = startUserStation(t, user, plugdev)
		return nil
	}, func() bool { return s != nil && s.denied(node) })
	u := s.until(t, sc.port, "degraded", "failed", "ready")
	if u.State == "ready" {
		t.Errorf("a station without the right opened %s", node)
	}
	if !strings.Contains(u.Reason, "udev") {
		t.Errorf("the reason does not name the udev rule: %s", u.Reason)
	}

	set, _, err := profiles()
	must(t, err)
	const rules = "/run/udev/rules.d/70-garita-scanners.rules"
	must(t, os.MkdirAll(filepath.Dir(rules), 0o755))
	must(t, os.WriteFile(rules, []byte(profile.UdevRules(set, false)), 0o644))
	t.Cleanup(func() { must(t, errors.Join(os.Remove(rules), udevadm("control", "--reload"))) })
	must(t, udevadm("control", "--reload"))
	must(t, sc.unplug())
	sc.plug(t, 0)
	s.until(t, sc.port, "ready")
}

// usbNode is the node of the device in a socket.
func usbNode(port string) string {
	var bus, number int
	_, _ = fmt.Sscan(attribute(port, "busnum"), &bus)
	_, _ = fmt.Sscan(attribute(port, "devnum"), &number)
	return fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, number)
}

// settle waits until udev has dealt with what was plugged in.
func settle(t *testing.T) {
	t.Helper()
	must(t, udevadm("settle", "--timeout=10"))
}

func udevadm(args ...string) error {
	out, err := exec.Command("udevadm", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("udevadm %v: %w: %s", args, err, out)
	}
	return nil
}
