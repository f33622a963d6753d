package profile

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// MaxHexBytes bounds one sequence of bytes in a profile.
const MaxHexBytes = 256

// Hex is a sequence of bytes; in a file hexadecimal pairs with or without blanks between
// them: "16 4D 0D".
type Hex []byte

// UnmarshalText reads hexadecimal pairs.
func (h *Hex) UnmarshalText(t []byte) error {
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(t)), ""))
	if err != nil {
		return fmt.Errorf("bytes are written as hexadecimal pairs, like \"16 4D 0D\"")
	}
	if len(b) > MaxHexBytes {
		return fmt.Errorf("at most %d bytes are allowed", MaxHexBytes)
	}
	*h = b
	return nil
}

// MarshalText writes pairs with blanks between them.
func (h Hex) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "% X", []byte(h)), nil }
