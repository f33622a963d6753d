package bundle

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"
	"garita/devices/trace"
)

// Content is what a bundle is written from.
type Content struct {
	Written  time.Time
	Software string // version of this program
	Scanner  border.ScannerDetail
	Profile  *profile.Profile // nil: none is for the device
	Found    devices.Found
	Record   []trace.Event
	Log      [][]byte // JSON lines, without personal data as all logs
}

// readme is for whoever opens the file.
const readme = `This is the diagnostic file of one scanner, written by Garita.

  manifest.json   versions, and the scanner as the workshop showed it
  device.json     what the machine sees of the device
  profile.toml    the firmware profile that was in force
  trace.jsonl     what went over the wire and what the driver made of it, a line each
  log.jsonl       what the program logged about the scanner

No traveller is in it. Letters of documents are A or a and their digits 0, pixels of
fingers were left out, all before anything was kept.

To see whether this version of Garita still does the same with the same device:

  garita device replay FILE

A developer puts the file into devices/bundle/testdata; from then on it is a test.
`

// Write writes a bundle.
func Write(w io.Writer, c Content) error {
	m := Manifest{Schema: Schema, Written: c.Written.UTC(), Garita: c.Software, Go: runtime.Version(), Kernel: kernel(), Scanner: c.Scanner}
	var toml []byte
	if c.Profile != nil {
		m.ProfileSource = c.Profile.Source
		if toml = source(c.Profile); toml == nil {
			m.Remarks = append(m.Remarks, "The profile's file is not what it was when the station read it, so it is not here. Restart the station and write the bundle again.")
		}
	}
	if len(c.Record) == 0 {
		m.Remarks = append(m.Remarks, "Nothing went over the wire since the station was started.")
	}
	z := zip.NewWriter(w)
	files := []struct {
		name  string
		write func(io.Writer) error
	}{
		{readmeFile, text(readme)},
		{manifestFile, indented(m)},
		{deviceFile, indented(deviceOf(&c.Found))},
		{profileFile, text(string(toml))},
		{traceFile, func(w io.Writer) error { return events(w, c.Record) }},
		{logFile, func(w io.Writer) error { return lines(w, c.Log) }},
	}
	for _, f := range files {
		if f.name == profileFile && toml == nil {
			continue
		}
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: m.Written}
		part, err := z.CreateHeader(h)
		if err == nil {
			err = f.write(part)
		}
		if err != nil {
			return &border.Error{Code: border.Unavailable, Op: "write a bundle", Err: err}
		}
	}
	if err := z.Close(); err != nil {
		return &border.Error{Code: border.Unavailable, Op: "write a bundle", Err: err}
	}
	return nil
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func indented(v any) func(io.Writer) error {
	return func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
}

func events(w io.Writer, list []trace.Event) error {
	for i := range list {
		b, err := encode(&list[i])
		if err != nil {
			return err
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func lines(w io.Writer, list [][]byte) error {
	for _, l := range list {
		if _, err := w.Write(append(l[:len(l):len(l)], '\n')); err != nil {
			return err
		}
	}
	return nil
}

// source returns the profile's file, if it still is what was read.
func source(p *profile.Profile) []byte {
	if b, ok := profile.Shipped(p); ok {
		return b
	}
	f, err := os.Open(p.Source)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, profile.MaxFileBytes+1))
	if sum := sha256.Sum256(b); err != nil || hex.EncodeToString(sum[:]) != p.Hash {
		return nil
	}
	return b
}

func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}
