package bridge

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"garita/border"
	"garita/devices/profile"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the frames of docs/BRIDGE.md anew")

const page = "../../docs/BRIDGE.md"

// examples are the frames on the page, of a conversation that could take place.
var examples = []struct {
	title string
	frame Frame
}{
	{"Station: hello", Frame{Header: Header{Type: TypeHello, ID: 1, Versions: []int{1}, Software: "garita 1.0", HeartbeatMS: 2000}}},
	{"Bridge: welcome", Frame{Header: Header{Type: TypeWelcome, ID: 1, Version: 1, Software: "acme-bridge 0.3",
		Device: &Info{Kind: profile.Fingerprint, Make: "Acme", Model: "Ten 1", Serial: "A-17", Firmware: "2.1", Width: 1600, Height: 1500, DPI: 500,
			Positions: []border.FingerPosition{1, 2, 13, 14, 15}}}}},
	{"Bridge: welcome of a reader of documents", Frame{Header: Header{Type: TypeWelcome, ID: 1, Version: 1, Device: &Info{Kind: profile.MRZ, Make: "Acme", Model: "Page 1"}}}},
	{"Bridge: no version in common", Frame{Header: Header{Type: TypeError, ID: 1, Versions: []int{1}, Code: CodeVersion}}},
	{"Bridge: busy", Frame{Header: Header{Type: TypeError, ID: 1, Code: CodeBusy}}},
	{"Either: alive", Frame{Header: Header{Type: TypeAlive}}},
	{"Station: start", Frame{Header: Header{Type: TypeStart, ID: 2, DeadlineMS: 10000}}},
	{"Bridge: started", Frame{Header: Header{Type: TypeStarted, ID: 2, Firmware: "2.1", Text: "Acme Ten 1 v2.1"}}},
	{"Bridge: start failed", Frame{Header: Header{Type: TypeError, ID: 2, Code: CodeNotFound, SDKCode: -27}}},
	{"Station: serve", Frame{Header: Header{Type: TypeServe, ID: 3}}},
	{"Bridge: reading (an invented person)", Frame{Header: Header{Type: TypeReading, ID: 3, Lines: specimen}}},
	{"Bridge: reading that is no document", Frame{Header: Header{Type: TypeReading, ID: 3, Fault: faultGarbage, Chatter: true}}},
	{"Station: cancel", Frame{Header: Header{Type: TypeCancel, ID: 3}}},
	{"Bridge: its answer", Frame{Header: Header{Type: TypeError, ID: 3, Code: CodeCancelled}}},
	{"Station: capture, right index finger", Frame{Header: Header{Type: TypeCapture, ID: 4, DeadlineMS: 30000, Position: 2}}},
	{"Bridge: image, 4 × 2 pixels", Frame{Header: Header{Type: TypeImage, ID: 4, Position: 2, Width: 4, Height: 2, DPI: 500, Liveness: "live"},
		Bytes: []byte{0xff, 0x00, 0xff, 0x00, 0x00, 0xff, 0x00, 0xff}}},
	{"Bridge: no finger came", Frame{Header: Header{Type: TypeError, ID: 4, Code: CodeDeadline}}},
	{"Station: self_test", Frame{Header: Header{Type: TypeSelfTest, ID: 5, DeadlineMS: 30000, Step: "echo"}}},
	{"Station: indicate", Frame{Header: Header{Type: TypeIndicate, ID: 6, DeadlineMS: 2000, Signal: "here"}}},
	{"Bridge: done", Frame{Header: Header{Type: TypeDone, ID: 6}}},
	{"Bridge: the device was unplugged", Frame{Header: Header{Type: TypeState, State: "absent"}}},
	{"Bridge: the frame was beyond the limits", Frame{Header: Header{Type: TypeError, Code: CodeTooLarge}}},
}

// TestPage holds the page to the code: what it shows is what is sent, and what it shows
// can be read.
func TestPage(t *testing.T) {
	const begin, end = "<!-- frames -->\n", "<!-- end of frames -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	shown, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the page has lost its marks")
	}
	var want strings.Builder
	for _, e := range examples {
		b, err := AppendFrame(nil, e.frame)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&want, "**%s**\n\n```\n%s```\n\n", e.title, hex.Dump(append(b, e.frame.Bytes...)))
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), shown); diff != "" {
		t.Errorf("the page shows other frames (-sent +shown); after a look at each: go test ./devices/bridge -run TestPage -update\n%s", diff)
	}
	var got []Frame
	for _, block := range strings.Split(shown, "```\n") {
		if !strings.HasPrefix(block, "00000000") {
			continue
		}
		f, err := ReadFrame(bytes.NewReader(undump(t, block)), func(Header) int { return MaxBytes })
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	var sent []Frame
	for _, e := range examples {
		sent = append(sent, e.frame)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Error("read back from the page:", diff)
	}
	for _, h := range got {
		if !strings.Contains(before, "`"+h.Type+"`") || h.Code != "" && !strings.Contains(before, "`"+h.Code+"`") {
			t.Errorf("the page shows %s %s and does not explain it", h.Type, h.Code)
		}
	}
}

// undump reads a hex dump.
func undump(t *testing.T, dump string) (b []byte) {
	t.Helper()
	for line := range strings.Lines(dump) {
		digits := strings.ReplaceAll(line[8:58], " ", "")
		p, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, p...)
	}
	return b
}
