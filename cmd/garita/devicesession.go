package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"garita/border"
	"garita/border/access"
)

// userAgent is what a session is bound to, beside its cookie.
const userAgent = "garita"

// maxPINFile bounds a file with a PIN, in bytes.
const maxPINFile = 64

// client is how the station is reached: with the system's authorities, or with the hub's.
func (f stationFlags) client() (*http.Client, error) {
	if f.CA == "" {
		return http.DefaultClient, nil
	}
	b, err := os.ReadFile(f.CA)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(b) {
		return nil, &border.Error{Code: border.Invalid, Op: "read the hub's authority", Message: "--ca must be a PEM file with the hub's certificate.", Err: err}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}}, nil
}

// sessionFile is where a technician's session is kept between commands, for its owner alone; it ends
// after some idle minutes at the station.
func (f stationFlags) sessionFile() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", &border.Error{Code: border.Internal, Op: "find the session", Err: err}
	}
	sum := sha256.Sum256([]byte(f.Station + "\n" + f.Badge))
	return filepath.Join(dir, "garita", "session-"+hex.EncodeToString(sum[:8])), nil
}

// cookie is that of the session that a command before left, "" if there is none.
func (f stationFlags) cookie() string {
	path, err := f.sessionFile()
	if err != nil {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 != 0 || info.Size() > 1<<10 {
		return ""
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// signIn begins a session with badge and PIN.
func (f stationFlags) signIn(ctx context.Context) (cookie string, err error) {
	const op = "sign in"
	if f.Badge == "" {
		return "", &border.Error{Code: border.Unauthenticated, Op: op, Message: "Say who you are: --badge BADGE (or GARITA_BADGE). The PIN is asked for."}
	}
	pin, err := readPIN(f.Badge, f.PINFile)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]string{"badge": f.Badge, "pin": pin})
	if err != nil {
		return "", err
	}
	res, err := f.send(ctx, http.MethodPost, "/session", bytes.NewReader(body), "")
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode >= 400 {
		return "", refusal(res)
	}
	if len(res.Cookies()) == 0 {
		return "", &border.Error{Code: border.Unavailable, Op: op, Message: "Something answers at this address, but it is no station of this version."}
	}
	cookie = res.Cookies()[0].Name + "=" + res.Cookies()[0].Value
	path, err := f.sessionFile()
	if err == nil && os.MkdirAll(filepath.Dir(path), 0o700) == nil {
		_ = os.WriteFile(path, []byte(cookie+"\n"), 0o600) // else the next command asks again
	}
	return cookie, nil
}

// agree has a second person agree to an action with a PIN of their own, and gives their word of it.
func (f stationFlags) agree(ctx context.Context, action access.Action, badge, pinFile string) (string, error) {
	pin, err := readPIN(badge, pinFile)
	if err != nil {
		return "", err
	}
	res, err := f.open(ctx, http.MethodPost, "/seconds", map[string]any{"action": action, "badge": badge, "pin": pin})
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var out struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 4<<10)).Decode(&out); err != nil || out.Token == "" {
		return "", &border.Error{Code: border.Unavailable, Op: "have a second person agree", Message: "The station's answer cannot be read. Use the `garita` of the station's version."}
	}
	return out.Token, nil
}

// readPIN reads a PIN from a file, or asks for it.
func readPIN(badge, path string) (string, error) {
	if path != "" {
		file, err := os.Open(path)
		if err != nil {
			return "", &border.Error{Code: border.NotFound, Op: "read the PIN", Message: "The file with the PIN cannot be read.", Err: err}
		}
		defer file.Close()
		b, err := io.ReadAll(io.LimitReader(file, maxPINFile))
		return strings.TrimSpace(string(b)), err
	}
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", &border.Error{Code: border.Unauthenticated, Op: "read the PIN", Message: "There is no terminal to ask for the PIN. Give a file with it: --pin-file FILE."}
	}
	if _, err := os.Stderr.WriteString("PIN of badge " + badge + ": "); err != nil {
		return "", err
	}
	b, err := term.ReadPassword(fd)
	_, _ = os.Stderr.WriteString("\n")
	return string(b), err
}

// send sends one request.
func (f stationFlags) send(ctx context.Context, method, path string, body io.Reader, cookie string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(f.Station, "/")+path, body)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "ask the station", Message: "The station's address must look like http://127.0.0.1:8080.", Err: err}
	}
	req.Header.Set("User-Agent", userAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	client, err := f.client()
	if err != nil {
		return nil, err
	}
	return client.Do(req)
}
