package broker

import (
	"strings"
	"testing"
)

func TestWhatIsARefusal(t *testing.T) {
	const who = `127.0.0.1:40988 - cid:16 - `
	for said, want := range map[string]string{
		who + `authentication error - JWT User "U"`:                           "credentials: ",
		who + `TLS handshake error: tls: client didn't provide a certificate`: "certificate: ",
		who + `TLS handshake error: EOF`:                                      "",
		who + `TLS handshake error: read tcp: connection reset by peer`:       "",
		who + `Publish Violation - Subject "in.PUT-2.event"`:                  "permission: ",
		who + `Subscription Violation - Subject ">", SID 1`:                   "permission: ",
		who + `Subscription Violation - Subject ">", SID EOF`:                 "permission: ",
		who + `maximum subscriptions exceeded`:                                "subscriptions: ",
		`JetStream could not store`:                                           "",
	} {
		got, ok := refusal(said)
		if ok != (want != "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, %v", said, got, ok)
		}
	}
	long, _ := refusal("Publish Violation - Subject \"" + strings.Repeat("\n\u202e", 500))
	if len(long) > 2*maxReason || strings.ContainsAny(long, "\n\u202e") {
		t.Errorf("what the other side writes is passed on: %q", long)
	}
}
