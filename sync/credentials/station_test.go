package credentials_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"garita/sync/wire"
)

// TestAStationDoesWhatItMay is the control of the next test.
func TestAStationDoesWhatItMay(t *testing.T) {
	h := newHub(t)
	nc, _ := h.station("PUT-1")
	js := stream(t, nc)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := js.Publish(ctx, wire.EventSubject("PUT-1"), []byte("one")); err != nil {
		t.Errorf("publish: %v", err)
	}
	down, err := nc.SubscribeSync(wire.DownSubjects("PUT-1"))
	if err != nil {
		t.Fatal(err)
	}
	heads, err := nc.SubscribeSync(wire.ListHeads)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.nc.Subscribe(wire.RequestSubjects(wire.KindHello), func(m *nats.Msg) { _ = m.Respond([]byte("welcome " + m.Subject)) }); err != nil {
		t.Fatal(err)
	}
	if err := h.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if m, err := nc.RequestWithContext(ctx, wire.RequestSubject("PUT-1", wire.KindHello), nil); err != nil || string(m.Data) != "welcome hub.PUT-1.hello" {
		t.Errorf("request = %v, %v", m, err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := h.nc.Publish(wire.DownSubject("PUT-1", wire.KindWatermark), []byte("down")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.js.Publish(ctx, wire.HeadSubject("national"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []*nats.Subscription{down, heads} {
		if _, err := sub.NextMsgWithContext(ctx); err != nil {
			t.Errorf("%s: %v", sub.Subject, err)
		}
	}
	m, err := nc.RequestWithContext(ctx, wire.FetchSubject("lists.file.x.0"), nil)
	if err != nil {
		t.Fatalf("a file of a list: %v", err)
	}
	if at, _, found, err := wire.ReadFetched(m.Header); err != nil || !found || at != "lists.file.x.0" || string(m.Data) != "the hub's" {
		t.Errorf("a file of a list = %q at %q, %v, %v", m.Data, at, found, err)
	}
	if m, err = nc.RequestWithContext(ctx, wire.FetchSubject("lists.file.x.1"), nil); err != nil {
		t.Fatalf("what is not there: %v", err)
	}
	if _, _, found, err := wire.ReadFetched(m.Header); found || err != nil {
		t.Errorf("what is not there: %v, %v", found, err)
	}
}

// TestAStationIsNobodyElse has PUT-1 try everything that is PUT-2's or the hub's.
func TestAStationIsNobodyElse(t *testing.T) {
	h := newHub(t)
	nc, _ := h.station("PUT-1")
	other, _ := h.station("PUT-2")
	var mu sync.Mutex
	var leaked, heard, served []string // by PUT-1, by PUT-2, by the hub
	note := func(to *[]string) nats.MsgHandler {
		return func(m *nats.Msg) {
			mu.Lock()
			defer mu.Unlock()
			*to = append(*to, m.Subject+" "+string(m.Data))
		}
	}
	// What PUT-1 must not hear.
	for _, s := range []string{
		"down.PUT-2.*", "down.*.*", "down.>", "_INBOX.PUT-2.>", "_INBOX.*.>", "_INBOX.>", "_INBOX.hub.>", "_R_.>", ">", "*.>", "in.>", "in.PUT-1.>",
		"hub.>", "hub.PUT-1.>", "files.>", "files.PUT-1.>", "lists.>", "$SYS.>", "$JS.>", "$JS.API.>", "$JS.ACK.>", "$JS.EVENT.>", "_INBOX.PUT-1", "down.PUT-1.>",
	} {
		if _, err := nc.Subscribe(s, note(&leaked)); err != nil {
			t.Fatal(err)
		}
	}
	// What the hub must not hear from PUT-1.
	if _, err := h.nc.Subscribe("hub.>", note(&served)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"down.PUT-2.*", wire.Inbox("PUT-2") + ".*"} {
		if _, err := other.Subscribe(s, note(&heard)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.nc.QueueSubscribe("hub.PUT-2.ask", "desk", func(m *nats.Msg) { _ = m.Respond([]byte("secret")) }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*nats.Conn{nc, other, h.nc} {
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	attack := func(subject string, body any) {
		b, ok := body.(string)
		if !ok {
			j, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			b = string(j)
		}
		if err := nc.PublishRequest(subject, wire.Inbox("PUT-1")+".answers.x", []byte(b)); err != nil {
			t.Fatal(err)
		}
	}
	attack("in.PUT-2.event", "forged")
	attack("in.hub.event", "forged")
	attack("files.PUT-2.piece", "forged")
	attack("files.PUT-1.other", "forged")
	attack("hub.PUT-2.hello", "forged")
	attack("hub.PUT-2.wraps", "forged")
	attack("down.PUT-2.watermark", "forged")
	attack("down.PUT-1.watermark", "forged")
	attack("_INBOX.PUT-2.x", "forged")
	attack("_INBOX.hub.x", "forged")
	attack("lists.national.head", "forged")
	attack("$SYS.REQ.SERVER.PING", "")
	attack("$SYS.REQ.ACCOUNT.PING.CONNZ", "")
	attack("$SYS.REQ.USER.INFO", "")
	for _, st := range []string{wire.Stream, wire.ListStream} {
		attack("$JS.API.STREAM.PURGE."+st, "")
		attack("$JS.API.STREAM.DELETE."+st, "")
		attack("$JS.API.STREAM.MSG.DELETE."+st, map[string]any{"seq": 1})
		attack("$JS.API.STREAM.UPDATE."+st, map[string]any{"name": st, "subjects": []string{"other.>"}})
		attack("$JS.API.STREAM.MSG.GET."+st, map[string]any{"seq": 1})
		attack("$JS.API.CONSUMER.CREATE."+st, map[string]any{"stream_name": st, "config": map[string]any{"deliver_subject": "_INBOX.PUT-1.stolen.x"}})
		attack("$JS.API.CONSUMER.CREATE."+st+".spy.in.PUT-2.event", map[string]any{"stream_name": st, "config": map[string]any{"name": "spy"}})
		attack("$JS.API.CONSUMER.NAMES."+st, "")
		attack("$JS.API.CONSUMER.LIST."+st, "")
		attack("$JS.API.STREAM.SNAPSHOT."+st, map[string]any{"deliver_subject": "_INBOX.PUT-1.stolen.x"})
	}
	attack("$JS.API.STREAM.INFO."+wire.Stream, "")
	attack("$JS.API.STREAM.INFO."+wire.ListStream, "")
	attack("$JS.API.DIRECT.GET."+wire.Stream, map[string]any{"last_by_subj": "in.PUT-2.event"})
	attack("$JS.API.DIRECT.GET."+wire.Stream+".in.PUT-2.event", "")
	attack("$JS.API.DIRECT.GET."+wire.ListStream, map[string]any{"seq": 1})
	attack("$JS.API.CONSUMER.MSG.NEXT."+wire.Stream+"."+wire.Consumer, "1")
	attack("$JS.API.CONSUMER.DELETE."+wire.Stream+"."+wire.Consumer, "")
	attack("$JS.API.CONSUMER.INFO."+wire.Stream+"."+wire.Consumer, "")
	attack("$JS.API.STREAM.CREATE.MINE", map[string]any{"name": "MINE", "subjects": []string{"in.>"}})
	attack("$JS.API.STREAM.NAMES", "")
	attack("$JS.API.STREAM.LIST", "")
	attack("$JS.API.INFO", "")
	attack("$JS.API.ACCOUNT.PURGE.x", "")
	attack("$JS.ACK.GARITA_IN.intake.1.1.1.1.0", "+ACK")
	if err := nc.Flush(); err != nil {
		t.Fatalf("after the attacks: %v", err)
	}
	answers, err := nc.SubscribeSync(wire.Inbox("PUT-1") + ".>")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := answers.NextMsg(moment); err == nil {
		t.Errorf("an attack was answered at %s: %.200s", m.Subject, m.Data)
	}
	h.told("permission")
	mu.Lock()
	if len(served) != 0 {
		t.Errorf("the hub was asked in another's name: %q", served)
	}
	mu.Unlock()
	if err := h.nc.Publish("down.PUT-2.notice", []byte("secret")); err != nil { // B's alone
		t.Fatal(err)
	}
	if m, err := other.Request("hub.PUT-2.ask", nil, patience); err != nil || string(m.Data) != "secret" {
		t.Errorf("PUT-2 asks: %v, %v", m, err)
	}
	if err := h.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(moment)
	mu.Lock()
	if len(leaked) != 0 {
		t.Errorf("PUT-1 heard %q", leaked)
	}
	if len(heard) != 1 || heard[0] != "down.PUT-2.notice secret" {
		t.Errorf("PUT-2 heard %q, want the hub's message", heard)
	}
	mu.Unlock()
	h.well(0)
}

// TestAnswersGoNowhereElse has PUT-1 name as the place for an answer what it may not publish to:
// broker and hub send answers with rights of their own.
func TestAnswersGoNowhereElse(t *testing.T) {
	h := newHub(t)
	nc, _ := h.station("PUT-1")
	if _, err := h.nc.Subscribe(wire.RequestSubjects(wire.KindHello), func(m *nats.Msg) { _ = m.Respond([]byte("answer")) }); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	heard := map[string]int{}
	if _, err := h.nc.Subscribe("hub.PUT-2.*", func(m *nats.Msg) { mu.Lock(); defer mu.Unlock(); heard[m.Subject]++ }); err != nil {
		t.Fatal(err)
	}
	if err := h.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	places := []string{
		"in.PUT-2.event", "hub.PUT-2.hello", "lists.national.head", "lists.file.x.0", "$JS.API.STREAM.PURGE." + wire.ListStream,
		"$JS.API.STREAM.DELETE." + wire.ListStream, "$JS.API.CONSUMER.DELETE." + wire.Stream + "." + wire.Consumer,
	}
	const times = 3
	for range times {
		for _, place := range places {
			for _, subject := range []string{"in.PUT-1.event", "hub.PUT-1.hello", wire.FetchSubject("lists.file.x.0")} {
				if err := nc.PublishRequest(subject, place, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	events := uint64(times * len(places))
	for end := time.Now().Add(patience); h.subjects(wire.Stream)["in.PUT-1.event"] < events && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(moment)
	mu.Lock()
	if len(heard) != 0 {
		t.Errorf("the hub heard %v", heard)
	}
	mu.Unlock()
	h.well(events)
}
