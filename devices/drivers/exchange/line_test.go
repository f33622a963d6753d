package exchange_test

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest"
	"garita/devices/drivers/exchange"
	"garita/devices/profile"
	"garita/devices/serial"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a line to a device that answers each piece of what it hears by a script: the
// parts of an answer follow each other after a pause.
func line(t *testing.T, script map[string][]string) (*exchange.Line, *devicetest.Line, func() string) {
	t.Helper()
	var d *devicetest.Line
	var mu sync.Mutex
	heard := ""
	path := filepath.Join(t.TempDir(), "device")
	d, err := devicetest.OpenLine(path, func(b []byte) {
		mu.Lock()
		heard += string(b)
		mu.Unlock()
		for i, part := range script[string(b)] {
			if i > 0 {
				d.Wait(30 * time.Millisecond)
			}
			_ = d.Raw([]byte(part))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	port, err := serial.Open(serial.Config{Path: path, Baud: 9600, ReadTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = port.Close(), d.Close() })
	return exchange.NewLine(port), d, func() string {
		mu.Lock()
		defer mu.Unlock()
		return heard
	}
}

// rest reads what a line has kept.
func rest(t *testing.T, l *exchange.Line) string {
	t.Helper()
	b, err := l.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAskTakesTheAnswerAndKeepsTheRest(t *testing.T) {
	l, _, _ := line(t, map[string][]string{"Q": {"DOCU\xffO", "KMENT"}})
	got, err := l.Ask(t.Context(), []byte("Q"), `\xffOK`, time.Second)
	if err != nil || string(got) != "\xffOK" {
		t.Fatalf("%q, %v", got, err)
	}
	if s := rest(t, l); s != "DOCUMENT" {
		t.Errorf("kept %q", s)
	}
	if s := rest(t, l); s != "" {
		t.Errorf("then %q", s)
	}
}

func TestAskWithoutTheAnswer(t *testing.T) {
	l, _, _ := line(t, map[string][]string{"Q": {"DOCUMENT"}, "R": {"\x15!"}, "F": {strings.Repeat("A", 5000)}})
	l.Refusal = regexp.MustCompile(`\x15!`)
	_, err := l.Ask(t.Context(), []byte("Q"), "OK", 150*time.Millisecond)
	if !errors.Is(err, devices.ErrNoReply) || border.MessageOf(err) == "" {
		t.Errorf("no answer: %v", err)
	}
	if s := rest(t, l); s != "DOCUMENT" {
		t.Errorf("kept %q", s)
	}
	if _, err = l.Ask(t.Context(), []byte("R"), "OK", time.Second); !errors.Is(err, devices.ErrStalled) {
		t.Errorf("refused: %v", err)
	}
	l.Forget()
	if _, err = l.Ask(t.Context(), []byte("F"), "OK", time.Second); !errors.Is(err, devices.ErrProtocol) {
		t.Errorf("a flood: %v", err)
	}
	if _, err = l.Ask(t.Context(), []byte("Q"), "(", time.Second); border.CodeOf(err) != border.Invalid {
		t.Errorf("a pattern that is none: %v", err)
	}
}

func TestAskEndsWithItsContext(t *testing.T) {
	l, _, _ := line(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Ask(ctx, []byte("Q"), "OK", 20*time.Second); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, devices.ErrNoReply) {
		t.Errorf("got %v", err)
	}
}

// A version that comes in two pieces is not cut where the pattern matches first.
func TestIdentifyWaitsForTheWholeAnswer(t *testing.T) {
	l, _, _ := line(t, map[string][]string{"V?": {"Rev 1.", "1", "7\r\n"}})
	about, err := l.Identify(t.Context(), profile.Identify{Send: profile.Hex("V?"), Pattern: `Rev (?P<firmware>[0-9.]+)`}, time.Second)
	if err != nil || about.Firmware != "1.17" || about.Text != "Rev 1.17" {
		t.Errorf("%+v, %v", about, err)
	}
	if about, err := l.Identify(t.Context(), profile.Identify{}, time.Second); err != nil || about != (devices.About{}) {
		t.Errorf("without a question: %+v, %v", about, err)
	}
}

func TestRunGoesInOrderAndStopsAtAFault(t *testing.T) {
	l, _, heard := line(t, map[string][]string{"A": {"a"}, "C": {"x"}})
	err := l.Run(t.Context(), []profile.Exchange{
		{Send: profile.Hex("A"), Expect: "a"},
		{Send: profile.Hex("B"), PauseMS: 30},
		{Send: profile.Hex("C"), Expect: "c", WithinMS: 100},
		{Send: profile.Hex("D")},
	}, time.Second)
	if !errors.Is(err, devices.ErrNoReply) {
		t.Errorf("got %v", err)
	}
	if heard() != "ABC" {
		t.Errorf("the device heard %q", heard())
	}
}

func TestUnplugged(t *testing.T) {
	l, d, _ := line(t, nil)
	time.AfterFunc(30*time.Millisecond, func() { _ = d.Unplug() })
	if _, err := l.Ask(t.Context(), []byte("Q"), "OK", 10*time.Second); !errors.Is(err, devices.ErrUnplugged) {
		t.Errorf("got %v", err)
	}
}
