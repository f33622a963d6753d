package credentials_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/sync/credentials"
)

func TestAuthorityIsRead(t *testing.T) {
	a, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := credentials.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if b2, err := again.Marshal(); err != nil || !bytes.Equal(b, b2) {
		t.Errorf("it does not come back as it was: %v", err)
	}
	var seeds map[string]string
	if err := json.Unmarshal(b, &seeds); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(){
		"operator missing": func() { delete(seeds, "operator") },
		"account for user": func() { _, s, _ := credentials.NewKey(); seeds["posts"] = string(s) },
		"rubbish":          func() { seeds["hub"] = "SA" },
	} {
		kept := map[string]string{}
		for k, v := range seeds {
			kept[k] = v
		}
		change()
		bad, err := json.Marshal(seeds)
		if err != nil {
			t.Fatal(err)
		}
		_, err = credentials.Unmarshal(bad)
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
		for _, v := range kept {
			if err != nil && strings.Contains(err.Error(), v) {
				t.Errorf("%s: a seed is in the error", name)
			}
		}
		seeds = kept
	}
	if _, err := (&credentials.Authority{}).Marshal(); err == nil {
		t.Error("an authority without keys was written")
	}
}

func FuzzUnmarshal(f *testing.F) {
	a, err := credentials.NewAuthority()
	if err != nil {
		f.Fatal(err)
	}
	b, err := a.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"operator":"SO"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := credentials.Unmarshal(b)
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		if _, err := a.Tree(nil); err != nil {
			t.Errorf("Tree: %v", err)
		}
	})
}

func TestIssueRefuses(t *testing.T) {
	a, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	public, _, err := credentials.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		station border.StationID
		public  string
		expires time.Time
	}{
		"wildcard":  {"*", public, time.Now().Add(time.Hour)},
		"two names": {"PUT-1.PUT-2", public, time.Now().Add(time.Hour)},
		"template":  {"{{name()}}", public, time.Now().Add(time.Hour)},
		"the hub":   {"hub", public, time.Now().Add(time.Hour)},
		"no key":    {"PUT-1", "UABC", time.Now().Add(time.Hour)},
		"for ever":  {"PUT-1", public, time.Time{}},
	} {
		if _, err := a.Issue(c.station, c.public, c.expires); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}
