// Package rootkey opens the key that seals a program's secrets, as its configuration says.
package rootkey

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/term"

	"garita/border"
	"garita/border/keystore"
)

// Config says what guards the root key of a data folder.
type Config struct {
	// Kind is tpm, credential, passphrase or, in the demonstration only, software. "": what guards
	// the one that is there; a demonstration makes a software key, nobody else gets one by default.
	Kind string `toml:"kind"`
	TPM  string `toml:"tpm"`  // device, or "unix:PATH"; "": /dev/tpmrm0
	PCRs []int  `toml:"pcrs"` // of the SHA-256 bank that must not change; none: the TPM alone
}

// Open opens the root key of a data folder or makes it. clear are key files of a time before there
// were root keys: they are sealed when they are read.
func Open(ctx context.Context, c Config, dir string, demo bool, clear ...string) (keystore.Root, error) {
	if c.Kind == "" && demo {
		c.Kind = keystore.Software
	}
	return keystore.Open(ctx, keystore.Config{Kind: c.Kind, Dir: dir, Passphrase: func() ([]byte, error) { return ask(ctx) },
		Credentials: os.Getenv("CREDENTIALS_DIRECTORY"), TPM: c.TPM, PCRs: c.PCRs, Demo: demo, Clear: clear})
}

// ask asks for the passphrase at the terminal, or as services do where there is none.
func ask(ctx context.Context) ([]byte, error) {
	const prompt = "Passphrase of this machine's keys: "
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		if _, err := os.Stderr.WriteString(prompt); err != nil {
			return nil, err
		}
		b, err := term.ReadPassword(fd)
		_, _ = os.Stderr.WriteString("\n")
		return b, err
	}
	out, err := exec.CommandContext(ctx, "systemd-ask-password", "--id=garita", strings.TrimSuffix(prompt, ": ")).Output() //nolint:gosec // the prompt is ours
	if err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "ask for the passphrase", Err: errors.New("no terminal, and systemd-ask-password does not answer"),
			Message: "The passphrase must be typed at start. Start the program at a terminal, or under systemd; or let a TPM or a system credential guard the keys."}
	}
	return []byte(strings.TrimRight(string(out), "\n")), nil
}
