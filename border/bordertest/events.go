// Package bordertest holds what tests of several rooms share: a conformance suite for
// each seam of the domain's root ([border.EventSource], [border.EventSink], [border.ListSink],
// [border.HubAsker]), in-memory parts that pass them, and builders of well-formed events
// with invented content. Nothing outside tests imports it.
package bordertest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"garita/border"
)

// Start is the moment from which the builders count time, in UTC.
var Start = time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC)

// EpochNo returns the n-th epoch of a fixed series; it differs for every n and is
// never zero.
func EpochNo(n int) border.Epoch {
	d := sha256.Sum256(fmt.Appendf(nil, "bordertest epoch %d", n))
	return border.Epoch(d[:16])
}

// KeyIDOf names the data key that [Event] puts on the personal parts of an epoch.
func KeyIDOf(station border.StationID, epoch border.Epoch) string {
	return "k-" + string(station) + "-" + epoch.String()[:8]
}

// Event builds a well-formed, hashed event of the given type, about 2.5 kB encoded. Its
// sealed parts hold bytes derived from its key instead of ciphertext. It has no parent:
// the first event of an epoch comes from [Opened].
func Event(station border.StationID, epoch border.Epoch, seq uint64, prev border.Digest, typ string) border.Event {
	at := Start.Add(time.Duration(seq) * time.Second)
	id := crossingID(station, epoch, seq)
	h := border.Header{
		Station: station, Epoch: epoch, Seq: seq, Type: typ,
		Post: "PUT", OccurredAt: at, RecordedAt: at.Add(40 * time.Millisecond),
		Clock: border.ClockTrust{State: border.ClockSynced}, Software: "bordertest",
		Counter: "1", Shift: "A", Officer: "o-17", Crossing: &id,
		Direction: border.Entry, Outcome: string(border.Admitted), Category: "visitor",
		Purpose: "1.1", Nationality: "UTO", Sex: "X", BirthYear: 1974, Residence: "UTO",
		DocumentKind: "P", DocumentIssuer: "UTO", TransportMode: "land", Source: string(border.SourceReader),
		Verdict: "proceed", Checks: map[string]string{},
	}
	for _, c := range []string{"digits", "expiry", "list", "history", "hub"} {
		h.Checks[c] = border.CheckText("clear", "", 0)
	}
	return seal(h, prev, []border.Part{
		part(border.PartPersonal, KeyIDOf(station, epoch), h, 620),
		part(border.PartHub, KeyIDOf(station, epoch)+"-hub", h, border.HubOnlySize+28),
	})
}

// Opened builds the first event of an epoch, which names its parent. Its Prev is the
// parent's hash.
func Opened(station border.StationID, epoch border.Epoch, parent border.Parent) border.Event {
	h := border.Header{
		Station: station, Epoch: epoch, Seq: 1, Type: border.TypeEpochOpened, Post: "PUT",
		OccurredAt: Start, RecordedAt: Start, Clock: border.ClockTrust{State: border.ClockHoldover},
		Software: "bordertest", Parent: &parent,
	}
	return seal(h, parent.Hash, nil)
}

func seal(h border.Header, prev border.Digest, parts []border.Part) border.Event {
	b, err := json.Marshal(h)
	if err != nil { // a Header always marshals
		panic(err)
	}
	e := border.Event{
		Key:  border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq},
		Type: h.Type, Header: b, Parts: parts, Prev: prev,
	}
	e.Hash = e.ComputeHash()
	return e
}

func part(name, keyID string, h border.Header, size int) border.Part {
	p := border.Part{Name: name, Alg: "A256GCM", KeyID: keyID}
	block := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d/%s", h.Station, h.Epoch, h.Seq, name))
	for len(p.Ciphertext) < size {
		p.Ciphertext = append(p.Ciphertext, block[:]...)
		block = sha256.Sum256(block[:])
	}
	p.Ciphertext = p.Ciphertext[:size]
	return p
}

func crossingID(station border.StationID, epoch border.Epoch, seq uint64) border.ID {
	d := sha256.Sum256(fmt.Appendf(nil, "crossing %s/%s/%d", station, epoch, seq))
	id := border.ID(d[:16])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(Start.UnixMilli()+int64(seq))<<16)
	copy(id[:6], ms[:6])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Chain builds the events of one epoch one after another. It is not safe for
// concurrent use.
type Chain struct {
	station border.StationID
	epoch   border.Epoch
	parent  border.Parent
	last    border.Digest
	events  []border.Event
}

// NewChain begins an epoch: its first event is epoch.opened with the given parent, the
// zero Parent for a new journal.
func NewChain(station border.StationID, epoch border.Epoch, parent border.Parent) *Chain {
	c := &Chain{station: station, epoch: epoch, parent: parent}
	c.push(Opened(station, epoch, parent))
	return c
}

func (c *Chain) push(e border.Event) {
	c.events = append(c.events, e)
	c.last = e.Hash
}

// Add appends n events of type crossing.recorded.v1 and returns them encoded.
func (c *Chain) Add(n int) [][]byte {
	from := len(c.events)
	for range n {
		c.AddType(border.TypeCrossingRecorded)
	}
	return Encoded(c.events[from:])
}

// AddType appends one event of any type and returns it.
func (c *Chain) AddType(typ string) border.Event {
	e := Event(c.station, c.epoch, uint64(len(c.events))+1, c.last, typ)
	c.push(e)
	return e
}

// Last names the chain's last event as a parent for the next epoch.
func (c *Chain) Last() border.Parent {
	return border.Parent{Epoch: c.epoch, Seq: uint64(len(c.events)), Hash: c.last}
}

// Epoch returns the chain's epoch.
func (c *Chain) Epoch() border.Epoch { return c.epoch }

// Events returns all events of the chain, ascending. The caller does not change them.
func (c *Chain) Events() []border.Event { return c.events }

// Encoded returns all events of the chain encoded, ascending.
func (c *Chain) Encoded() [][]byte { return Encoded(c.events) }

// Encoded encodes events.
func Encoded(events []border.Event) [][]byte {
	out := make([][]byte, len(events))
	for i := range events {
		out[i] = events[i].Encode()
	}
	return out
}

// Receive wraps encoded events as they arrive at the hub, under the keys that they
// carry and with the last of them announced as the station's head. Bytes that are no
// event get the zero key.
func Receive(events ...[]byte) []border.Received {
	out := make([]border.Received, len(events))
	var head border.Position
	for i, b := range events {
		out[i] = border.Received{Event: b, At: Start}
		if e, err := border.DecodeEvent(b); err == nil {
			out[i].Claimed = e.Key
			head = border.Position{Epoch: e.Key.Epoch, Seq: e.Key.Seq}
		}
		out[i].Head = head
	}
	return out
}

// Conflicting returns an event with the key of e and other content, well-formed and
// hashed: what a broken or forged station could send.
func Conflicting(e border.Event) border.Event {
	other := Event(e.Key.Station, e.Key.Epoch, e.Key.Seq, border.Digest{1}, e.Type)
	return other
}
