package register

import (
	"crypto/ed25519"
	"slices"

	"garita/border"
)

// vouch says of each message whether its station stands for it: by its own signature, or by that
// on a later one of the same delivery that continues it, link by link. So of an unbroken run one
// signature is looked at, whatever came with the others. Messages that nobody vouches for go
// into quarantine.
func (r *Register) vouch(in []message, received []border.Received) {
	if r.signers == nil {
		for i := range in {
			in[i].vouched = true
		}
		return
	}
	order := make([]int, 0, len(in))
	for i := range in {
		if in[i].readable {
			order = append(order, i)
		}
	}
	// By station and epoch, the last event first: who continues comes before who is continued.
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &in[a].key, &in[b].key
		switch {
		case x.Station != y.Station:
			return compare(x.Station, y.Station)
		case x.Epoch != y.Epoch:
			return compare(string(x.Epoch[:]), string(y.Epoch[:]))
		case x.Seq != y.Seq:
			return -compare(x.Seq, y.Seq)
		}
		return 0
	})
	var keys []ed25519.PublicKey
	var of border.StationID
	var after *message // the last vouched one
	for _, i := range order {
		m := &in[i]
		if m.key.Station != of || of == "" {
			of = m.key.Station
			var ok bool
			if keys, ok = r.signers(of); !ok {
				keys = nil
			}
		}
		if len(keys) == 0 {
			continue
		}
		m.vouched = m.state != stateMalformed && after != nil && continues(after, m) || signed(keys, m, received[i].Signature)
		if m.vouched && m.state != stateMalformed {
			after = m
		}
	}
}

func compare[T border.StationID | string | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// continues reports whether a sound event is the next one after another, or that one itself.
func continues(next, m *message) bool {
	return next.key.Station == m.key.Station && next.key.Epoch == m.key.Epoch &&
		(next.key.Seq == m.key.Seq+1 && next.prev == m.hash || next.key.Seq == m.key.Seq && next.hash == m.hash)
}

func signed(keys []ed25519.PublicKey, m *message, signature []byte) bool {
	if len(signature) != ed25519.SignatureSize {
		return false
	}
	hash := m.hash
	if m.state == stateMalformed {
		hash = border.Vouched(m.bytes)
	}
	text := border.HeadMessage(m.key, hash)
	return slices.ContainsFunc(keys, func(k ed25519.PublicKey) bool {
		return len(k) == ed25519.PublicKeySize && ed25519.Verify(k, text, signature)
	})
}

// unvouched puts a message aside for which no station stands. What is held already is no news.
// The name of a station that was never heard of is not repeated anywhere: anybody could have
// made it up.
func (b *batch) unvouched(m *message) error {
	if m.readable {
		e, ok, err := b.t.epoch(m.key.Station, m.key.Epoch)
		if err != nil {
			return err
		}
		if ok {
			old, held, err := b.t.rawAt(e.no, m.key.Seq, false)
			if err != nil {
				return err
			}
			if held && old.digest == m.digest {
				b.duplicates++
				return nil
			}
		} else if known, err := b.t.stationKnown(m.key.Station); err != nil {
			return err
		} else if !known {
			m.key = border.Key{}
		}
	}
	return b.aside(m, "signature", AlarmSignature, "A message without its station's signature is in quarantine")
}
