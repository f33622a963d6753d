package devicetest

import (
	"math/rand/v2"
	"strings"
	"time"

	"garita/devices/profile"
)

// Encode puts a document's lines into a framing, as a reader would send them. Line ends
// are CR.
func Encode(f profile.Framing, lines []string) []byte {
	text := strings.Join(lines, "\r")
	switch f.Kind {
	case profile.StxEtx:
		return append(append([]byte{byte(f.Start)}, text...), '\r', byte(f.End))
	case profile.LineCR:
		b := append([]byte(text), '\r')
		switch f.DocumentEnd {
		case profile.EndBlank:
			b = append(b, '\r')
		case profile.EndByte:
			b = append(b, byte(f.End))
		}
		return b
	default:
		return []byte(strings.Join(lines, ""))
	}
}

// Garbage sends n random bytes, the same ones for the same seed: a wrong baud rate, or a
// broken cable.
func (l *Line) Garbage(n int, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, seed))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	_, err := l.Send(b)
	return err
}

// Half sends the first half of a document and stops: the traveller pulled it away.
func (r *Reader) Half(lines []string) error {
	return r.Partial(lines, len(Encode(r.framing, lines))/2)
}

// Partial sends the first n bytes of a document, frame included, and stops.
func (r *Reader) Partial(lines []string, n int) error {
	b := Encode(r.framing, lines)
	_, err := r.Send(b[:min(max(n, 0), len(b))])
	return err
}

// Flood sends n letters without any frame: a stuck reader. It stops early if the station
// takes nothing for [WriteTimeout].
func (l *Line) Flood(n int) error {
	l.write.Lock()
	defer l.write.Unlock()
	chunk := []byte(strings.Repeat("A", 1024))
	for n > 0 {
		k := min(n, len(chunk))
		if _, err := l.sendLocked(chunk[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// Oversized sends a frame that begins as it should and holds n characters: more than any
// document, for n > the profile's max_bytes.
func (r *Reader) Oversized(n int) error {
	_, err := r.Send(Encode(r.framing, []string{strings.Repeat("A", n)}))
	return err
}

// Slow presents a document byte by byte with a gap between bytes: a slow line. The time
// is that of the last byte, as for [Reader.Present].
func (r *Reader) Slow(lines []string, gap time.Duration) (lastByte time.Time, err error) {
	r.write.Lock()
	defer r.write.Unlock()
	for i, c := range Encode(r.framing, lines) {
		if i > 0 {
			time.Sleep(gap)
		}
		if lastByte, err = r.sendLocked([]byte{c}); err != nil {
			return time.Time{}, err
		}
	}
	return lastByte, nil
}

// Raw sends bytes as they are.
func (l *Line) Raw(b []byte) error {
	_, err := l.Send(b)
	return err
}
