package wire

import "garita/border"

// The bounds of what a station says of its machine, in bytes.
const (
	maxHealthName = 64
	maxHealthCode = 32
)

// SoundHealth leaves out what a hello must not carry: a station whose configuration is odd is heard all the same.
func SoundHealth(h *border.StationHealth) *border.StationHealth {
	if h == nil {
		return nil
	}
	out := &border.StationHealth{FreeBytes: max(0, h.FreeBytes), TotalBytes: max(0, h.TotalBytes)}
	if healthCode(h.Storage) {
		out.Storage = h.Storage
	}
	for i := range h.Scanners {
		if len(out.Scanners) < border.MaxScannerReports && validScanner(&h.Scanners[i]) {
			out.Scanners = append(out.Scanners, h.Scanners[i])
		}
	}
	return out
}

// validHealth reports whether what a station says of its machine can be kept and shown.
func validHealth(h *border.StationHealth) bool {
	if h == nil {
		return true
	}
	if !healthCode(h.Storage) || h.FreeBytes < 0 || h.TotalBytes < 0 || len(h.Scanners) > border.MaxScannerReports {
		return false
	}
	for i := range h.Scanners {
		if !validScanner(&h.Scanners[i]) {
			return false
		}
	}
	return true
}

func validScanner(s *border.ScannerReport) bool {
	return s.ID != "" && len(s.ID) <= maxHealthName && len(s.Counter) <= maxHealthName && healthCode(s.Kind) && healthCode(s.State)
}

// healthCode reports whether s is a short word of small letters, or none.
func healthCode(s string) bool {
	for _, r := range s {
		if r != '_' && (r < 'a' || r > 'z') {
			return false
		}
	}
	return len(s) <= maxHealthCode
}
