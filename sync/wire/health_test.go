package wire

import (
	"strings"
	"testing"
	"time"

	"garita/border"
)

func TestHealth(t *testing.T) {
	many := make([]border.ScannerReport, border.MaxScannerReports+1)
	for i := range many {
		many[i] = border.ScannerReport{ID: "reader", State: "ready"}
	}
	for name, c := range map[string]struct {
		health border.StationHealth
		ok     bool
	}{
		"sound":             {border.StationHealth{Storage: "low", FreeBytes: 1, TotalBytes: 2, Scanners: []border.ScannerReport{{ID: "reader-1", Counter: "1", Kind: "mrz", State: "failed", Since: time.Unix(1, 0).UTC()}}}, true},
		"empty":             {border.StationHealth{}, true},
		"less than nothing": {border.StationHealth{FreeBytes: -1}, false},
		"a sentence":        {border.StationHealth{Storage: "Disk is full."}, false},
		"too many":          {border.StationHealth{Scanners: many}, false},
		"nameless":          {border.StationHealth{Scanners: []border.ScannerReport{{State: "ready"}}}, false},
		"a long name":       {border.StationHealth{Scanners: []border.ScannerReport{{ID: strings.Repeat("x", 65)}}}, false},
		"a state in words":  {border.StationHealth{Scanners: []border.ScannerReport{{ID: "x", State: "Out of Paper"}}}, false},
	} {
		hello := border.Hello{Station: "PUT-1", Post: "PUT", Health: &c.health}
		b, err := Encode(hello)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeHello(b, "PUT-1"); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		hello.Health = SoundHealth(&c.health)
		if b, err = Encode(hello); err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeHello(b, "PUT-1"); err != nil {
			t.Errorf("%s: what is left of it is refused: %v", name, err)
		}
	}
	if SoundHealth(nil) != nil {
		t.Error("a station that says nothing says something")
	}
}
