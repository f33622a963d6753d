package main

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"

	"garita/devices/devicetest"
	"garita/devices/devicetest/fingers"
	"garita/devices/devicetest/uareu"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// TestWorkshopPage serves a station with scanners in all states to a browser (ui/e2e), at
// the address in GARITA_UI_WORKSHOP. What happens to the scanners comes as lines on
// standard input; the test ends with them.
func TestWorkshopPage(t *testing.T) {
	address := os.Getenv("GARITA_UI_WORKSHOP")
	if address == "" {
		t.Skip("for a browser: GARITA_UI_WORKSHOP=host:port")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	stranger := reader(t, filepath.Join(here, "unknown"), profile.Framing{Kind: profile.StxEtx, Start: 0x1c, End: 0x1d}) // that nobody has described
	p := newPostWith(t, address, ficta(t), supervisor.Scanner{ID: "reader-2", Profile: "honeywell-ocr", Path: t.TempDir() + "/gone", Counter: "2"},
		supervisor.Scanner{ID: "reader-3", Profile: "ficta-7", Path: fictaReader(t)})
	p.bus.Plug(1, unknown{p.finger})
	p.bus.Plug(2, uareu.New(uareu.U4000, uareu.Faults{Refuse: true}))
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var err error
		switch in.Text() {
		case "unplug":
			err = p.reader.Unplug()
		case "replug":
			err = p.reader.Replug()
		case "present":
			_, err = p.reader.Present([]string{utopia1, utopia2})
		case "present-unknown":
			_, err = stranger.Present([]string{utopia1, utopia2})
		case "present-card":
			_, err = stranger.Present([]string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"})
		case "present-torn":
			_, err = stranger.Present([]string{utopia1, utopia2[:43] + "7"})
		case "touch":
			p.finger.Touch(uareu.Wire(fingers.Draw(1, uareu.Width, uareu.Height), uareu.U4000B))
		case "plug":
			p.bus.Plug(1, uareu.New(uareu.U4000, uareu.Faults{}))
		default:
			t.Errorf("nobody knows %q", in.Text())
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// reader plugs a simulated reader in.
func reader(t *testing.T, link string, framing profile.Framing) *devicetest.Reader {
	t.Helper()
	r, err := devicetest.OpenReader(link, framing)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// ficta is a folder with the profile of a make that does not exist, as docs/SCANNERS.md has it, and of
// which some firmware loses characters.
func ficta(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ficta-7.toml"), []byte(fictaProfile), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// fictaReader is such a reader, with that firmware.
func fictaReader(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ficta")
	reader(t, path, profile.Framing{Kind: profile.StxEtx, Start: 0x01, End: 0x04}).Answer([]byte("\x1bV"), []byte("FICTA 7 V2.21\r"))
	return path
}

const fictaProfile = `schema = 1
id     = "ficta-7"
name   = "Ficta 7"
kind   = "mrz"
driver = "framed"
evidence        = "emulated"
evidence_source = "a make that does not exist"
self_test       = ["enumerate", "identify"]

[transport]
kind      = "serial"
baud      = 19200
data_bits = 8
parity    = "none"
stop_bits = 1

[timing]
read_timeout_ms = 200
reply_ms        = 1000
retry_first_ms  = 100
retry_max_ms    = 2000
attempts        = 5

[framing]
kind        = "stx-etx"
start       = 0x01
end         = 0x04
idle_gap_ms = 400
max_bytes   = 512

[identify]
send      = "1B 56"
pattern   = 'V(?P<firmware>[0-9.]+)'
minimum   = "2.10"
known_bad = ["2.20-2.22"]
advice    = "Ask Ficta for firmware 2.31."

[[quirk]]
firmware = "2.20-2.22"
note     = "loses characters when it is asked too soon"
reply_ms = 3000

[limits]
max_bytes_per_second = 65536
bad_readings         = 3
`
