package pin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"garita/border"
)

// Cost is what making or checking a verifier takes.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
}

// Usual is 32 MiB and four passes: 100 to 250 ms of one core of the machines that this is meant
// for.
func Usual() Cost { return Cost{Memory: 32 << 10, Passes: 4} }

const (
	saltLen = 16
	hashLen = 32
)

// The bounds within which a verifier from elsewhere is believed.
const (
	maxVerifier = 256      // bytes
	maxMemory   = 64 << 10 // KiB
	maxPasses   = 16
)

// Decoy is a verifier that no PIN fits and that costs what every other does: for badges that
// nobody has.
const Decoy = "$argon2id$v=19$m=32768,t=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Keeper makes and checks verifiers, a few at a time: each takes memory and a core. Safe for
// concurrent use.
type Keeper struct {
	// Cost of new verifiers, set before use: a verifier keeps its own. Cheaper than [Usual] is for
	// tests.
	Cost Cost

	slots chan struct{}
	wait  time.Duration
}

// AtOnce and Wait are what [New] takes where nothing speaks for other values.
const (
	AtOnce = 2
	Wait   = 5 * time.Second
)

// New returns a keeper that works at so many verifiers at once; whoever comes further waits, but
// not longer than wait.
func New(atOnce int, wait time.Duration) *Keeper {
	return &Keeper{Cost: Usual(), slots: make(chan struct{}, atOnce), wait: wait}
}

// Make makes the verifier of a PIN. It does not judge the PIN.
func (k *Keeper) Make(ctx context.Context, pin string) (string, error) {
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails: crypto/rand ends the program instead
	v := verifier{memory: k.Cost.Memory, passes: k.Cost.Passes, salt: salt}
	var err error
	if v.hash, err = k.work(ctx, v, pin); err != nil {
		return "", err
	}
	return v.String(), nil
}

// Check reports whether a PIN fits a verifier. What cannot be read as one fits nothing and costs
// the same. [border.TooMany]: too many others are being checked.
func (k *Keeper) Check(ctx context.Context, encoded, pin string) (bool, error) {
	v, ok := parse(encoded)
	if !ok {
		v, _ = parse(Decoy)
	}
	hash, err := k.work(ctx, v, pin)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(hash, v.hash) == 1 && ok, nil
}

func (k *Keeper) work(ctx context.Context, v verifier, pin string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	select {
	case k.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, &border.Error{Code: border.TooMany, Op: "check a PIN", Err: ctx.Err(), Message: "Too many people are signing in at this moment. Try again."}
	}
	defer func() { <-k.slots }()
	return argon2.IDKey([]byte(pin), v.salt, v.passes, v.memory, 1, hashLen), nil
}

// Random makes a PIN of eight digits that [Judge] lets pass for a badge.
func Random(badge string) string {
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
		if err != nil {
			panic(err) // crypto/rand ends the program before
		}
		if p := fmt.Sprintf("%08d", n); Judge(p, badge) == nil {
			return p
		}
	}
}

type verifier struct {
	memory, passes uint32
	salt, hash     []byte
}

func (v verifier) String() string {
	e := base64.RawStdEncoding
	return "$argon2id$v=19$m=" + strconv.FormatUint(uint64(v.memory), 10) + ",t=" + strconv.FormatUint(uint64(v.passes), 10) + ",p=1$" +
		e.EncodeToString(v.salt) + "$" + e.EncodeToString(v.hash)
}

// parse reads what String writes, within bounds; the one form of each.
func parse(s string) (verifier, bool) {
	if len(s) > maxVerifier {
		return verifier{}, false
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return verifier{}, false
	}
	var v verifier
	cost := strings.Split(parts[3], ",")
	if len(cost) != 3 || cost[2] != "p=1" || !number(cost[0], "m=", &v.memory) || !number(cost[1], "t=", &v.passes) {
		return verifier{}, false
	}
	salt, err1 := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	hash, err2 := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	v.salt, v.hash = salt, hash
	ok := err1 == nil && err2 == nil && len(salt) == saltLen && len(hash) == hashLen &&
		v.memory >= 8 && v.memory <= maxMemory && v.passes >= 1 && v.passes <= maxPasses && v.String() == s
	return v, ok
}

func number(s, prefix string, into *uint32) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	n, err := strconv.ParseUint(rest, 10, 32)
	*into = uint32(n)
	return ok && err == nil
}
