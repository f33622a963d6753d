package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/border/bordertest"
)

func FuzzReadEnvelope(f *testing.F) {
	id := bordertest.EpochNo(1).String() + ".7"
	f.Add("in.PUT-1.event", id, id, "1", "/stations/PUT-1", strings.Repeat("A", 86)+"==")
	f.Add("in.put.event", "x.y", ".", "2", "", "rubbish")
	f.Fuzz(func(t *testing.T, subject, id, head, version, source, signature string) {
		env := ReadEnvelope(subject, nats.Header{HeaderID: {id}, HeaderHead: {head}, HeaderVersion: {version}, HeaderSource: {source}, HeaderSignature: {signature}})
		if env.Station != "" && signature != "" && len(env.Signature) != 64 && env.Problem == "" {
			t.Error("a signature that cannot be read is no problem")
		}
		if env.Claimed != (border.Key{}) {
			if env.Claimed.Station != env.Station || env.Claimed.Seq == 0 || env.Claimed.Epoch.IsZero() || env.Station.Validate() != nil {
				t.Errorf("half a key: %+v", env.Claimed)
			}
			if id != FormatPosition(border.Position{Epoch: env.Claimed.Epoch, Seq: env.Claimed.Seq}) {
				t.Errorf("two texts for one id: %q", id)
			}
		} else if env.Problem == "" {
			t.Error("no key and no problem")
		}
	})
}

func FuzzDecodeEventList(f *testing.F) {
	f.Add(AppendEventList(nil, [][]byte{{1, 2}, {}, {3}}))
	f.Add([]byte("GEL1\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		events, err := DecodeEventList(b)
		if err != nil {
			if border.CodeOf(err) != border.Invalid && border.CodeOf(err) != border.TooLarge {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		if !bytes.Equal(AppendEventList(nil, events), b) {
			t.Error("the list does not come back as it was")
		}
	})
}

// FuzzDecodeBodies gives the same bytes to every JSON decoder: what one of them accepts
// must encode and be accepted again.
func FuzzDecodeBodies(f *testing.F) {
	for _, s := range []string{
		`{"station":"PUT-1","post":"PUT","zone":"America/Guyana","head":{"epoch":"` + bordertest.EpochNo(1).String() + `","seq":4}}`,
		`{"generation":1,"now":"2026-11-02T06:00:00Z","epochs":2,"keys":["k"]}`,
		`{"offset":0,"limit":3}`, `{"holdings":[]}`, `{"wraps":[{"station":"PUT-1","key_id":"k","wrapped":"AQ=="}]}`,
		`{"epoch":"` + bordertest.EpochNo(1).String() + `","after":1,"limit":2}`,
		`{"station":"PUT-1","blind":"00112233445566778899aabbccddeeff","limit":2,"person":"ffeeddccbbaa99887766554433221100"}`, `{"crossings":null}`,
		`{"after":3,"limit":20}`,
		`{"notices":[{"id":"0192f0c0-0000-7000-8000-000000000001","body":"AQID","closed":false,"order":4}]}`,
		`{"station":"PUT-1","id":"0192f0c0-0000-7000-8000-000000000001","officer":"o-17","at":"2026-11-02T06:00:00Z"}`,
		`{"position":{"list":"national","epoch":"` + bordertest.EpochNo(1).String() + `","version":7},"snapshot":{"list":"national","epoch":"` + bordertest.EpochNo(1).String() + `","version":1}}`,
		`{"station":"PUT-1","post":"PUT","lists":[{"position":{"list":"national","epoch":"` + bordertest.EpochNo(1).String() + `","version":7},"since":"2026-11-02T06:00:00Z","refused":"fork"}]}`,
		`{"crossings":[],"same_person":[{"station":"PUT-2","local_date":"2026-11-22","days_granted":90,"permitted_until":"2027-02-19"}]}`, `[`, `null`,
		`{"note":"Z2FyaXRh","hub":"aHVi"}`, `{"have":7}`, `{"after":"PUT-1-key-1"}`,
		`{"wraps":[{"station":"PUT-1","key_id":"k","wrapped":"AQ=="},{"station":"PUT-1","key_id":"l","wrapped":"AQ=="}]}`,
	} {
		f.Add([]byte(s))
	}
	const st = border.StationID("PUT-1")
	f.Fuzz(func(t *testing.T, b []byte) {
		again(t, b, func(b []byte) (border.Hello, error) { return DecodeHello(b, st) })
		again(t, b, DecodeWelcome)
		again(t, b, DecodeHoldingsRequest)
		again(t, b, DecodeHoldingsReply)
		again(t, b, DecodeEventsRequest)
		again(t, b, func(b []byte) (WrapsRequest, error) { return DecodeWrapsRequest(b, st) })
		again(t, b, func(b []byte) (border.DocumentQuestion, error) { return DecodeQuestion(b, st) })
		again(t, b, DecodeAnswer)
		again(t, b, DecodeWatermark)
		again(t, b, DecodeResend)
		again(t, b, func(b []byte) (Head, error) { return DecodeHead(b, "national") })
		again(t, b, DecodeNoticesRequest)
		again(t, b, func(b []byte) (NoticesReply, error) { return DecodeNoticesReply(b, NoticesRequest{After: 3, Limit: 2}) })
		again(t, b, func(b []byte) (Checkpoint, error) {
			c, err := DecodeCheckpoint(b)
			return Checkpoint{Note: c.Note, Hub: c.Hub}, err
		})
		again(t, b, DecodeRosterRequest)
		again(t, b, DecodeKeysRequest)
		again(t, b, func(b []byte) (KeysReply, error) {
			ws, err := DecodeKeysReply(b, st, KeysRequest{})
			return KeysReply{Wraps: ws}, err
		})
		again(t, b, func(b []byte) (border.NoticeAck, error) { return DecodeNoticeAck(b, st) })
	})
}

func again[T any](t *testing.T, b []byte, decode func([]byte) (T, error)) {
	t.Helper()
	v, err := decode(b)
	if err != nil {
		if c := border.CodeOf(err); c != border.Invalid && c != border.TooLarge {
			t.Errorf("%T: untyped error %v", v, err)
		}
		return
	}
	out, err := Encode(v)
	if err != nil {
		if border.CodeOf(err) == border.TooLarge { // escaping can make it longer than it was
			return
		}
		t.Fatalf("%T does not encode: %v", v, err)
	}
	if _, err := decode(out); err != nil {
		t.Errorf("%T is refused after encoding: %v", v, err)
	}
}

func FuzzReadReply(f *testing.F) {
	f.Add("1", "invalid", "500", []byte("{}"))
	f.Fuzz(func(t *testing.T, version, code, timeout string, data []byte) {
		m := &nats.Msg{Header: nats.Header{HeaderVersion: {version}, HeaderError: {code}, HeaderTimeout: {timeout}}, Data: data}
		if _, err := ReadReply(m); err == nil && code != "" {
			t.Error("a refusal was taken for an answer")
		}
		if d := Timeout(m.Header, MaxAskTimeout); d <= 0 || d > MaxAskTimeout {
			t.Errorf("timeout %v", d)
		}
	})
}

func FuzzParseHeadSubject(f *testing.F) {
	f.Add("lists.national.head")
	f.Add("lists.file.head")
	f.Fuzz(func(t *testing.T, subject string) {
		if list, ok := ParseHeadSubject(subject); ok && (HeadSubject(list) != subject || strings.ContainsAny(list, ".*> ")) {
			t.Errorf("list %q has its head at %q", list, subject)
		}
	})
}

// A piece of a file: no panic, a typed error or a piece within its bounds, which makes the same message again.
func FuzzReadFilePiece(f *testing.F) {
	f.Add("files.PUT-1.piece", strings.Repeat("0a", 32), "0", "1", []byte("x"))
	f.Add("files.PUT-1.other", "", "-1", "2", []byte(nil))
	f.Fuzz(func(t *testing.T, subject, file, offset, version string, data []byte) {
		h := nats.Header{HeaderFile: {file}, HeaderOffset: {offset}, HeaderVersion: {version}}
		p, err := ReadFilePiece(subject, h, data)
		if err != nil {
			if border.CodeOf(err) == border.Internal {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		if p.Offset < 0 || p.Offset > MaxFile || len(p.Data) == 0 || len(p.Data) > border.MaxFileChunk || p.Station.Validate() != nil {
			t.Errorf("out of bounds: %d at %d", len(p.Data), p.Offset)
		}
		if m := FileMessage(p); m.Subject != subject || m.Header.Get(HeaderOffset) != offset {
			t.Errorf("%s %v does not come back", subject, h)
		}
	})
}

// What is wanted of a station.
func FuzzDecodeFiles(f *testing.F) {
	f.Add([]byte(`{"limit":3,"lost":[]}`))
	f.Add([]byte(`{"files":[{"hash":"` + strings.Repeat("0a", 32) + `","bytes":5,"held":6}],"pending":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := DecodeFilesRequest(b); err == nil && (r.Limit < 1 || len(r.Lost) > MaxFiles) {
			t.Errorf("%+v", r)
		}
		r, err := DecodeFilesReply(b, FilesRequest{Limit: 2})
		if err == nil && (len(r.Files) > 2 || r.Pending < 0) {
			t.Errorf("%+v", r)
		}
	})
}
