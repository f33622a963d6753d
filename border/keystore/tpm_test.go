package keystore_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"garita/border"
	"garita/border/keystore"
)

// do gives a connection to the TPM itself.
func (s *softTPM) do(do func(t transport.TPM) error) {
	s.t.Helper()
	c, err := net.Dial("unix", s.socket())
	check(s.t, err)
	check(s.t, errors.Join(do(transport.FromReadWriter(c)), c.Close()))
}

// extend measures something else into a PCR.
func (s *softTPM) extend(pcr int) {
	s.do(func(t transport.TPM) error {
		_, err := tpm2.PCRExtend{PCRHandle: tpm2.AuthHandle{Handle: tpm2.TPMHandle(pcr), Auth: tpm2.PasswordAuth(nil)},
			Digests: tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{{HashAlg: tpm2.TPMAlgSHA256, Digest: make([]byte, 32)}}}}.Execute(t)
		return err
	})
}

// The TPM gives the key after the machine was started anew, and not when it was cleared.
func TestTPMCleared(t *testing.T) {
	s := newTPM(t)
	cfg := keystore.Config{Kind: keystore.TPM, Dir: t.TempDir(), TPM: s.address()}
	b, err := open(t, cfg).Seal("a", []byte("plain"))
	check(t, err)
	s.restart()
	for range 20 { // nothing of ours stays in the TPM, which has room for three objects
		if plain, err := open(t, cfg).Open("a", b); err != nil || string(plain) != "plain" {
			t.Fatalf("%q, %v", plain, err)
		}
	}
	s.do(func(t transport.TPM) error {
		_, err := tpm2.Clear{AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHPlatform, Auth: tpm2.PasswordAuth(nil)}}.Execute(t)
		return err
	})
	if _, err := keystore.Open(t.Context(), cfg); border.CodeOf(err) != border.Forbidden || !is(err, keystore.ErrOtherTPM) {
		t.Errorf("cleared: %v", err)
	}
}

// A disk that was moved into another machine stays closed there, and opens at home again.
func TestTPMDiskMoved(t *testing.T) {
	home, away := newTPM(t), newTPM(t)
	cfg := keystore.Config{Kind: keystore.TPM, Dir: t.TempDir(), TPM: home.address()}
	open(t, cfg)
	moved := cfg
	moved.Dir, moved.TPM = t.TempDir(), away.address()
	check(t, os.CopyFS(moved.Dir, os.DirFS(cfg.Dir)))
	check(t, os.Chmod(filepath.Join(moved.Dir, keystore.RootFile), 0o600))
	if _, err := keystore.Open(t.Context(), moved); border.CodeOf(err) != border.Forbidden || !is(err, keystore.ErrOtherTPM) {
		t.Errorf("%v", err)
	}
	open(t, cfg)
}

// Bound to PCR 7, the key stays closed when the machine was started otherwise.
func TestTPMMeasured(t *testing.T) {
	s := newTPM(t)
	cfg := keystore.Config{Kind: keystore.TPM, Dir: t.TempDir(), TPM: s.address(), PCRs: []int{7}}
	r := open(t, cfg)
	b, err := r.Seal("a", []byte("plain"))
	check(t, err)
	s.extend(8) // of no importance
	open(t, cfg)
	s.extend(7)
	if _, err := keystore.Open(t.Context(), cfg); border.CodeOf(err) != border.Forbidden || !is(err, keystore.ErrMeasured) {
		t.Errorf("measured otherwise: %v", err)
	}
	l := keystore.LockOf(t, cfg.Dir)
	s.do(func(tpm transport.TPM) error { // the authorisation value alone, from the file, does not do either
		loaded, err := load(tpm, l)
		if err != nil {
			return err
		}
		if _, err = (tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: loaded.ObjectHandle, Name: loaded.Name, Auth: tpm2.PasswordAuth(l.Auth)}}).Execute(tpm); err == nil {
			t.Error("the PCRs can be gone round")
		}
		_, err = tpm2.FlushContext{FlushHandle: loaded.ObjectHandle}.Execute(tpm)
		return err
	})
	check(t, keystore.Rekey(t.Context(), r, cfg)) // by a program that is still running
	if plain, err := open(t, cfg).Open("a", b); err != nil || string(plain) != "plain" {
		t.Errorf("%q, %v", plain, err)
	}
	s.restart() // PCRs are as they were at first: not as when it was sealed last
	if _, err := keystore.Open(t.Context(), cfg); !is(err, keystore.ErrMeasured) {
		t.Errorf("started as at first: %v", err)
	}
	loose := cfg
	loose.Dir, loose.PCRs = t.TempDir(), nil
	open(t, loose)
	s.extend(7)
	open(t, loose) // bound to the TPM alone
}

// A probe on the wires between processor and TPM reads neither the key nor its authorisation value.
func TestTPMBus(t *testing.T) {
	for name, pcrs := range map[string][]int{"TPM alone": nil, "PCR 7": {7}} {
		t.Run(name, func(t *testing.T) {
			s := newTPM(t)
			probe := newProbe(t, s.socket())
			cfg := keystore.Config{Kind: keystore.TPM, Dir: t.TempDir(), TPM: "unix:" + probe.path, PCRs: pcrs}
			open(t, cfg)
			open(t, cfg)
			kek := unsealed(t, s, cfg)
			if len(kek) != 32 {
				t.Fatalf("a key of %d bytes", len(kek))
			}
			probe.mu.Lock()
			defer probe.mu.Unlock()
			if probe.heard.Len() < 1000 {
				t.Fatalf("the probe heard %d bytes", probe.heard.Len())
			}
			if bytes.Contains(probe.heard.Bytes(), kek) {
				t.Error("the key went over the wires in the clear")
			}
		})
	}
}

// unsealed is the key that the TPM holds, asked for in the clear by somebody who is entitled to.
func unsealed(t *testing.T, s *softTPM, cfg keystore.Config) (key []byte) {
	t.Helper()
	l := keystore.LockOf(t, cfg.Dir)
	s.do(func(tpm transport.TPM) error {
		loaded, err := load(tpm, l)
		if err != nil {
			return err
		}
		auth := tpm2.PasswordAuth(l.Auth)
		if len(cfg.PCRs) > 0 {
			auth = tpm2.Policy(tpm2.TPMAlgSHA256, 16, func(tpm transport.TPM, h tpm2.TPMISHPolicy, _ tpm2.TPM2BNonce) error {
				_, err := tpm2.PolicyPCR{PolicySession: h, Pcrs: tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(7)}}}}.Execute(tpm)
				if err == nil {
					_, err = tpm2.PolicyAuthValue{PolicySession: h}.Execute(tpm)
				}
				return err
			}, tpm2.Auth(l.Auth))
		}
		out, err := tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: loaded.ObjectHandle, Name: loaded.Name, Auth: auth}}.Execute(tpm)
		if err == nil {
			key = out.OutData.Buffer
		}
		return err
	})
	return key
}

// load loads the sealed object without any protection of the wires.
func load(tpm transport.TPM, l keystore.Lock) (*tpm2.LoadResponse, error) {
	srk, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate)}.Execute(tpm)
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = tpm2.FlushContext{FlushHandle: srk.ObjectHandle}.Execute(tpm) }()
	return tpm2.Load{ParentHandle: tpm2.AuthHandle{Handle: srk.ObjectHandle, Name: srk.Name, Auth: tpm2.PasswordAuth(nil)},
		InPrivate: tpm2.TPM2BPrivate{Buffer: l.Private}, InPublic: tpm2.BytesAs2B[tpm2.TPMTPublic](l.Public)}.Execute(tpm)
}

// A TPM that somebody put on the wires is asked for nothing: a session with it would tell it what the real
// one needs.
func TestTPMInterposed(t *testing.T) {
	s, other := newTPM(t), newTPM(t)
	cfg := keystore.Config{Kind: keystore.TPM, Dir: t.TempDir(), TPM: s.address()}
	open(t, cfg)
	probe := newProbe(t, other.socket())
	cfg.TPM = "unix:" + probe.path
	if _, err := keystore.Open(t.Context(), cfg); !is(err, keystore.ErrOtherTPM) {
		t.Errorf("%v", err)
	}
	probe.mu.Lock()
	defer probe.mu.Unlock()
	if startAuthSession := []byte{0, 0, 1, 0x76}; probe.heard.Len() < 100 || bytes.Contains(probe.heard.Bytes(), startAuthSession) {
		t.Error("a session was begun with it")
	}
}

// probe listens on the way to the TPM.
type probe struct {
	path  string
	mu    sync.Mutex
	heard bytes.Buffer
}

func newProbe(t *testing.T, to string) *probe {
	t.Helper()
	dir, err := os.MkdirTemp("", "bus")
	check(t, err)
	p := &probe{path: filepath.Join(dir, "s")}
	ln, err := net.Listen("unix", p.path)
	check(t, err)
	var parts sync.WaitGroup
	t.Cleanup(func() { check(t, errors.Join(ln.Close(), os.RemoveAll(dir))); parts.Wait() })
	listen := func(dst, src net.Conn) {
		_, _ = io.Copy(dst, io.TeeReader(src, p))
		_, _ = dst.Close(), src.Close()
	}
	parts.Go(func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			parts.Go(func() { listen(far, near) })
			listen(near, far)
		}
	})
	return p
}

func (p *probe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard.Write(b)
}

// Without swtpm all tests of the TPM are skipped, and say so.
func TestTPMIsTested(t *testing.T) {
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm is not installed (Debian package swtpm): the TPM is not tested")
	}
}
