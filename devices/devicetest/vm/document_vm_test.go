//go:build vm

package vm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"garita/devices/devicetest"
)

// Two specimens of invented people.
var (
	anna = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	ben  = []string{"P<UTOMUSTERFRAU<<BEN<<<<<<<<<<<<<<<<<<<<<<<<", "C01X00T478UTO6408125M2702283<<<<<<<<<<<<<<<4"}
)

func TestVMDocument(t *testing.T) {
	s := startStation(t, "", "1")
	r := newReader(t, 0)
	port, node := r.plug(t)
	s.state(port, "ready")
	if got, want := s.seen(socket(port)), []string{"absent", "matched", "initialising", "ready"}; !follows(want, got) {
		t.Errorf("the states were %v, want %v", got, want)
	}
	must(t, r.send(devicetest.Encode(s.framing, anna)))
	scan := s.expect(port, anna)
	if scan.Counter != "1" || scan.Profile == "" {
		t.Errorf("the document came to counter %q with profile %q", scan.Counter, scan.Profile)
	}
	if d, err := os.Readlink("/sys/class/tty/" + filepath.Base(node) + "/device/driver"); err != nil || filepath.Base(d) != "cdc_acm" {
		t.Errorf("the node's driver is %q (%v), not cdc_acm", d, err)
	}
}

// follows reports whether the states that were seen come in this order: one that was
// short may have been missed.
func follows(order, seen []string) bool {
	for _, s := range seen {
		i := slices.Index(order, s)
		if i < 0 {
			return false
		}
		order = order[i+1:]
	}
	return len(order) == 0
}

// The plug is pulled in the middle of a document and put in again while another program
// still holds the old node, so that the kernel gives another one.
func TestVMFaultDocumentUnplugged(t *testing.T) {
	s := startStation(t, "", "1")
	r := newReader(t, 0)
	port, node := r.plug(t)
	s.state(port, "ready")
	held, err := os.OpenFile(node, os.O_RDWR, 0)
	must(t, err)
	defer held.Close()

	frame := devicetest.Encode(s.framing, anna)
	must(t, r.send(frame[:len(frame)/2]))
	until(t, "half a document", func() bool { return s.counts(port).Bytes == uint64(len(frame)/2) })
	var pulled time.Time
	inject(t, "unplug in the middle of a document", func() error {
		pulled = time.Now()
		return r.unplug()
	}, r.gone)
	s.state(port, "absent")
	soon(t, "reported as absent", s.since(port).Sub(pulled), 200*time.Millisecond)
	s.nothing()

	plugged := time.Now()
	again, other := r.plug(t)
	s.state(again, "ready")
	soon(t, "ready again", s.since(again).Sub(plugged), 2*time.Second)
	if again != port || other == node {
		t.Errorf("first %s in socket %s, then %s in %s: this test needs another node in the same socket", node, port, other, again)
	}
	must(t, r.send(devicetest.Encode(s.framing, ben)))
	s.expect(port, ben)
	if c := s.counts(port); c.Unplugged != 1 || c.Opened != 2 || c.Delivered != 1 {
		t.Errorf("counts %+v", c)
	}
}

func TestVMFaultDocumentSlow(t *testing.T) {
	s := startStation(t, "", "1")
	r := newReader(t, 0)
	port, _ := r.plug(t)
	s.state(port, "ready")
	const gap = 20 * time.Millisecond
	frame := devicetest.Encode(s.framing, anna)
	sent, took := 0, time.Duration(0)
	inject(t, "a byte every 20 ms", func() error {
		began := time.Now()
		for i := range frame {
			if err := r.send(frame[i : i+1]); err != nil {
				return err
			}
			sent++
			time.Sleep(gap)
		}
		took = time.Since(began)
		return nil
	}, func() bool { return sent == len(frame) && took >= time.Duration(sent)*gap })
	s.expect(port, anna)
}

// One reader stops in the middle of a document for good; its twin on the next socket goes
// on, and is not held up.
func TestVMFaultDocumentStuck(t *testing.T) {
	s := startStation(t, "", "1", "2")
	stuck, twin := newReader(t, 0), newReader(t, 1)
	port, _ := stuck.plug(t)
	other, _ := twin.plug(t)
	s.state(port, "ready")
	s.state(other, "ready")
	must(t, s.Assign(t.Context(), socket(port), "1"))
	must(t, s.Assign(t.Context(), socket(other), "2"))
	frame := devicetest.Encode(s.framing, anna)
	half := 0
	inject(t, "a reader that stops in the middle", func() error {
		half = len(frame) / 2
		return stuck.send(frame[:half])
	}, func() bool { return half > 0 && s.counts(port).Bytes == uint64(half) && !stuck.gone() })
	must(t, twin.send(devicetest.Encode(s.framing, ben)))
	if scan := s.expect(other, ben); scan.Counter != "2" {
		t.Errorf("the twin's document came to counter %q", scan.Counter)
	}
	until(t, "the half document given up", func() bool { return s.counts(port).Incomplete == 1 })
	must(t, stuck.send(frame))
	s.expect(port, anna)
}

// Two readers that cannot be told apart, not even by their serial number, keep their
// counters although the kernel finds them in the other order after a restart.
func TestVMFaultTwinsSwapped(t *testing.T) {
	store := filepath.Join(t.TempDir(), "assignments")
	left, right := newReaderNamed(t, 0, "TWIN"), newReaderNamed(t, 1, "TWIN")
	leftPort, _ := left.plugBeside(t, "")
	rightPort, _ := right.plugBeside(t, leftPort)
	before := number(leftPort) < number(rightPort)
	t.Run("assigned", func(t *testing.T) {
		s := startStation(t, store, "1", "2")
		s.state(leftPort, "ready")
		s.state(rightPort, "ready")
		must(t, s.Assign(t.Context(), socket(leftPort), "1"))
		must(t, s.Assign(t.Context(), socket(rightPort), "2"))
	})
	inject(t, "the other order", func() error {
		for _, err := range []error{left.unplug(), right.unplug()} {
			if err != nil {
				return err
			}
		}
		until(t, "both gone", func() bool { return left.gone() && right.gone() })
		right.plugBeside(t, "")
		left.plugBeside(t, rightPort)
		return nil
	}, func() bool { return (number(leftPort) < number(rightPort)) != before })
	s := startStation(t, store, "1", "2")
	s.state(leftPort, "ready")
	s.state(rightPort, "ready")
	must(t, left.send(devicetest.Encode(s.framing, anna)))
	if scan := s.expect(leftPort, anna); scan.Counter != "1" {
		t.Errorf("the left reader's document came to counter %q", scan.Counter)
	}
	must(t, right.send(devicetest.Encode(s.framing, ben)))
	if scan := s.expect(rightPort, ben); scan.Counter != "2" {
		t.Errorf("the right reader's document came to counter %q", scan.Counter)
	}
}

// number is the order in which the kernel found the device in a socket: which ttyACM it
// got.
func number(port string) int {
	nodes := ttys(port)
	if len(nodes) != 1 {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimPrefix(nodes[0], "/dev/ttyACM"))
	if err != nil {
		panic(fmt.Sprintf("a node of another kind: %s", nodes[0]))
	}
	return n
}
