package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"
	"garita/devices/trace"
)

// The bounds of a bundle that is read.
const (
	MaxBytes  = 8 << 20 // of the file
	maxFiles  = 16
	maxSmall  = 1 << 20 // of a file in it, unpacked
	maxTrace  = 16 << 20
	maxEvents = 100_000
	maxWhole  = 4 << 20 // bytes of one transfer, its runs written out
	maxLines  = 10_000  // of the log
)

// Read reads a bundle of at most [MaxBytes]. Errors have code [border.Invalid] or
// [border.TooLarge].
func Read(b []byte) (*Bundle, error) {
	if len(b) > MaxBytes {
		return nil, tooLarge("The bundle is larger than bundles are.")
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, wrong("The file is no bundle: it is not a zip file, or it is cut off.", err)
	}
	if len(z.File) > maxFiles {
		return nil, tooLarge("The bundle holds more files than bundles do.")
	}
	var out Bundle
	seen := make(map[string]bool)
	for _, f := range z.File {
		if seen[f.Name] {
			return nil, wrong("The bundle holds a file twice.", nil)
		}
		seen[f.Name] = true
		if err := out.take(f); err != nil {
			return nil, err
		}
	}
	if !seen[manifestFile] {
		return nil, wrong("The file is no bundle: it has no manifest.", nil)
	}
	if out.Manifest.Schema != Schema {
		return nil, wrong(fmt.Sprintf("The bundle has form %d, and this program reads form %d. Use the program that wrote it, or a newer one.", out.Manifest.Schema, Schema), nil)
	}
	return &out, nil
}

// take reads one file; files of other names are left alone.
func (b *Bundle) take(f *zip.File) error {
	most := int64(maxSmall)
	switch f.Name {
	case traceFile:
		most = maxTrace
	case profileFile:
		most = profile.MaxFileBytes
	case manifestFile, deviceFile, logFile:
	default:
		return nil
	}
	data, err := unpack(f, most)
	if err != nil {
		return err
	}
	switch f.Name {
	case manifestFile:
		err = json.Unmarshal(data, &b.Manifest)
	case deviceFile:
		err = json.Unmarshal(data, &b.Device)
	case profileFile:
		b.Profile = data
	case traceFile:
		b.Trace, err = decodeAll(data)
	default:
		b.Log = split(data)
		if len(b.Log) > maxLines {
			return tooLarge("The bundle's log is too long.")
		}
	}
	if err != nil && border.MessageOf(err) == "" {
		err = wrong("The bundle's "+f.Name+" cannot be read.", err)
	}
	return err
}

// unpack unpacks a file up to a size, whatever it says of itself.
func unpack(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, wrong("The bundle is damaged.", err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, wrong("The bundle is damaged.", err)
	}
	if int64(len(data)) > most {
		return nil, tooLarge("The bundle's " + f.Name + " is larger than such files are.")
	}
	return data, nil
}

func split(data []byte) [][]byte {
	return slices.DeleteFunc(bytes.Split(data, []byte("\n")), func(l []byte) bool { return len(l) == 0 })
}

func decodeAll(data []byte) ([]trace.Event, error) {
	all := split(data)
	if len(all) > maxEvents {
		return nil, tooLarge("The bundle's trace is too long.")
	}
	list := make([]trace.Event, 0, len(all))
	for i, l := range all {
		e, err := decode(l)
		if err != nil {
			return nil, wrong(fmt.Sprintf("Line %d of the bundle's trace cannot be read.", i+1), err)
		}
		list = append(list, e)
	}
	return list, nil
}

var errLine = errors.New("impossible values")

func decode(b []byte) (trace.Event, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return trace.Event{}, err
	}
	e := trace.Event{At: l.At, Kind: l.Kind, Name: l.Name, Runs: l.Runs, Bytes: l.Bytes, Shape: l.Shape, Chatter: l.Chatter, Err: l.Err, Text: l.Text,
		Times: l.Times, Of: l.Of}
	var err error
	if e.Data, err = hex.DecodeString(l.Hex); err != nil {
		return e, err
	}
	if l.Endpoint != "" {
		ep, err := hex.DecodeString(l.Endpoint)
		if err != nil || len(ep) != 1 {
			return e, errors.Join(errLine, err)
		}
		e.Endpoint = ep[0]
	}
	if l.Setup != nil {
		s := devices.Setup(*l.Setup)
		e.Setup = &s
	}
	whole := len(e.Data)
	for _, r := range e.Runs {
		if r.N < 0 || r.N > maxWhole {
			return e, errLine
		}
		whole += r.N
	}
	shapeless := (e.Kind == trace.Image && len(e.Shape) != 2) || (e.Kind == trace.Control && e.Setup == nil)
	if whole > maxWhole || whole != e.Bytes || e.Times < 0 || e.Of < 0 || shapeless {
		return e, errLine
	}
	return e, nil
}

func wrong(message string, err error) error {
	return &border.Error{Code: border.Invalid, Op: "read a bundle", Message: message, Err: err}
}

func tooLarge(message string) error {
	return &border.Error{Code: border.TooLarge, Op: "read a bundle", Message: message}
}
