package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"garita/border"
)

// stationFlags are those of all commands that ask a running station.
type stationFlags struct {
	Station string `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Address of the station's pages (${default})."`
	Badge   string `env:"GARITA_BADGE" placeholder:"BADGE" help:"Who you are: a technician, or a supervisor to look on."`
	PINFile string `name:"pin-file" placeholder:"FILE" help:"File with the PIN; without it the PIN is asked for."`
	CA      string `name:"ca" placeholder:"FILE" help:"PEM file of the hub's authority, for a station whose pages are under its TLS."`
	JSON    bool   `name:"json" help:"Print the station's answer as JSON."`
}

// maxAnswer bounds what a station may answer.
const maxAnswer = 32 << 20

// ask sends a request to the station and returns its answer. within bounds it: some wait
// for a person.
func (f stationFlags) ask(ctx context.Context, within time.Duration, method, path string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	res, err := f.open(ctx, method, "/api/v1"+path, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(b) > maxAnswer {
		return nil, &border.Error{Code: border.Unavailable, Op: "ask the station", Message: "The station's answer broke off. Try again.", Err: err}
	}
	return b, nil
}

// open sends a request, as the session that there is or after signing in, and returns an answer
// that is no error.
func (f stationFlags) open(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var b []byte
	if method != http.MethodGet {
		var err error
		if b, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	again := func(cookie string) (*http.Response, error) {
		if b == nil {
			return f.send(ctx, method, path, nil, cookie)
		}
		return f.send(ctx, method, path, bytes.NewReader(b), cookie)
	}
	res, err := again(f.cookie())
	if err == nil && (res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusSeeOther) {
		_ = res.Body.Close() // nothing in it is needed
		var cookie string
		if cookie, err = f.signIn(ctx); err != nil && border.CodeOf(err) != border.Internal {
			return nil, err
		}
		if err == nil {
			res, err = again(cookie)
		}
	}
	switch {
	case err == nil && res.StatusCode < 400:
		return res, nil
	case err == nil:
		defer res.Body.Close()
		return nil, refusal(res)
	case errors.Is(err, context.Canceled):
		return nil, err
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &border.Error{Code: border.Unavailable, Op: "ask the station", Message: "The station did not answer in time. Try again.", Err: err}
	default:
		return nil, &border.Error{Code: border.Unavailable, Op: "ask the station", Err: err,
			Message: "No station answers at " + f.Station + ". On the station's machine see whether it runs: systemctl status garita-post. If it listens elsewhere, give its address with --station."}
	}
}

// refusal is the station's word for what went wrong.
func refusal(res *http.Response) error {
	var p struct{ Type, Title, Detail, Instance string }
	b, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		return &border.Error{Code: border.Unavailable, Op: "ask the station", Err: err,
			Message: fmt.Sprintf("Something answers at this address (status %d), but it is no station of this version.", res.StatusCode)}
	}
	code := border.Code(strings.TrimPrefix(p.Type, "urn:garita:problem:"))
	message := p.Detail
	if message == "" {
		message = "The station refused: " + p.Title + "."
	}
	if code == border.NotFound {
		message += " `garita device list` shows those there are."
	}
	if ref := strings.TrimPrefix(p.Instance, "urn:garita:reference:"); ref != "" {
		message += " (Reference " + ref + " in the station's log.)"
	}
	return &border.Error{Code: code, Op: "ask the station", Message: message}
}

// get asks for something and reads the JSON of the answer.
func get[T any](ctx context.Context, f stationFlags, path string) (v T, raw []byte, err error) {
	return exchange[T](ctx, f, 15*time.Second, http.MethodGet, path, nil)
}

// exchange sends a request and reads the JSON of the answer.
func exchange[T any](ctx context.Context, f stationFlags, within time.Duration, method, path string, body any) (v T, raw []byte, err error) {
	if raw, err = f.ask(ctx, within, method, path, body); err != nil {
		return v, nil, err
	}
	if err = json.Unmarshal(raw, &v); err != nil {
		err = &border.Error{Code: border.Unavailable, Op: "ask the station", Err: err,
			Message: "The station's answer cannot be read. Use the `garita` of the station's version."}
	}
	return v, raw, err
}

// print prints a station's answer as it came.
func (f stationFlags) print(w *world, raw []byte) error {
	_, err := fmt.Fprintln(w.out, strings.TrimSpace(string(raw)))
	return err
}

// scannerArg names a scanner.
type scannerArg struct {
	Scanner string `arg:"" help:"The scanner's id, as garita device list shows it."`
}

func (s scannerArg) path(rest string) string { return "/scanners/" + url.PathEscape(s.Scanner) + rest }
