package rootkey

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"garita/border"
	"garita/border/keystore"
)

// Recover puts the root key of a data folder under the guard that the configuration names, with the
// recovery key from paper.
func Recover(ctx context.Context, c Config, dir string, demo bool, k *keystore.RecoveryKey) error {
	return keystore.Recover(ctx, c.keystore(dir, demo), k)
}

// Rekey puts an open root key under another guard, or the same one anew.
func Rekey(ctx context.Context, c Config, dir string, demo bool, root keystore.Root) error {
	return keystore.Rekey(ctx, root, c.keystore(dir, demo))
}

// keystore is the configuration of a guard that is new: a passphrase is asked for twice.
func (c Config) keystore(dir string, demo bool) keystore.Config {
	return keystore.Config{Kind: c.Kind, Dir: dir, TPM: c.TPM, PCRs: c.PCRs, Demo: demo, Credentials: os.Getenv("CREDENTIALS_DIRECTORY"),
		Passphrase: func() ([]byte, error) {
			one, err := AskSecret("New passphrase of this machine's keys: ")
			if err != nil {
				return nil, err
			}
			two, err := AskSecret("The same again: ")
			defer clear(two)
			if err == nil && !bytes.Equal(one, two) {
				err = &border.Error{Code: border.Invalid, Op: "take a passphrase", Message: "The two are not the same. Nothing has changed."}
			}
			return one, err
		}}
}

// AskSecret asks for a line at the terminal and does not show it; with no terminal it reads a line of
// standard input.
func AskSecret(prompt string) ([]byte, error) {
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		if _, err := os.Stderr.WriteString(prompt); err != nil {
			return nil, err
		}
		b, err := term.ReadPassword(fd)
		_, _ = os.Stderr.WriteString("\n")
		return b, err
	}
	return lines(os.Stdin)
}

// lines reads a line byte by byte, so that the next question finds the next one.
func lines(r io.Reader) ([]byte, error) {
	var out []byte
	for one := make([]byte, 1); len(out) < 4096; {
		n, err := r.Read(one)
		switch {
		case n == 1 && one[0] == '\n', n == 0 && errors.Is(err, io.EOF) && len(out) > 0:
			return bytes.TrimSuffix(out, []byte("\r")), nil
		case n == 1:
			out = append(out, one[0])
		case err != nil:
			return nil, &border.Error{Code: border.Unavailable, Op: "ask", Message: "Nothing was typed.", Err: err}
		}
	}
	return nil, &border.Error{Code: border.TooLarge, Op: "ask"}
}

// AskRecovery asks for the recovery key.
func AskRecovery() (*keystore.RecoveryKey, error) {
	b, err := AskSecret("Recovery key, from paper: ")
	if err != nil {
		return nil, err
	}
	defer clear(b)
	return keystore.ParseRecoveryKey(strings.TrimSpace(string(b)))
}
