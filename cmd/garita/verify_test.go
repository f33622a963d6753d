package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/journal"
	"garita/border/seal"
)

type stillClock struct{}

func (stillClock) Now() time.Time           { return bordertest.Start }
func (stillClock) Trust() border.ClockTrust { return border.ClockTrust{State: border.ClockHoldover} }

// garita verify journal prints one line of JSON and fails on any fault.
func TestVerifyJournal(t *testing.T) {
	dir := t.TempDir()
	j, err := journal.Open(t.Context(), journal.Config{Dir: dir, Station: "PUT-1", Post: "PUT", Clock: stillClock{}, Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, journal.FileName)
	verify := func(path string) (map[string]any, error) {
		var out bytes.Buffer
		err := verifyJournalCmd{File: path}.Run(context.Background(), &world{out: &out})
		var line map[string]any
		if out.Len() > 0 && (json.Unmarshal(out.Bytes(), &line) != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1) {
			t.Errorf("no single line of JSON: %s", out.String())
		}
		return line, err
	}
	line, err := verify(path) // beside the station
	if err != nil || line["ok"] != true || line["events"] != 1.0 || line["epochs"] != 1.0 || line["gaps"] != 0.0 || line["broken"] != 0.0 {
		t.Errorf("%v, %v", line, err)
	}
	p, ok := line["projections"].(map[string]any)
	for _, name := range []string{"crossing", "document", "crossing_count", "state", "change"} {
		if !ok || p[name] != "ok" {
			t.Errorf("projection %s: %v", name, p[name])
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.Replace(raw, []byte("epoch.opened"), []byte("epoch.opencd"), 1)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if line, err := verify(path); err == nil || line["ok"] != false || line["broken"] != 1.0 {
		t.Errorf("with a flipped bit: %v, %v", line, err)
	}
	if _, err := verify(filepath.Join(dir, "none")); border.CodeOf(err) != border.NotFound {
		t.Errorf("no file: %v", err)
	}
}

// With the station's keys beside the journal it knows which files there must be.
func TestVerifyJournalAttachments(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	hub, err := seal.NewHubPrivate("HUB")
	must(err)
	prov, err := hub.Provisioning()
	must(err)
	secret := seal.NewStationSecret()
	must(seal.Save(filepath.Join(dir, "station.key"), secret))
	keys, err := seal.OpenStationKeys(t.Context(), filepath.Join(dir, "keys.db"), "PUT-1", secret, prov)
	must(err)
	defer keys.Close()
	j, err := journal.Open(t.Context(), journal.Config{Dir: dir, Station: "PUT-1", Post: "PUT", Clock: stillClock{}, Keys: keys, Reserve: -1})
	must(err)
	defer j.Close()
	files, err := seal.OpenAttachments(dir, keys)
	must(err)
	id, bucket := border.ID{6: 0x70, 8: 0x80}, seal.Bucket(bordertest.Start)
	a, err := files.Put(t.Context(), bucket, id, border.KindFinger, []byte("nobody"))
	must(err)
	set, err := keys.Ready(t.Context(), bucket)
	must(err)
	personal, err := json.Marshal(border.Personal{Attachments: []border.Attachment{a}})
	must(err)
	_, err = j.Append(t.Context(), &journal.Entry{Header: border.Header{Type: border.TypeCrossingRecorded, OccurredAt: bordertest.Start, Crossing: &id,
		FingersTaken: 1}, Personal: personal, Keys: set})
	must(err)
	verify := func() (ok bool, r journal.AttachmentReport, err error) {
		var out bytes.Buffer
		err = verifyJournalCmd{File: filepath.Join(dir, journal.FileName)}.Run(context.Background(), &world{out: &out})
		line := struct {
			OK          bool                     `json:"ok"`
			Attachments journal.AttachmentReport `json:"attachments"`
		}{}
		must(json.Unmarshal(out.Bytes(), &line))
		return line.OK, line.Attachments, err
	}
	if ok, r, err := verify(); err != nil || !ok || r != (journal.AttachmentReport{OK: true, Keys: true, Files: 1, Named: 1}) {
		t.Errorf("%v, %+v, %v", ok, r, err)
	}
	must(files.Remove(a.Hash))
	if ok, r, err := verify(); err == nil || ok || !r.Keys || r.Missing != 1 {
		t.Errorf("with a file missing: %v, %+v, %v", ok, r, err)
	}
	_, err = keys.Destroy(t.Context(), bucket)
	must(err)
	if ok, r, err := verify(); err == nil || ok || r.Unreadable != 1 || r.Missing != 1 {
		t.Errorf("with no file left and an event that cannot be opened: %v, %+v, %v", ok, r, err)
	}
}
