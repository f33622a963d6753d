package broker

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// logger passes the server's words on. They name subjects and addresses, never content.
type logger struct {
	out      *slog.Logger
	fatal    chan string // the first fatal message
	refusals *refusals   // nil: nobody wants to know
}

func (l *logger) Noticef(f string, v ...any) { l.out.Debug("broker", "said", fmt.Sprintf(f, v...)) }
func (l *logger) Warnf(f string, v ...any)   { l.out.Warn("broker", "said", fmt.Sprintf(f, v...)) }
func (l *logger) Debugf(string, ...any)      {}
func (l *logger) Tracef(string, ...any)      {}

func (l *logger) Errorf(f string, v ...any) {
	what := fmt.Sprintf(f, v...)
	l.out.Error("broker", "said", what)
	if reason, ok := refusal(what); ok && l.refusals != nil {
		l.refusals.note(reason)
	}
}

// refuse tells of what this package itself has refused.
func (l *logger) refuse(reason string) {
	l.out.Error("broker", "said", reason)
	if l.refusals != nil {
		l.refusals.note(reason)
	}
}

func (l *logger) Fatalf(f string, v ...any) {
	what := fmt.Sprintf(f, v...)
	l.out.Error("broker", "said", what)
	select {
	case l.fatal <- what:
	default:
	}
}

// What the server says when it refuses somebody (client.go, auth.go of nats-server 2.15; a test
// provokes each).
var refused = []struct{ said, reason string }{
	{"authentication error", "credentials"},
	{"TLS handshake error", "certificate"},
	{"Publish Violation", "permission"},
	{"Subscription Violation", "permission"},
	{"maximum connections exceeded", "connections"},
	{"maximum payload exceeded", "size"},
	{"Maximum Payload Exceeded", "size"},
	{"maximum subscriptions exceeded", "subscriptions"},
}

// broke are the ends of what the server says when a connection broke off: that is no refusal, but
// what networks do.
var broke = []string{"EOF", "connection reset by peer", "broken pipe", "i/o timeout", "use of closed network connection"}

// maxReason bounds a reason in bytes.
const maxReason = 240

// refusal gives the reason if the server's words tell of a refusal: a word, a colon, and what the
// server said, of which the other side has written a part.
func refusal(said string) (reason string, ok bool) {
	for _, r := range refused {
		if !strings.Contains(said, r.said) {
			continue
		}
		// Elsewhere the end of the line may be of the other side's making.
		if r.reason == "certificate" && slices.ContainsFunc(broke, func(end string) bool { return strings.HasSuffix(said, end) }) {
			return "", false
		}
		return r.reason + ": " + plain(said), true
	}
	return "", false
}

// plain keeps whoever connects from writing lines or pictures into logs.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '_'
		}
		return r
	}, s[:min(len(s), maxReason)])
}
