package learn

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"garita/border"
	"garita/devices/profile"
)

// write makes the profile's file, and reads it back: what is handed out can be used.
func write(r border.LearnRequest, t profile.Transport, f profile.Framing, remarks []string) (border.LearnResult, error) {
	if strings.ContainsFunc(r.Name, unicode.IsControl) {
		return border.LearnResult{}, wrong("The name holds a character that no name can have.")
	}
	var b strings.Builder
	b.WriteString("# Learned from a document with known lines. Change id and name as you like.\n")
	for _, m := range remarks {
		fmt.Fprintf(&b, "# - %s\n", m)
	}
	fmt.Fprintf(&b, "schema = %d\nid     = %s\nname   = %s\nkind   = \"mrz\"\ndriver = \"framed\"\n\n", profile.Schema, quote(r.ID), quote(r.Name))
	b.WriteString("# A reader's bytes were decoded with this profile and not kept, so there is no recording to replay. When it\n")
	b.WriteString("# has served, change this to field-verified, and say who used it, on which model and when.\n")
	b.WriteString("evidence        = \"emulated\"\nevidence_source = \"learned at this station from a document with known lines\"\n\n")
	if t.Kind == "wedge" {
		fmt.Fprintf(&b, "[transport]\nkind   = \"wedge\"\nlayout = %s\n\n", quote(t.Layout))
	} else {
		fmt.Fprintf(&b, "[transport]\nkind      = \"serial\"\nbaud      = %d\ndata_bits = %d\nparity    = %s\nstop_bits = %d\n\n", t.Baud, t.DataBits, quote(t.Parity), t.StopBits)
	}
	b.WriteString("[timing]\nread_timeout_ms = 200\nretry_first_ms  = 100\nretry_max_ms    = 2000\nattempts        = 5\n\n")
	fmt.Fprintf(&b, "[framing]\nkind         = %s\n", quote(string(f.Kind)))
	switch f.Kind {
	case profile.StxEtx:
		fmt.Fprintf(&b, "start        = 0x%02X\nend          = 0x%02X\n", f.Start, f.End)
	case profile.LineCR:
		fmt.Fprintf(&b, "document_end = %s\n", quote(f.DocumentEnd))
		if f.DocumentEnd == profile.EndByte {
			fmt.Fprintf(&b, "end          = 0x%02X\n", f.End)
		}
	case profile.RawLen:
		fmt.Fprintf(&b, "length       = %d\n", f.Length)
	case profile.RawIdle:
	}
	fmt.Fprintf(&b, "idle_gap_ms  = %d\nmax_bytes    = %d\n\n[limits]\nmax_bytes_per_second = 65536\nbad_readings         = 3\n", f.IdleGapMS, f.MaxBytes)
	if _, err := profile.Parse(r.ID+".toml", []byte(b.String())); err != nil {
		return border.LearnResult{}, err
	}
	return border.LearnResult{TOML: b.String(), Remarks: slices.Clone(remarks)}, nil
}

// quote writes a basic string of TOML.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.ToValidUTF8(s, "")) + `"`
}
