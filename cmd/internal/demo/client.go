package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"garita/border/counter"
)

// client speaks the HTTP interface of station and hub as a browser would.
type client struct {
	base string
	http *http.Client
}

func newClient(base string) *client {
	return &client{base: base, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
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

// call sends a request and decodes the answer. A non-2xx answer is a *status.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
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
	in := map[string]any{"encounter": d.Encounter, "verdict_revision": d.Revision, "outcome": d.Outcome, "officer": d.Officer}
	for key, text := range map[string]string{"ground": d.Ground, "note": d.Note, "supervisor": d.Second, "handed_to": d.HandedTo, "receipt": d.Receipt} {
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

func (c *client) callUp(ctx context.Context, name, officer string) error {
	return c.call(ctx, http.MethodPost, "/api/v1/counters/"+name+"/call-ups", map[string]any{"officer": officer}, nil)
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
