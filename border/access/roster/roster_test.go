package roster_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/access"
	"garita/border/access/roster"
)

var (
	key   = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	pub   = key.Public().(ed25519.PublicKey)
	other = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	want  = roster.Want{Station: "PCA-1", Post: "PCA", AtLeast: 5}
)

func sample() *access.Roster {
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	return &access.Roster{Version: 5, Station: "PCA-1", Post: "PCA", IssuedAt: at, ExpiresAt: at.Add(72 * time.Hour), Officers: []access.Officer{
		{Badge: "1001", Name: "Ada Utopia", Roles: []access.Role{access.Inspector, access.Supervisor}, Language: "es", PIN: "$argon2id$", MustChange: true},
		{Badge: "1002", Roles: []access.Role{access.Technician}, Revoked: at.Add(-time.Hour)},
		{Badge: "1003", Name: "Éva <Utopia>", Roles: []access.Role{"of a later version"}, Posts: []border.PostID{"PCA"},
			Passkeys: []access.Passkey{{ID: []byte{1}, PublicKey: []byte{2}, SignCount: 3, Name: "blue key", AddedAt: at}}},
	}}
}

func sign(t *testing.T, r *access.Roster) []byte {
	t.Helper()
	b, err := roster.Sign(r, key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	got, err := roster.Verify(sign(t, sample()), pub, want)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sample(), got); d != "" {
		t.Error(d)
	}
	shuffled := sample()
	slices.Reverse(shuffled.Officers)
	slices.Reverse(shuffled.Officers[2].Roles)
	if !bytes.Equal(sign(t, shuffled), sign(t, sample())) {
		t.Error("the order of officers and roles shows in the bytes")
	}
	empty := sample()
	empty.Officers = nil
	if _, err := roster.Verify(sign(t, empty), pub, want); err != nil {
		t.Errorf("a roster of nobody: %v", err)
	}
}

func TestRefused(t *testing.T) {
	good := sign(t, sample())
	with := func(change func(*access.Roster)) []byte {
		r := sample()
		change(r)
		return sign(t, r)
	}
	stranger, err := roster.Sign(sample(), other)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		signed []byte
		cause  error
		code   border.Code
	}{
		"another signer":  {stranger, roster.ErrSigner, border.Invalid},
		"another station": {with(func(r *access.Roster) { r.Station = "PCA-2" }), roster.ErrStation, border.Forbidden},
		"another post":    {with(func(r *access.Roster) { r.Post = "BOC" }), roster.ErrStation, border.Forbidden},
		"older":           {with(func(r *access.Roster) { r.Version = 4 }), roster.ErrRolledBack, border.Stale},
		"too large":       {make([]byte, roster.MaxSigned+1), roster.ErrTooLarge, border.TooLarge},
		"empty":           {nil, roster.ErrMalformed, border.Invalid},
		"short":           {good[:60], roster.ErrMalformed, border.Invalid},
		"cut":             {good[:len(good)-1], roster.ErrSigner, border.Invalid},
		"longer":          {append(bytes.Clone(good), ' '), roster.ErrSigner, border.Invalid},
		"another magic":   {append([]byte("GRO2"), good[4:]...), roster.ErrMalformed, border.Invalid},
	} {
		r, err := roster.Verify(c.signed, pub, want)
		if r != nil || !errors.Is(err, c.cause) || border.CodeOf(err) != c.code {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := roster.Verify(good, nil, want); !errors.Is(err, roster.ErrSigner) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := roster.Verify(good, pub, roster.Want{Station: "PCA-1", Post: "PCA"}); err != nil {
		t.Errorf("the first one: %v", err)
	}
}

// Whatever byte is altered, it is found.
func TestAltered(t *testing.T) {
	good := sign(t, sample())
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(good)
		b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= byte(1 << rapid.IntRange(0, 7).Draw(t, "bit"))
		if _, err := roster.Verify(b, pub, want); err == nil {
			t.Fatal("an altered roster was taken")
		}
	})
}

// What a hub must not write, and a station not believe though it is signed.
func TestRules(t *testing.T) {
	for what, change := range map[string]func(*access.Roster){
		"no version":      func(r *access.Roster) { r.Version = 0 },
		"no station":      func(r *access.Roster) { r.Station = "" },
		"expires before":  func(r *access.Roster) { r.ExpiresAt = r.IssuedAt },
		"lives too long":  func(r *access.Roster) { r.ExpiresAt = r.IssuedAt.Add(61 * 24 * time.Hour) },
		"twice one badge": func(r *access.Roster) { r.Officers[1].Badge = "1001" },
		"badge not plain": func(r *access.Roster) { r.Officers[1].Badge = "10-02" },
		"no badge":        func(r *access.Roster) { r.Officers[1].Badge = "" },
		"long name":       func(r *access.Roster) { r.Officers[1].Name = strings.Repeat("x", 201) },
		"empty passkey":   func(r *access.Roster) { r.Officers[2].Passkeys[0].ID = nil },
		"long verifier":   func(r *access.Roster) { r.Officers[0].PIN = strings.Repeat("x", 257) },
	} {
		r := sample()
		change(r)
		if _, err := roster.Sign(r, key); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s was written: %v", what, err)
		}
		if _, err := roster.Verify(signedAsIs(r), pub, roster.Want{Station: r.Station, Post: r.Post}); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s was read: %v", what, err)
		}
	}
	many := sample()
	many.Officers = nil
	for i := range 6000 {
		many.Officers = append(many.Officers, access.Officer{Badge: fmt.Sprintf("%05d", i), Name: strings.Repeat("x", 100), Roles: []access.Role{access.Inspector}})
	}
	if _, err := roster.Sign(many, key); !errors.Is(err, roster.ErrTooLarge) {
		t.Errorf("6000 officers: %v", err)
	}
	many.Officers = many.Officers[:2000]
	for i := range many.Officers {
		many.Officers[i].PIN = "$argon2id$v=19$m=32768,t=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		many.Officers[i].Name = many.Officers[i].Name[:30]
	}
	if b, err := roster.Sign(many, key); err != nil {
		t.Errorf("2000 officers at one post do not fit: %v", err)
	} else {
		t.Logf("2000 officers take %d kB", len(b)>>10)
	}
}

// signedAsIs signs what the hub would not write.
func signedAsIs(r *access.Roster) []byte {
	body, _ := json.Marshal(r) // plain values
	return signedBody(body)
}

func signedBody(body []byte) []byte {
	signature := ed25519.Sign(key, append([]byte("garita roster v1\n"), body...))
	return append(append([]byte("GRO1"), signature...), body...)
}

// FuzzVerify reads bodies that bear a good signature, and what bears none.
func FuzzVerify(f *testing.F) {
	good, err := roster.Sign(sample(), key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[68:])
	f.Add([]byte(`{"version":9,"station":"PCA-1","post":"PCA","issued_at":"2026-11-22T08:00:00Z","expires_at":"2026-11-23T08:00:00Z","officers":[{"badge":"1"}]}`))
	f.Add([]byte(`{"version":9,"officers":[[[[`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := roster.Verify(body, pub, want); err == nil && !bytes.Equal(body, good) {
			t.Error("what nobody signed was taken")
		}
		r, err := roster.Verify(signedBody(body), pub, want)
		if err != nil {
			if c := border.CodeOf(err); c == border.Internal || c == "" {
				t.Errorf("an error without a code: %v", err)
			}
			return
		}
		again, err := roster.Sign(r, key)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if _, err := roster.Verify(again, pub, want); err != nil {
			t.Errorf("what was written again cannot be read: %v", err)
		}
	})
}
