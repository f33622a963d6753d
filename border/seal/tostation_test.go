package seal_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"testing"

	"garita/border"
	"garita/border/seal"
)

// stationPair makes the sealing keys of a station.
func stationPair(t testing.TB) (pub []byte, opener *seal.StationOpener) {
	t.Helper()
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	check(t, err)
	opener, err = seal.NewStationOpener(k.Bytes())
	check(t, err)
	return k.PublicKey().Bytes(), opener
}

// What is sealed to a station opens there alone, and for its purpose alone.
func TestSealToStation(t *testing.T) {
	pub, mine := stationPair(t)
	_, other := stationPair(t)
	sealed, err := seal.SealToStation(pub, seal.ForReply, []byte("plain"))
	check(t, err)
	if bytes.Contains(sealed, []byte("plain")) {
		t.Fatal("it is not sealed")
	}
	if plain, err := mine.Open(seal.ForReply, sealed); err != nil || string(plain) != "plain" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := mine.Open(seal.ForRoster, sealed); border.CodeOf(err) != border.Invalid {
		t.Errorf("for another purpose: %v", err)
	}
	if _, err := other.Open(seal.ForReply, sealed); border.CodeOf(err) != border.Invalid {
		t.Errorf("at another station: %v", err)
	}
	for i := range sealed {
		sealed[i] ^= 1
		if _, err := mine.Open(seal.ForReply, sealed); border.CodeOf(err) != border.Invalid {
			t.Errorf("byte %d flipped: %v", i, err)
		}
		sealed[i] ^= 1
	}
	for _, b := range [][]byte{nil, sealed[:31], sealed[:len(sealed)-1]} {
		if _, err := mine.Open(seal.ForReply, b); border.CodeOf(err) != border.Invalid {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	if _, err := mine.Open(seal.ForReply, make([]byte, seal.MaxToStation+257)); border.CodeOf(err) != border.TooLarge {
		t.Errorf("too large: %v", err)
	}
	if _, err := seal.SealToStation(pub, seal.ForReply, make([]byte, seal.MaxToStation+1)); border.CodeOf(err) != border.TooLarge {
		t.Errorf("too large: %v", err)
	}
	for _, bad := range [][]byte{nil, make([]byte, 31), make([]byte, 32)} { // the last is a point of low order
		if _, err := seal.SealToStation(bad, seal.ForReply, nil); err == nil {
			t.Errorf("sealed to %x", bad)
		}
	}
	if _, err := seal.NewStationOpener(make([]byte, 31)); border.CodeOf(err) != border.Invalid {
		t.Errorf("a short key: %v", err)
	}
}
