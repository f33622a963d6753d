package lookup

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"garita/border"
)

// ServiceConfig is [[lookup]] in the hub's configuration.
type ServiceConfig struct {
	Name string `toml:"name"` // of the service, as answers and audit name it
	Kind string `toml:"kind"` // find, notices or matching
	URL  string `toml:"url"`  // base address, without a slash at its end

	Certificate string `toml:"certificate"` // PEM file of our certificate, for mutual TLS; "" for none
	Key         string `toml:"key"`         // PEM file of its key
	CA          string `toml:"ca"`          // PEM file of the authorities that are believed; "": the machine's

	Purpose  map[string]string `toml:"purpose"`   // what the service is told for entry and exit; by default border_entry, border_exit
	Dataset  string            `toml:"dataset"`   // of a matching service; "": default
	MinScore float64           `toml:"min_score"` // of a matching service, from which a match is a hit; 0: 0.7
	PerS     float64           `toml:"per_second"`
	TimeoutS float64           `toml:"timeout_s"` // of one try; 0: 4
}

// client asks one service over HTTP: limited, bounded, with few retries, and not at all while
// it fails.
type client struct {
	base    string
	http    *http.Client
	clock   border.Clock
	timeout time.Duration
	wait    func(ctx context.Context, d time.Duration) error

	breaker *breaker
	limit   *bucket
	retries *bucket
}

const (
	maxAnswer   = 1 << 20 // bytes of one answer
	maxDepth    = 32      // of its nesting
	tries       = 3
	retryShare  = 0.1 // retries per question, in the long run
	retryFirst  = 100 * time.Millisecond
	breakAfter  = 5
	breakFor    = 15 * time.Second
	dialTimeout = 3 * time.Second
)

func newClient(c *ServiceConfig, clock border.Clock) (*client, error) {
	const op = "set up the lookup"
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy, t.MaxResponseHeaderBytes, t.TLSHandshakeTimeout, t.MaxConnsPerHost = nil, 64<<10, dialTimeout, 64
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		if err != nil {
			return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The certificate of the lookup " + c.Name + " or its key cannot be read.", Err: err}
		}
		t.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(pem) {
			return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The authorities of the lookup " + c.Name + " cannot be read.", Err: err}
		}
		t.TLSClientConfig.RootCAs = pool
	}
	timeout := 4 * time.Second
	if c.TimeoutS > 0 {
		timeout = time.Duration(c.TimeoutS * float64(time.Second))
	}
	rate := c.PerS
	if rate <= 0 {
		rate = 20
	}
	return &client{base: c.URL, clock: clock, timeout: timeout, wait: sleep,
		// A redirect would carry the question to somebody else.
		http:    &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		breaker: &breaker{clock: clock, after: breakAfter, pause: breakFor},
		limit:   newBucket(clock, rate, max(1, rate)), retries: newBucket(clock, 0, 10)}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// trouble is why a question has no answer; its text is a reason of not_checked. It holds no
// cause: that could repeat an address, and an address can name a traveller.
type trouble string

func (t trouble) Error() string { return string(t) }

// reason gives the reason of a failed question.
func reason(err error) string {
	var t trouble
	if errors.As(err, &t) {
		return string(t)
	}
	return Unavailable
}

// again is trouble that may be over soon; after says when, if the service said so.
type again struct {
	trouble
	after time.Duration
}

func (a again) Unwrap() error { return a.trouble }

// ask puts one question and reads its answer as JSON. Only questions that change nothing are
// asked, so any may be put again.
func (c *client) ask(ctx context.Context, method, path string, header http.Header, body, into any) (err error) {
	if !c.limit.take() {
		return trouble(Limited)
	}
	allowed, trial := c.breaker.allow()
	if !allowed {
		return trouble(Unavailable)
	}
	c.retries.put(retryShare)
	var payload []byte
	if body != nil {
		if payload, err = json.Marshal(body); err != nil {
			c.breaker.done(false, true, trial)
			return trouble(NotAsked)
		}
	}
	pause := retryFirst
	for try := 1; ; try++ {
		err = c.once(ctx, method, path, header, payload, into)
		var soon again
		if !errors.As(err, &soon) || try == tries || ctx.Err() != nil {
			break
		}
		after := max(pause, soon.after)
		if end, ok := ctx.Deadline(); ok && time.Until(end) <= after || !c.retries.take() { // too late for this traveller: the others need not wait for it
			break
		}
		if c.wait(ctx, after) != nil {
			err = trouble(Timeout)
			break
		}
		pause *= 4
	}
	r := reason(err)
	c.breaker.done(err == nil || r == Refused || r == Limited || r == Malformed, ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled), trial)
	return err
}

func (c *client) once(ctx context.Context, method, path string, header http.Header, payload []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(payload))
	if err != nil {
		return trouble(NotAsked)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Accept", "application/json")
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return failure(ctx, err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusOK:
	case res.StatusCode == http.StatusTooManyRequests:
		return again{trouble(Limited), retryAfter(res)}
	case res.StatusCode == http.StatusBadGateway, res.StatusCode == http.StatusServiceUnavailable, res.StatusCode == http.StatusGatewayTimeout:
		return again{trouble(Unavailable), retryAfter(res)}
	case res.StatusCode >= 500:
		return trouble(Unavailable)
	default: // among them redirects: nobody else is asked
		return trouble(Refused)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return trouble(Timeout)
	case err != nil: // it broke off
		return again{trouble: trouble(Incomplete)}
	case len(b) > maxAnswer:
		return trouble(Malformed)
	}
	return decode(b, into)
}

// failure says what kept a question from being answered at all.
func failure(ctx context.Context, err error) error {
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	switch {
	case ctx.Err() != nil:
		return trouble(Timeout)
	case errors.As(err, &certificate), errors.As(err, &alert):
		return trouble(Refused)
	}
	return again{trouble: trouble(Unavailable)}
}

func retryAfter(res *http.Response) time.Duration {
	s, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil || s < 0 || s > 3600 {
		return 0
	}
	return time.Duration(s) * time.Second
}

// decode reads exactly one JSON value of bounded depth. Unknown fields are left alone: services
// add some.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	for depth := 0; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return trouble(Malformed)
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > maxDepth {
				return trouble(Malformed)
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	if json.Unmarshal(b, into) != nil { // also refuses what follows the first value
		return trouble(Malformed)
	}
	return nil
}

// close lets go of connections.
func (c *client) close() { c.http.CloseIdleConnections() }
