package demo

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"sync"
	"time"

	"garita/border/access"
	"garita/border/counter"
)

// client speaks the HTTP interface of station and hub as one browser would.
type client struct {
	base    string
	counter string // where it works; "" at none
	http    *http.Client

	usual   string     // badge of who signs in if nobody has
	signing sync.Mutex // held while somebody signs in
	badge   string     // who is signed in; guarded by signing
}

// newClient is a browser in which nobody has signed in. usual is the badge of who works there.
func newClient(base, counter, usual string) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it has no options that could be wrong
	}
	return &client{base: base, counter: counter, usual: usual, http: &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
}

// as makes an officer the one who is signed in.
func (c *client) as(ctx context.Context, badge string) error {
	c.signing.Lock()
	defer c.signing.Unlock()
	if c.badge == badge {
		return nil
	}
	return c.signIn(ctx, badge)
}

// signIn signs an officer of the demonstration in. signing is held.
func (c *client) signIn(ctx context.Context, badge string) error {
	err := c.send(ctx, http.MethodPost, "/session", map[string]any{"badge": badge, "pin": PIN, "counter": c.counter}, nil)
	if err == nil {
		c.badge = badge
	}
	return err
}

// again signs in anew after the session of a badge has ended.
func (c *client) again(ctx context.Context) error {
	c.signing.Lock()
	defer c.signing.Unlock()
	return c.signIn(ctx, cmp.Or(c.badge, c.usual))
}

// agree has a second officer agree to an action, and returns the word of it.
func (c *client) agree(ctx context.Context, action access.Action, badge string) (string, error) {
	var out struct {
		Token string `json:"token"`
	}
	return out.Token, c.call(ctx, http.MethodPost, "/seconds", map[string]any{"action": action, "badge": badge, "pin": PIN}, &out)
}

func counterName(i int) string { return strconv.Itoa(i + 1) }

// status is an answer that is no success.
type status struct {
	code int
	kind string // of the problem
	what string // its detail, which repeats nothing that was sent
}

func (s *status) Error() string {
	return strings.TrimSpace(fmt.Sprintf("status %d, %s %s", s.code, s.kind, s.what))
}

// hurry is how long somebody waits who was told to wait.
const hurry = 300 * time.Millisecond

// call sends a request as who is signed in. Whose session has ended signs in again; who was too
// fast waits.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	for signed := false; ; {
		err := c.send(ctx, method, path, in, out)
		var answer *status
		switch {
		case errors.As(err, &answer) && answer.code == http.StatusTooManyRequests && ctx.Err() == nil:
			pause(ctx, hurry)
		case errors.As(err, &answer) && answer.code == http.StatusUnauthorized && !signed:
			if again := c.again(ctx); again != nil {
				return errors.Join(err, again)
			}
			signed = true
		default:
			return err
		}
	}
}

// send sends a request and decodes the answer. A non-2xx answer is a *status.
func (c *client) send(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		var p struct {
			Type   string `json:"type"`
			Detail string `json:"detail"`
		}
		_ = json.Unmarshal(b, &p) // an answer that is no problem document has no kind
		return &status{res.StatusCode, strings.TrimPrefix(p.Type, "urn:garita:problem:"), p.Detail}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}

type viewOf struct{ counter.View }

// ready reports whether the counter's own reader can read.
func (v viewOf) ready() bool {
	for _, s := range v.Status.Scanners {
		if s.Counter == v.Counter && s.State == "ready" {
			return true
		}
	}
	return false
}

func (c *client) view(ctx context.Context, name string) (v viewOf, err error) {
	return v, c.call(ctx, http.MethodGet, "/api/v1/counters/"+name, nil, &v.View)
}

func (c *client) decide(ctx context.Context, name string, d counter.Decision) (r counter.Recorded, err error) {
	in := map[string]any{"encounter": d.Encounter, "verdict_revision": d.Revision, "outcome": d.Outcome}
	if d.Second != "" { // their badge: they say so themselves
		if d.Second, err = c.agree(ctx, access.Deciding(d.Outcome), d.Second); err != nil {
			return r, err
		}
	}
	for key, text := range map[string]string{"ground": d.Ground, "note": d.Note, "second": d.Second, "handed_to": d.HandedTo, "receipt": d.Receipt} {
		if text != "" {
			in[key] = text
		}
	}
	if len(d.Values) > 0 {
		in["values"] = d.Values
	}
	if d.Continues != nil {
		in["continues"] = d.Continues
	}
	return r, c.call(ctx, http.MethodPost, "/api/v1/counters/"+name+"/decisions", in, &r)
}

func (c *client) callUp(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodPost, "/api/v1/counters/"+name+"/call-ups", map[string]any{}, nil)
}

// seen is a view with the moment at which it arrived.
type seen struct {
	view counter.View
	at   time.Time
}

// watch reads a counter's live stream and hands each view on, connecting again when it is
// cut, until ctx ends.
func (c *client) watch(ctx context.Context, name string, hand func(seen)) {
	for ctx.Err() == nil {
		_ = c.stream(ctx, name, hand) // whatever cut it, the remedy is to connect again
		pause(ctx, 50*time.Millisecond)
	}
}

func (c *client) stream(ctx context.Context, name string, hand func(seen)) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/live/counters/"+name, nil)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		if res.StatusCode == http.StatusUnauthorized {
			return c.again(ctx)
		}
		return &status{code: res.StatusCode}
	}
	r := bufio.NewReaderSize(res.Body, 1<<20)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		at := time.Now()
		var e struct {
			View counter.View `json:"view"`
		}
		if err := json.Unmarshal(data, &e); err != nil {
			return err
		}
		hand(seen{e.View, at})
	}
}
