package wire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/bordertest"
)

func TestEnvelopeRoundTrip(t *testing.T) {
	e := bordertest.Event("PUT-1", bordertest.EpochNo(1), 42, border.Digest{}, border.TypeCrossingRecorded)
	head := border.Position{Epoch: bordertest.EpochNo(2), Seq: 77}
	msg, keys := EventMessage(e.Key, head, e.Encode(), nil)
	if !cmp.Equal(keys, []string{e.Parts[0].KeyID, e.Parts[1].KeyID}) {
		t.Errorf("key ids = %v", keys)
	}
	want := map[string]string{
		"ce-specversion": "1.0", "ce-id": bordertest.EpochNo(1).String() + ".42", "ce-source": "/stations/PUT-1",
		"ce-type": "crossing.recorded.v1", "ce-time": "2026-11-02T06:00:42Z",
		"content-type": "application/vnd.garita.event.v1", "Garita-Head": bordertest.EpochNo(2).String() + ".77",
		"Garita-Version": "1",
	}
	for k, v := range want {
		if got := msg.Header[k]; len(got) != 1 || got[0] != v {
			t.Errorf("%s = %q, want %q", k, got, v)
		}
	}
	if _, ok := msg.Header["Nats-Msg-Id"]; ok || len(msg.Header) != len(want) {
		t.Errorf("headers beyond the known ones: %v", msg.Header)
	}
	if env := ReadEnvelope(msg.Subject, msg.Header); !cmp.Equal(env, Envelope{Station: "PUT-1", Claimed: e.Key, Head: head}) {
		t.Errorf("envelope = %+v", env)
	}
}

func TestEnvelopeOfBytesThatAreNoEvent(t *testing.T) {
	key := border.Key{Station: "PUT-1", Epoch: bordertest.EpochNo(1), Seq: 3}
	msg, _ := EventMessage(key, border.Position{Epoch: key.Epoch, Seq: 3}, []byte("rubbish"), nil)
	if env := ReadEnvelope(msg.Subject, msg.Header); env.Claimed != key || msg.Header.Get(HeaderType) != TypeUnreadable {
		t.Errorf("envelope = %+v", env)
	}
	e := bordertest.Event("PUT-1", key.Epoch, 3, border.Digest{}, "two\r\nlines: of header")
	msg, _ = EventMessage(e.Key, border.Position{}, e.Encode(), nil)
	if v := msg.Header[HeaderType][0]; strings.ContainsAny(v, "\r\n ") {
		t.Errorf("type %q could break the header block", v)
	}
}

func TestEnvelopeProblems(t *testing.T) {
	id := bordertest.EpochNo(1).String() + ".5"
	for name, c := range map[string]struct {
		subject string
		h       nats.Header
		claimed bool
	}{
		"no station":    {"in.put-1.event", nats.Header{HeaderID: {id}}, false},
		"long subject":  {"in.PUT-1.event." + strings.Repeat("x", 500), nats.Header{HeaderID: {id}}, false},
		"no header":     {"in.PUT-1.event", nil, false},
		"seq 0":         {"in.PUT-1.event", nats.Header{HeaderID: {bordertest.EpochNo(1).String() + ".0"}}, false},
		"seq 05":        {"in.PUT-1.event", nats.Header{HeaderID: {bordertest.EpochNo(1).String() + ".05"}}, false},
		"seq too large": {"in.PUT-1.event", nats.Header{HeaderID: {bordertest.EpochNo(1).String() + ".9223372036854775808"}}, false},
		"other source":  {"in.PUT-1.event", nats.Header{HeaderID: {id}, HeaderSource: {"/stations/PUT-2"}}, true},
		"other kind":    {"in.PUT-1.photo", nats.Header{HeaderID: {id}}, true},
		"other version": {"in.PUT-1.event", nats.Header{HeaderID: {id}, HeaderVersion: {"2"}}, true},
	} {
		env := ReadEnvelope(c.subject, c.h)
		if env.Problem == "" || (env.Claimed != border.Key{}) != c.claimed {
			t.Errorf("%s: %+v", name, env)
		}
	}
	if env := ReadEnvelope("in.PUT-1.event", nats.Header{"Ce-Id": {id}}); env.Problem != "" {
		t.Errorf("a canonicalised header name was not read: %+v", env)
	}
}

func TestPositionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := border.Position{Epoch: bordertest.EpochNo(rapid.IntRange(0, 1000).Draw(t, "epoch")), Seq: rapid.Uint64Max(1<<63-1).Draw(t, "seq")}
		if got, ok := ParsePosition(FormatPosition(p)); !ok || got != p {
			t.Fatalf("%+v became %+v (%v)", p, got, ok)
		}
	})
}

func TestEventListRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 0, 40).Draw(t, "events")
		got, err := DecodeEventList(AppendEventList(nil, events))
		if err != nil || len(got) != len(events) {
			t.Fatalf("%d events became %d, %v", len(events), len(got), err)
		}
		for i := range got {
			if !bytes.Equal(got[i], events[i]) {
				t.Fatalf("event %d changed", i)
			}
		}
	})
	big := bytes.Repeat([]byte{1}, border.MaxEvent)
	b := AppendEventList(nil, [][]byte{big, big, big, big, big})
	if got, err := DecodeEventList(b); err != nil || len(got) != 3 || len(b) > MaxEventList {
		t.Errorf("a large list: %d events in %d bytes, %v", len(got), len(b), err)
	}
}

func TestBodiesAreChecked(t *testing.T) {
	epoch := bordertest.EpochNo(1)
	ok := func(err error) bool { return err == nil }
	bad := func(err error) bool {
		return border.CodeOf(err) == border.Invalid || border.CodeOf(err) == border.TooLarge
	}
	hello := func(s string) error { _, err := DecodeHello([]byte(s), "PUT-1"); return err }
	wraps := func(s string) error { _, err := DecodeWrapsRequest([]byte(s), "PUT-1"); return err }
	ask := func(s string) error { _, err := DecodeQuestion([]byte(s), "PUT-1"); return err }
	answer := func(list, crossing string, n int) error {
		all := strings.TrimSuffix(strings.Repeat(`{"crossing":"0192f0c0-0000-7000-8000-000000000001","station":"PUT-1",`+crossing+`},`, n), ",")
		_, err := DecodeAnswer([]byte(`{"` + list + `":[` + all + `]}`))
		return err
	}
	mark := func(s string) error { _, err := DecodeWatermark([]byte(s)); return err }
	events := func(s string) error { _, err := DecodeEventsRequest([]byte(s)); return err }
	page := func(s string) error { _, err := DecodeHoldingsRequest([]byte(s)); return err }
	head := func(s string) error { _, err := DecodeHead([]byte(s), "national"); return err }
	notices := func(s string) error { _, err := DecodeNoticesRequest([]byte(s)); return err }
	noticed := func(s string) error {
		_, err := DecodeNoticesReply([]byte(`{"notices":[`+s+`]}`), NoticesRequest{After: 3, Limit: 2})
		return err
	}
	ack := func(s string) error { _, err := DecodeNoticeAck([]byte(s), "PUT-1"); return err }
	e := epoch.String()
	at := func(list, version string) string {
		return `{"list":"` + list + `","epoch":"` + e + `","version":` + version + `}`
	}
	lists := func(reports ...string) error {
		return hello(`{"station":"PUT-1","post":"PUT","lists":[` + strings.Join(reports, ",") + `]}`)
	}
	const id = `"id":"0192f0c0-0000-7000-8000-000000000001"`
	notice := func(order string, bytes int) string {
		return `{` + id + `,"order":` + order + `,"body":"` + strings.Repeat("AAAA", bytes/3) + `"}`
	}
	many := make([]string, MaxLists+1)
	for i := range many {
		many[i] = `{"position":` + at(fmt.Sprint("list-", i), "1") + `}`
	}
	for i, c := range []struct {
		err  error
		want func(error) bool
	}{
		{hello(`{"station":"PUT-1","post":"PUT"}`), ok},
		{hello(`{"station":"PUT-1","post":"PUT","from_the_future":{"a":[1]}}`), ok},
		{hello(`{"station":"PUT-2","post":"PUT"}`), bad},
		{hello(`{"station":"PUT-1","post":"p"}`), bad},
		{hello(`{"station":"PUT-1","post":"PUT"} {}`), bad},
		{hello(`{"station":"PUT-1","post":"PUT","backlog":-1}`), bad},
		{hello(`{"station":"PUT-1","post":"PUT","zone":"` + strings.Repeat("z", 65) + `"}`), bad},
		{hello(`{"station":"PUT-1","post":"PUT","zone":"` + strings.Repeat("z", MaxBody) + `"}`), bad},
		{hello(``), bad},
		{hello(`null`), bad},
		{wraps(`{"wraps":[{"station":"PUT-1","key_id":"k","part":"hub","bucket":"2026-11","wrapped":"AQID"}]}`), ok},
		{wraps(`{"wraps":[{"station":"PUT-2","key_id":"k","part":"hub","bucket":"2026-11","wrapped":"AQID"}]}`), bad},
		{wraps(`{"wraps":[{"station":"PUT-1","key_id":"k","wrapped":""}]}`), bad},
		{ask(`{"station":"PUT-1","blind":"00112233445566778899aabbccddeeff","limit":20}`), ok},
		{ask(`{"station":"PUT-1","blind":"00112233445566778899aabbccddeeff","limit":21}`), bad},
		{ask(`{"station":"PUT-1","blind":"0011","limit":2}`), bad},
		{ask(`{"station":"PUT-1","blind":"00112233445566778899aabbccddeeff","limit":2,"person":"ffeeddccbbaa99887766554433221100"}`), ok},
		{ask(`{"station":"PUT-1","blind":"00112233445566778899aabbccddeeff","limit":2,"person":null}`), ok},
		{ask(`{"station":"PUT-1","blind":"00112233445566778899aabbccddeeff","limit":2,"person":"ERIKSSON ANNA 1974-08-12"}`), bad},
		{ask(`{"station":"PUT-1","blind":"00112233445566778899aabbccddeeff","limit":2,"person":"ffee"}`), bad},
		{answer("crossings", `"local_date":"2026-11-22","category":"visitor","days_granted":90,"permitted_until":"2027-02-19"`, 20), ok},
		{answer("same_person", `"local_date":"2026-11-22","ground":"document"`, 20), ok},
		{answer("crossings", `"post":"PUT"`, 21), bad},
		{answer("same_person", `"post":"PUT"`, 21), bad},
		{answer("same_person", `"station":"nobody's"`, 1), bad},
		{answer("same_person", `"local_date":"2026-11-22T06:00"`, 1), bad},
		{answer("crossings", `"permitted_until":"for as long as they like"`, 1), bad},
		{answer("crossings", `"category":"`+strings.Repeat("v", MaxCode+1)+`"`, 1), bad},
		{answer("crossings", `"purpose":"`+strings.Repeat("v", MaxCode+1)+`"`, 1), bad},
		{answer("crossings", `"residence":"`+strings.Repeat("v", MaxCode+1)+`"`, 1), bad},
		{answer("same_person", `"ground":"`+strings.Repeat("v", MaxCode+1)+`"`, 1), bad},
		{answer("same_person", `"days_granted":-1`, 1), bad},
		{answer("same_person", `"days_granted":100001`, 1), bad},
		{mark(`{"generation":1,"holdings":[{"epoch":"` + e + `","held":3,"highest":9}]}`), ok},
		{mark(`{"generation":1,"holdings":[{"epoch":"` + e + `","held":3,"highest":2}]}`), bad},
		{mark(`{"generation":1,"holdings":[{"held":3,"highest":3}]}`), bad},
		{events(`{"epoch":"` + e + `","after":0,"limit":500}`), ok},
		{events(`{"epoch":"` + e + `","after":9223372036854775808,"limit":500}`), bad},
		{events(`{"epoch":"` + e + `","after":0,"limit":501}`), bad},
		{page(`{"offset":0,"limit":500}`), ok},
		{page(`{"offset":-1,"limit":500}`), bad},
		{lists(`{"position":`+at("national", "7")+`,"since":"2026-11-02T06:00:00Z","refused":"fork"}`, `{"position":{"list":"documents"}}`), ok},
		{lists(`{"position":` + at("national", "9223372036854775808") + `}`), bad},
		{lists(`{"position":` + at("National", "7") + `}`), bad},
		{lists(`{"position":`+at("national", "7")+`}`, `{"position":`+at("national", "8")+`}`), bad},
		{lists(`{"position":{"list":"national","version":7}}`), bad},
		{lists(`{"position":` + at("national", "7") + `,"refused":"` + strings.Repeat("r", MaxRefused+1) + `"}`), bad},
		{lists(many[:MaxLists]...), ok},
		{lists(many...), bad},
		{head(`{"position":` + at("national", "7") + `}`), ok},
		{head(`{"position":` + at("national", "7") + `,"snapshot":` + at("national", "1") + `}`), ok},
		{head(`{"position":` + at("national", "0") + `}`), bad},
		{head(`{"position":` + at("other", "7") + `}`), bad},
		{head(`{"position":` + at("national", "7") + `,"snapshot":` + at("other", "1") + `}`), bad},
		{head(`{"position":` + at("national", "7") + `,"snapshot":` + at("national", "0") + `}`), bad},
		{head(`{}`), bad},
		{notices(`{"after":0,"limit":20}`), ok},
		{notices(`{"after":0,"limit":21}`), bad},
		{notices(`{"after":0}`), bad},
		{noticed(notice("4", 30) + "," + notice("9", border.MaxNotice)), ok},
		{noticed(``), ok},
		{noticed(notice("4", 3) + "," + notice("4", 3)), bad},
		{noticed(notice("3", 3)), bad},
		{noticed(notice("4", border.MaxNotice+3)), bad},
		{noticed(notice("4", 3) + "," + notice("5", 3) + "," + notice("6", 3)), bad},
		{noticed(`{"order":4,"body":"AAAA"}`), bad},
		{ack(`{"station":"PUT-1",` + id + `,"officer":"o-17","at":"2026-11-02T06:00:00Z"}`), ok},
		{ack(`{"station":"PUT-2",` + id + `,"officer":"o-17"}`), bad},
		{ack(`{"station":"PUT-1","officer":"o-17"}`), bad},
		{ack(`{"station":"PUT-1",` + id + `}`), bad},
		{ack(`{"station":"PUT-1",` + id + `,"officer":"` + strings.Repeat("o", MaxOfficer+1) + `"}`), bad},
	} {
		if !c.want(c.err) {
			t.Errorf("case %d: %v", i, c.err)
		}
	}
}

func TestReplies(t *testing.T) {
	if b, err := ReadReply(&nats.Msg{Data: []byte("{}")}); err != nil || string(b) != "{}" {
		t.Errorf("ReadReply = %q, %v", b, err)
	}
	if _, err := ReadReply(Refusal(&border.Error{Code: border.StorageFull})); border.CodeOf(err) != border.StorageFull {
		t.Errorf("a refusal became %v", err)
	}
	if _, err := ReadReply(&nats.Msg{Header: nats.Header{HeaderError: {"of-2031"}}}); border.CodeOf(err) != border.Internal {
		t.Errorf("a refusal of a later version became %v", err)
	}
	m := Request("PUT-1", KindAsk, nil, 750*time.Millisecond)
	if d := Timeout(m.Header, time.Second); d != 750*time.Millisecond {
		t.Errorf("timeout = %v", d)
	}
	if d := Timeout(nats.Header{HeaderTimeout: {"99999999999999"}}, time.Second); d != time.Second {
		t.Errorf("timeout = %v", d)
	}
}

func TestListSubjects(t *testing.T) {
	p := border.ListPosition{List: "national", Epoch: bordertest.EpochNo(1), Version: 42}
	if got, want := ManifestSubject(p), "lists.national."+p.Epoch.String()+".42"; got != want {
		t.Errorf("manifest at %q, want %q", got, want)
	}
	if got, want := ChunkSubject(border.Digest{0xab}, 7), "lists.file.ab"+strings.Repeat("00", 31)+".7"; got != want {
		t.Errorf("chunk at %q, want %q", got, want)
	}
	if list, ok := ParseHeadSubject(HeadSubject("national")); !ok || list != "national" {
		t.Errorf("head of %q", list)
	}
	for _, name := range []string{"", "file", "-a", "A", "a.b", "a b", "*", ">", strings.Repeat("a", MaxListName+1), "é"} {
		if ValidListName(name) {
			t.Errorf("%q is taken for a list's name", name)
		}
	}
	for _, c := range []struct{ size, chunks, last int64 }{{1, 1, 1}, {ChunkSize, 1, ChunkSize}, {ChunkSize + 1, 2, 1}, {0, 0, 0}} {
		n := Chunks(c.size)
		if n != c.chunks || n > 0 && ChunkLen(c.size, n-1) != c.last {
			t.Errorf("%d bytes are %d chunks, the last of %d", c.size, n, ChunkLen(c.size, n-1))
		}
	}
}

func TestSoundReports(t *testing.T) {
	at := func(list string) border.ListReport {
		return border.ListReport{Position: border.ListPosition{List: list, Epoch: bordertest.EpochNo(1), Version: 3}}
	}
	long := at("long")
	long.Refused, long.Since = strings.Repeat("é", 100), time.Date(22026, 1, 1, 0, 0, 0, 0, time.UTC)
	in := []border.ListReport{at("national"), at("No list"), at("national"), {Position: border.ListPosition{List: "empty"}}, long}
	for i := range 2 * MaxLists {
		in = append(in, at(fmt.Sprint("list-", i)))
	}
	out := SoundReports(in)
	if len(out) != MaxLists || out[0].Position.List != "national" || out[1].Position.List != "empty" || out[2].Refused == "" {
		t.Errorf("%d of %d reports are left: %+v", len(out), len(in), out)
	}
	b, err := Encode(border.Hello{Station: "PUT-1", Post: "PUT", Lists: out})
	if err == nil {
		_, err = DecodeHello(b, "PUT-1")
	}
	if err != nil {
		t.Errorf("the hub refuses them: %v", err)
	}
}
