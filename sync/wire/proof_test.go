package wire

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/bordertest"
)

func TestPadding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "body")
		b := Pad(body)
		if got, err := Unpad(b); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%d bytes became %d, %v", len(body), len(got), err)
		}
		if len(b)%512 != 0 || len(b) < 512 {
			t.Fatalf("%d bytes were padded to %d", len(body), len(b))
		}
	})
	for _, n := range []int{0, 1, 508, 509, 1020, 1021} {
		want := 512
		if n > 508 {
			want = 1024
		}
		if n > 1020 {
			want = 1536
		}
		if got := len(Pad(make([]byte, n))); got != want {
			t.Errorf("%d bytes are padded to %d, want %d", n, got, want)
		}
	}
}

func FuzzUnpad(f *testing.F) {
	f.Add(Pad([]byte("body")))
	f.Add(bytes.Repeat([]byte{0xff}, 512))
	f.Fuzz(func(t *testing.T, b []byte) {
		body, err := Unpad(b)
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		if !bytes.Equal(Pad(body), b) {
			t.Error("two paddings of one body")
		}
	})
}

// TestMessagesAreApart: what is signed for one purpose, kind, station or body serves no other.
func TestMessagesAreApart(t *testing.T) {
	at := time.Date(2026, 11, 22, 6, 0, 0, 1, time.UTC)
	seen := map[string]string{}
	add := func(what string, b []byte) {
		t.Helper()
		if old, there := seen[string(b)]; there {
			t.Errorf("%s and %s sign the same", what, old)
		}
		seen[string(b)] = what
	}
	for _, st := range []border.StationID{"PUT-1", "PUT-2"} {
		for _, kind := range []string{KindHello, KindRoster, KindWatermark} {
			for _, body := range []string{"", "{}", "{} "} {
				m := Request(st, kind, []byte(body), time.Second)
				for range 2 { // the nonce tells them apart
					if err := SignRequest(m, at, nil); err != nil {
						t.Fatal(err)
					}
					add(fmt.Sprint("request ", st, kind, body), RequestMessage(m))
				}
				add(fmt.Sprint("reply ", st, kind, body), ReplyMessage(RequestMessage(m), &nats.Msg{Data: []byte(body)}))
				add(fmt.Sprint("sealed reply ", st, kind, body), ReplyMessage(RequestMessage(m), &nats.Msg{Data: []byte(body), Header: nats.Header{HeaderSealed: {"1"}}}))
				add(fmt.Sprint("refusal ", st, kind, body), ReplyMessage(RequestMessage(m), &nats.Msg{Data: []byte(body), Header: nats.Header{HeaderError: {"stale"}}}))
				add(fmt.Sprint("down ", st, kind, body), DownMessage(&nats.Msg{Subject: DownSubject(st, kind), Data: []byte(body)}))
			}
		}
	}
	add("head", border.HeadMessage(border.Key{Station: "PUT-1", Epoch: bordertest.EpochNo(1), Seq: 1}, border.Digest{}))
}

// TestRequestMessage holds the bytes that other implementers sign, as docs/PROTOCOL.md says them.
func TestRequestMessage(t *testing.T) {
	m := Request("PUT-1", KindWraps, []byte("{}"), time.Second)
	if err := SignRequest(m, time.Date(2026, 11, 22, 6, 0, 0, 5000, time.UTC), func([]byte) []byte { return bytes.Repeat([]byte{7}, 64) }); err != nil {
		t.Fatal(err)
	}
	nonce := m.Header[HeaderNonce][0]
	const empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" // SHA-256 of {}
	want := "garita request v1\nwraps\nPUT-1\n2026-11-22T06:00:00.000005Z\n" + nonce + "\n" + empty + "\n"
	if got := string(RequestMessage(m)); got != want || len(nonce) != 32 {
		t.Errorf("a request is signed as %q, want %q", got, want)
	}
	if s, ok := Signature(m.Header); !ok || !bytes.Equal(s, bytes.Repeat([]byte{7}, 64)) {
		t.Errorf("the signature reads as %x, %v", s, ok)
	}
	if at, err := SignedAt(m.Header); err != nil || at.Nanosecond() != 5000 {
		t.Errorf("signed at %v, %v", at, err)
	}
	if got, want := string(DownMessage(&nats.Msg{Subject: "down.PUT-1.roster", Data: []byte("{}")})), "garita down v1\nroster\nPUT-1\n"+empty+"\n"; got != want {
		t.Errorf("a message down is signed as %q, want %q", got, want)
	}
	got := string(ReplyMessage([]byte("{}"), &nats.Msg{Data: []byte("{}"), Header: nats.Header{HeaderSealed: {"1"}}}))
	if want := "garita reply v1\n" + empty + "\n\n1\n" + empty + "\n"; got != want {
		t.Errorf("a reply is signed as %q, want %q", got, want)
	}
}

func FuzzSignature(f *testing.F) {
	f.Add(strings.Repeat("A", 86)+"==", "2026-11-22T06:00:00Z")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, signature, at string) {
		h := nats.Header{HeaderSignature: {signature}, HeaderTime: {at}}
		s, ok := Signature(h)
		if s != nil && (len(s) != 64 || !ok) {
			t.Errorf("a signature of %d bytes, %v", len(s), ok)
		}
		if s != nil { // one text for one signature
			again := nats.Header{}
			setSignature(again, s)
			if again[HeaderSignature][0] != signature {
				t.Errorf("two texts of one signature: %q", signature)
			}
		}
		if _, err := SignedAt(h); err != nil && border.CodeOf(err) != border.Invalid {
			t.Errorf("untyped error %v", err)
		}
	})
}

func FuzzReadFetched(f *testing.F) {
	f.Add("", ListStream, "7", "lists.national.head")
	f.Add("404", "", "", "")
	f.Fuzz(func(t *testing.T, status, stream, seq, subject string) {
		_, n, found, err := ReadFetched(nats.Header{"Status": {status}, "Nats-Stream": {stream}, "Nats-Sequence": {seq}, "Nats-Subject": {subject}})
		if err != nil && (found || border.CodeOf(err) != border.Invalid) || !found && n != 0 {
			t.Errorf("found %v, %d, %v", found, n, err)
		}
	})
}

func TestPageOfKeys(t *testing.T) {
	wraps := make([]border.KeyWrap, 1500)
	for i := range wraps {
		wraps[i] = border.KeyWrap{Station: "PUT-1", KeyID: fmt.Sprintf("k-%05d", i), Part: border.PartPersonal, Wrapped: make([]byte, 100)}
	}
	if got := PageOfKeys(wraps); len(got) != MaxKeys {
		t.Errorf("a page of %d keys, want %d", len(got), MaxKeys)
	}
	for i := range wraps {
		wraps[i].Wrapped = make([]byte, MaxWrapped)
	}
	page := PageOfKeys(wraps)
	b, err := Encode(KeysReply{Wraps: page})
	if err != nil || len(page) < 50 {
		t.Fatalf("a page of %d large keys: %v", len(page), err)
	}
	if got, err := DecodeKeysReply(b, "PUT-1", KeysRequest{}); err != nil || len(got) != len(page) {
		t.Errorf("%d keys became %d, %v", len(page), len(got), err)
	}
	for name, c := range map[string]struct {
		st    border.StationID
		after string
	}{"another station": {"PUT-2", ""}, "not after what was asked": {"PUT-1", "k-00000"}} {
		if _, err := DecodeKeysReply(b, c.st, KeysRequest{After: c.after}); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if got := PageOfKeys(nil); got != nil {
		t.Errorf("a page of nothing has %d keys", len(got))
	}
}

// BenchmarkBatch is what the envelopes of a full batch cost, and what signing adds.
func BenchmarkBatch(b *testing.B) {
	e := bordertest.Event("PUT-1", bordertest.EpochNo(1), 42, border.Digest{}, border.TypeCrossingRecorded)
	encoded, head := e.Encode(), border.Position{Epoch: bordertest.EpochNo(1), Seq: 42}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for name, sign := range map[string]func([]byte) []byte{"open": nil, "signed": func(m []byte) []byte { return ed25519.Sign(key, m) }} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for range MaxBatch {
					EventMessage(e.Key, head, encoded, sign)
				}
			}
		})
	}
}
