package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"garita/border"
	"garita/border/retention"
)

// Two people with PINs of their own, and nobody else; the file is its owner's, and is never written over.
func TestSubjectCommands(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	config := at("hub.toml")
	must(t, os.WriteFile(config, []byte("name = \"test\"\ndata = \""+at("hub")+"\"\n[keys]\nkind = \"credential\"\n"), 0o600))
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	must(t, os.WriteFile(at("garita"), []byte(strings.Repeat("k", 40)), 0o600))
	add := func(badge, role string) {
		must(t, os.WriteFile(at(badge), []byte("739518\n"), 0o600))
		_, err := run(t, "officer", "add", "-c", config, "--badge", badge, "--name", "Officer "+badge, "--role", role, "--pin-file", at(badge))
		must(t, err)
	}
	add("9001", "administrator")
	add("3001", "operator")
	add("3002", "operator")
	must(t, os.WriteFile(at("who.json"), []byte(`{"issuer": "UTO", "number": "L898902C3"}`), 0o600))
	subject := func(did, by, second string, more ...string) (string, error) {
		return run(t, append([]string{"subject", did, "-c", config, "--traveller", at("who.json"), "--by", by, "--second", second,
			"--pin-file", at(by), "--second-pin-file", at(second), "--purpose", "file 1"}, more...)...)
	}
	out, err := subject("export", "3001", "3002", "--out", at("person.json"))
	must(t, err)
	info, err := os.Stat(at("person.json"))
	must(t, err)
	if !strings.Contains(out, `"did": "export"`) || info.Mode().Perm() != 0o600 {
		t.Errorf("%v: %s", info.Mode(), out)
	}
	if _, err := subject("export", "3001", "3002", "--out", at("person.json")); border.CodeOf(err) != border.Conflict {
		t.Errorf("over a file: %v", err)
	}
	if _, err := subject("export", "9001", "3002", "--out", at("other.json")); border.CodeOf(err) != border.Forbidden {
		t.Errorf("by an administrator: %v", err)
	}
	if _, err := subject("erase", "3001", "3001"); err == nil {
		t.Error("one person is enough")
	}
	if _, err := os.Stat(at("other.json")); err == nil {
		t.Error("a refused export leaves a file")
	}
	for _, did := range []string{"restrict", "erase"} {
		out, err := subject(did, "3001", "9001")
		must(t, err)
		if !strings.Contains(out, did) {
			t.Errorf("%s: %s", did, out)
		}
	}
	out, err = run(t, "retention", "run", "-c", config)
	must(t, err)
	if !strings.Contains(out, `"erased": []`) {
		t.Errorf("retention: %s", out)
	}
	out, err = run(t, "retention", "show", "-c", config)
	must(t, err)
	if !strings.Contains(out, "HUB") || !strings.Contains(out, "Policy 1") {
		t.Errorf("retention: %s", out)
	}
}

// What says who a request is about has one shape, and none of it is repeated.
func TestReadWho(t *testing.T) {
	read := func(text string) (retention.Who, error) { return readWho("-", strings.NewReader(text)) }
	who, err := read(`{"surname": "ERIKSSON", "given_names": "ANNA MARIA", "birth_date": "1974-08-12"}`)
	if want := (retention.Who{Surname: "ERIKSSON", GivenNames: "ANNA MARIA", BirthDate: "1974-08-12"}); err != nil || who != want {
		t.Errorf("read %+v: %v", who, err)
	}
	for _, text := range []string{"", "ERIKSSON", `{"name": "ERIKSSON"}`, `["ERIKSSON"]`, `{"surname": "` + strings.Repeat("ERIKSSON", 1000) + `"}`} {
		if _, err := read(text); border.CodeOf(err) != border.Invalid || strings.Contains(err.Error(), "ERIKSSON") {
			t.Errorf("%.40q: %.200v", text, err)
		}
	}
}

func FuzzReadWho(f *testing.F) {
	f.Add(`{"issuer": "UTO", "number": "L898902C3"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := readWho("-", strings.NewReader(text)); err != nil && border.CodeOf(err) != border.Invalid {
			t.Error(err)
		}
	})
}
