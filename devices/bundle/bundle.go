// Package bundle writes, reads and replays the diagnostic file of a scanner: one zip file
// that a technician sends, with what the device is, the profile in force, what went over
// the wire, and the log. Documents and images are not in it: they were taken out before
// anything was remembered (devices/trace).
//
// A bundle is a test too: [Replay] runs the driver of this program against what was
// recorded, on any machine, and says whether it still does what it did.
package bundle

import (
	"encoding/hex"
	"encoding/json"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"
	"garita/devices/trace"
)

// Schema is the version of the file's form.
const Schema = 1

// The files in a bundle.
const (
	manifestFile = "manifest.json"
	deviceFile   = "device.json"
	profileFile  = "profile.toml"
	traceFile    = "trace.jsonl"
	logFile      = "log.jsonl"
	readmeFile   = "README.txt"
)

// Bundle is what such a file holds.
type Bundle struct {
	Manifest Manifest
	Device   Device
	Profile  []byte // the TOML file of the profile in force; nil if there was none to be had
	Trace    []trace.Event
	Log      [][]byte // JSON lines
}

// Manifest says what the bundle is about.
type Manifest struct {
	Schema  int       `json:"schema"`
	Written time.Time `json:"written"`
	Garita  string    `json:"garita"` // version of the program
	Go      string    `json:"go"`
	Kernel  string    `json:"kernel"`
	// Scanner is as the workshop shows it; its states and reasons are in the trace.
	Scanner       border.ScannerDetail `json:"scanner"`
	ProfileSource string               `json:"profile_source,omitempty"` // file that the profile was read from
	Remarks       []string             `json:"remarks,omitempty"`        // what is missing, and why
}

// Device is what the machine sees of the device.
type Device struct {
	Bus          string `json:"bus"`
	Port         string `json:"port,omitempty"`
	Path         string `json:"path,omitempty"`
	VendorID     string `json:"vendor_id,omitempty"`
	ProductID    string `json:"product_id,omitempty"`
	BCDDevice    string `json:"bcd_device,omitempty"`
	Serial       string `json:"serial,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Product      string `json:"product,omitempty"`
	Interfaces   []Face `json:"interfaces,omitempty"`
	Descriptors  string `json:"descriptors,omitempty"` // hexadecimal
}

// Face is one interface of a USB device.
type Face struct {
	Number   uint8  `json:"number"`
	Class    uint8  `json:"class"`
	Subclass uint8  `json:"subclass"`
	Protocol uint8  `json:"protocol"`
	Driver   string `json:"driver,omitempty"`
	TTY      string `json:"tty,omitempty"`
	Input    string `json:"input,omitempty"`
}

func deviceOf(f *devices.Found) Device {
	d := Device{Bus: string(f.Bus), Port: f.Port, Path: f.Path, Serial: f.Serial, Manufacturer: f.Manufacturer, Product: f.Product,
		Descriptors: hex.EncodeToString(f.Descriptors)}
	if f.Bus == devices.BusUSB {
		d.VendorID, d.ProductID, d.BCDDevice = word(f.VendorID), word(f.ProductID), string(profile.Release(f.BCDDevice))
	}
	for _, i := range f.Interfaces {
		d.Interfaces = append(d.Interfaces, Face(i))
	}
	return d
}

func word(v uint16) string { return hex.EncodeToString([]byte{byte(v >> 8), byte(v)}) }

// line is an event as a line of trace.jsonl.
type line struct {
	At       time.Time   `json:"at"`
	Kind     trace.Kind  `json:"kind"`
	Name     string      `json:"name,omitempty"`
	Endpoint string      `json:"endpoint,omitempty"`
	Setup    *setup      `json:"setup,omitempty"`
	Hex      string      `json:"hex,omitempty"`
	Runs     []trace.Run `json:"runs,omitempty"`
	Bytes    int         `json:"bytes,omitempty"`
	Shape    []int       `json:"shape,omitempty"`
	Chatter  bool        `json:"chatter,omitempty"`
	Err      string      `json:"err,omitempty"`
	Text     string      `json:"text,omitempty"`
	Times    int         `json:"times,omitempty"`
	Of       int         `json:"of,omitempty"`
}

type setup struct {
	RequestType uint8  `json:"request_type"`
	Request     uint8  `json:"request"`
	Value       uint16 `json:"value"`
	Index       uint16 `json:"index"`
}

func encode(e *trace.Event) ([]byte, error) {
	l := line{At: e.At, Kind: e.Kind, Name: e.Name, Hex: hex.EncodeToString(e.Data), Runs: e.Runs, Bytes: e.Bytes, Shape: e.Shape, Chatter: e.Chatter,
		Err: e.Err, Text: e.Text, Times: e.Times, Of: e.Of}
	if e.Endpoint != 0 {
		l.Endpoint = hex.EncodeToString([]byte{e.Endpoint})
	}
	if e.Setup != nil {
		s := setup(*e.Setup)
		l.Setup = &s
	}
	return json.Marshal(l)
}
