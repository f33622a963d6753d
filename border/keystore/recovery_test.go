package keystore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"garita/border"
	"garita/border/keystore"
)

// theirs is a good recovery key that belongs to nothing here.
func theirs(t *testing.T) string {
	t.Helper()
	k, err := keystore.NewRecovery(open(t, kinds()[0].config(t)))
	check(t, err)
	return k.Text()
}

// Whatever guarded a root key and is lost: what was sealed opens again with the key from paper, and from
// then on under a new guard.
func TestRecovery(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		cfg := k.config(t)
		r := open(t, cfg)
		fresh := keystore.Cheap(keystore.Config{Kind: keystore.Passphrase, Dir: cfg.Dir, Passphrase: say("five other words of nobody")})
		stranger, err := keystore.ParseRecoveryKey(theirs(t))
		check(t, err)
		if err := keystore.Recover(t.Context(), fresh, stranger); border.CodeOf(err) != border.NotFound {
			t.Errorf("none was printed: %v", err)
		}
		if _, err := keystore.ForBackup(r); border.CodeOf(err) != border.NotFound {
			t.Errorf("none was printed: %v", err)
		}
		first, err := keystore.NewRecovery(r)
		check(t, err)
		key, err := keystore.NewRecovery(r)
		check(t, err)
		if first.Text() == key.Text() {
			t.Fatal("the same key twice")
		}
		b, err := r.Seal("a", []byte("plain"))
		check(t, err)
		public, err := keystore.RecoveryPublic(r)
		check(t, err)
		apart, err := keystore.SealForRecovery(public, "backup", []byte("a backup's key"))
		check(t, err)
		copied, err := keystore.ForBackup(r)
		check(t, err)

		typed, err := keystore.ParseRecoveryKey(" " + strings.ToLower(strings.ReplaceAll(key.Text(), "-", " ")) + "\n")
		check(t, err)
		if plain, err := typed.Open("backup", apart); err != nil || string(plain) != "a backup's key" {
			t.Errorf("%q, %v", plain, err)
		}
		if _, err := typed.Open("roster", apart); border.CodeOf(err) != border.Forbidden {
			t.Errorf("for another purpose: %v", err)
		}
		for name, other := range map[string]*keystore.RecoveryKey{"somebody else's": stranger, "an older one": first} {
			if err := keystore.Recover(t.Context(), fresh, other); border.CodeOf(err) != border.Forbidden {
				t.Errorf("%s: %v", name, err)
			}
		}
		check(t, keystore.Recover(t.Context(), fresh, typed))
		again := open(t, fresh)
		if plain, err := again.Open("a", b); err != nil || string(plain) != "plain" {
			t.Errorf("%q, %v", plain, err)
		}
		check(t, keystore.Recover(t.Context(), fresh, typed)) // the sheet stays good

		fresh.Dir = t.TempDir() // another machine, from a backup
		check(t, os.WriteFile(filepath.Join(fresh.Dir, keystore.RootFile), copied, 0o600))
		if _, err := keystore.Open(t.Context(), fresh); border.CodeOf(err) != border.Conflict {
			t.Errorf("a copy from a backup opens by itself: %v", err)
		}
		check(t, keystore.Recover(t.Context(), fresh, typed))
		if plain, err := open(t, fresh).Open("a", b); err != nil || string(plain) != "plain" {
			t.Errorf("%q, %v", plain, err)
		}
	})
}

// What goes into a backup opens with the recovery key alone: not even a software key is in it.
func TestForBackup(t *testing.T) {
	cfg := kinds()[0].config(t)
	r := open(t, cfg)
	_, err := keystore.NewRecovery(r)
	check(t, err)
	b, err := keystore.ForBackup(r)
	check(t, err)
	if bytes.Contains(b, []byte("lock")) || bytes.Contains(b, []byte(`"key"`)) {
		t.Errorf("%s", b)
	}
}

func TestRekey(t *testing.T) {
	cfg := kinds()[1].config(t)
	r := open(t, cfg)
	b, err := r.Seal("a", []byte("plain"))
	check(t, err)
	next := cfg
	next.Passphrase = say("quite other words")
	check(t, keystore.Rekey(t.Context(), r, next))
	if plain, err := open(t, next).Open("a", b); err != nil || string(plain) != "plain" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := keystore.Open(t.Context(), cfg); !is(err, keystore.ErrPassphrase) {
		t.Errorf("the old passphrase: %v", err)
	}
	next.Kind = keystore.Software
	if err := keystore.Rekey(t.Context(), r, next); border.CodeOf(err) != border.Forbidden {
		t.Errorf("to a software key: %v", err)
	}
	check(t, r.Close())
	if err := keystore.Rekey(t.Context(), r, cfg); border.CodeOf(err) != border.Unavailable {
		t.Errorf("closed: %v", err)
	}
}

func TestParseRecoveryKey(t *testing.T) {
	good := theirs(t)
	for i, c := range good {
		other := "2"
		if c == '2' {
			other = "3"
		}
		if c == '-' {
			continue
		}
		if _, err := keystore.ParseRecoveryKey(good[:i] + other + good[i+1:]); border.CodeOf(err) != border.Invalid || strings.Contains(err.Error(), good[:5]) {
			t.Errorf("letter %d wrong: %v", i, err)
		}
	}
	for _, s := range []string{"", "-", good[1:], good + "0", strings.Repeat("0", 40), strings.Repeat("A", 1<<20)} {
		if _, err := keystore.ParseRecoveryKey(s); border.CodeOf(err) != border.Invalid {
			t.Errorf("%.50q: %v", s, err)
		}
	}
	misread := strings.NewReplacer("0", "O", "1", "l").Replace(good)
	if _, err := keystore.ParseRecoveryKey(misread); err != nil {
		t.Errorf("%v", err)
	}
}
