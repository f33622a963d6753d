package keystore_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border/keystore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// kind is one kind of guard: how to configure it, and how somebody looks who lacks its secret.
type kind struct {
	name string
	// config is that of a new folder.
	config func(t *testing.T) keystore.Config
	// thief takes the folder, and has everything but the secret.
	thief func(t *testing.T, cfg keystore.Config) keystore.Config
	err   error
}

func say(passphrase string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(passphrase), nil }
}

// kinds are all of them; software guards nothing, and has no thief.
func kinds() []kind {
	credential := func(t *testing.T, b []byte) string {
		dir := t.TempDir()
		check(t, os.WriteFile(filepath.Join(dir, keystore.CredentialName), b, 0o600))
		return dir
	}
	return []kind{
		{name: keystore.Software, config: func(t *testing.T) keystore.Config {
			return keystore.Config{Kind: keystore.Software, Dir: t.TempDir(), Demo: true}
		}},
		{name: keystore.Passphrase, err: keystore.ErrPassphrase,
			config: func(t *testing.T) keystore.Config {
				return keystore.Cheap(keystore.Config{Kind: keystore.Passphrase, Dir: t.TempDir(), Passphrase: say("four words of nobody")})
			},
			thief: func(_ *testing.T, cfg keystore.Config) keystore.Config {
				cfg.Passphrase = say("four words of somebody")
				return cfg
			}},
		{name: keystore.Credential, err: keystore.ErrCredential,
			config: func(t *testing.T) keystore.Config {
				return keystore.Config{Kind: keystore.Credential, Dir: t.TempDir(), Credentials: credential(t, bytes.Repeat([]byte{7}, 32))}
			},
			thief: func(t *testing.T, cfg keystore.Config) keystore.Config {
				cfg.Credentials = credential(t, bytes.Repeat([]byte{8}, 32))
				return cfg
			}},
		{name: keystore.TPM, err: keystore.ErrOtherTPM,
			config: func(t *testing.T) keystore.Config {
				return keystore.Config{Kind: keystore.TPM, Dir: t.TempDir(), TPM: newTPM(t).address()}
			},
			thief: func(t *testing.T, cfg keystore.Config) keystore.Config {
				cfg.TPM = newTPM(t).address()
				return cfg
			}},
	}
}

// softTPM is a software TPM (swtpm) in a process of its own.
type softTPM struct {
	t    *testing.T
	dir  string
	stop func()
}

func newTPM(t *testing.T) *softTPM {
	t.Helper()
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm is not installed (Debian package swtpm): the TPM is not tested")
	}
	dir, err := os.MkdirTemp("", "tpm") // short: a socket's path has 107 bytes at most
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	s := &softTPM{t: t, dir: dir}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *softTPM) socket() string  { return filepath.Join(s.dir, "s") }
func (s *softTPM) address() string { return "unix:" + s.socket() }

// start switches the machine on.
func (s *softTPM) start() {
	cmd := exec.Command("swtpm", "socket", "--tpm2", "--server", "type=unixio,path="+s.socket(),
		"--tpmstate", "dir="+s.dir, "--flags", "not-need-init,startup-clear")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	check(s.t, cmd.Start())
	s.stop = func() {
		_ = cmd.Process.Kill() // as a power cut does
		_ = cmd.Wait()
		_ = os.Remove(s.socket())
	}
	for range 500 {
		if c, err := net.Dial("unix", s.socket()); err == nil {
			check(s.t, c.Close())
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("swtpm did not start: %s", said.String())
}

func (s *softTPM) restart() { s.stop(); s.start() }

func open(t *testing.T, cfg keystore.Config) keystore.Root {
	t.Helper()
	r, err := keystore.Open(t.Context(), cfg)
	check(t, err)
	t.Cleanup(func() { check(t, r.Close()) })
	return r
}

// each runs a test over all kinds.
func each(t *testing.T, do func(t *testing.T, k kind)) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) { t.Parallel(); do(t, k) })
	}
}

func is(err, want error) bool { return errors.Is(err, want) }
