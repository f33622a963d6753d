// Package honeywell plays an OCR imager of Honeywell on a pseudo-terminal, after the serial
// programming commands of its user guides: menu commands that are echoed with ACK, ENQ or
// NAK before each punctuation mark, the trigger, and decoded data as plain text. It is
// written from those guides, not from the driver.
package honeywell

import (
	"bytes"
	"strings"
	"sync"
	"time"

	"garita/devices/devicetest"
)

const (
	syn = 0x16
	ack = "\x06"
	enq = "\x05"
	nak = "\x15"
)

// Imager is the simulated imager. Its methods may be called from several goroutines.
type Imager struct {
	devicetest.Line

	mu       sync.Mutex // guards the rest
	revision string
	ocr      bool   // reading text is on
	template bool   // the template of travel documents is chosen
	always   bool   // presentation mode
	pulled   bool   // the trigger
	together bool   // lines of a document as one
	refuses  bool   // every menu command
	held     []byte // the document before the imager, as it sends it; nil if none
	pulls    int
	asked    []byte
}

// Open plugs an imager in; see [devicetest.OpenLine]. revision is what it answers when it
// is asked for its software revision. Like a new one, it reads no text and waits for its
// trigger.
func Open(link, revision string) (*Imager, error) {
	m := &Imager{revision: revision}
	return m, m.Line.Open(link, m.hear)
}

// Together makes the imager send the lines of a document as one.
func (m *Imager) Together(yes bool) {
	m.mu.Lock()
	m.together = yes
	m.mu.Unlock()
}

// Refuse makes the imager answer every menu command with NAK.
func (m *Imager) Refuse(yes bool) {
	m.mu.Lock()
	m.refuses = yes
	m.mu.Unlock()
}

// Hold holds a document before the imager, which reads it once: at once if it may, or when
// it is triggered.
func (m *Imager) Hold(lines []string) (lastByte time.Time, err error) {
	m.mu.Lock()
	between := "\r"
	if m.together {
		between = ""
	}
	m.held = []byte(strings.Join(lines, between) + "\r")
	m.mu.Unlock()
	return m.look()
}

// Pulls returns how often the trigger was pulled since the imager was opened, and whether
// it is pulled now.
func (m *Imager) Pulls() (times int, now bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pulls, m.pulled
}

// TimeOut lets the trigger go, as the imager itself does after its read time-out.
func (m *Imager) TimeOut() {
	m.mu.Lock()
	m.pulled = false
	m.mu.Unlock()
}

// Replug plugs the imager in again: settings made with '!' are lost.
func (m *Imager) Replug() error {
	if !m.Plugged() {
		m.mu.Lock()
		m.ocr, m.template, m.always, m.pulled, m.refuses, m.held, m.asked = false, false, false, false, false, nil, nil
		m.mu.Unlock()
	}
	return m.Line.Replug()
}

// Half sends the first half of a document and stops.
func (m *Imager) Half(lines []string) error {
	b := []byte(strings.Join(lines, "\r"))
	return m.Raw(b[:len(b)/2])
}

// Oversized sends a line of n characters.
func (m *Imager) Oversized(n int) error { return m.Raw([]byte(strings.Repeat("A", n) + "\r")) }

func (m *Imager) look() (time.Time, error) {
	m.mu.Lock()
	if m.held == nil || !m.ocr || !m.template || !m.pulled && !m.always {
		m.mu.Unlock()
		return time.Time{}, nil
	}
	b := m.held
	m.held, m.pulled = nil, false // a reading lets the trigger go
	m.mu.Unlock()
	return m.Send(b)
}

// hear takes what the host sends, and answers each whole command.
func (m *Imager) hear(b []byte) {
	m.mu.Lock()
	m.asked = append(m.asked, b...)
	var replies []string
	for {
		from := bytes.IndexByte(m.asked, syn)
		if from < 0 {
			m.asked = nil
			break
		}
		m.asked = m.asked[from:]
		if len(m.asked) < 3 {
			break
		}
		if m.asked[2] != '\r' {
			m.asked = m.asked[1:]
			continue
		}
		kind, n := m.asked[1], 3
		if kind == 'M' {
			end := bytes.IndexAny(m.asked, "!.")
			if end < 0 {
				break
			}
			n = end + 1
			replies = append(replies, m.menu(string(m.asked[3:end]), string(m.asked[end])))
		} else if kind == 'T' {
			m.pulled = true
			m.pulls++
		} else if kind == 'U' {
			m.pulled = false
		}
		m.asked = m.asked[n:]
	}
	m.mu.Unlock()
	for _, r := range replies {
		_, _ = m.Send([]byte(r)) // an imager does not know whether it is heard
	}
	_, _ = m.look()
}

// menu carries out a menu command, and returns its echo.
func (m *Imager) menu(commands, storage string) string {
	var b strings.Builder
	for i, c := range strings.Split(commands, ";") {
		if i > 0 {
			b.WriteByte(';')
		}
		c = strings.ToUpper(c)
		tag, value := c, ""
		if len(c) > 6 {
			tag, value = c[:6], c[6:]
		}
		digit := len(value) == 1 && value >= "0" && value <= "9"
		status := ack
		if m.refuses {
			b.WriteString(c + nak)
			continue
		}
		switch tag {
		case "REVINF":
			b.WriteString("Product Name: Simulated Imager\r\nSoftware Revision: " + m.revision + "\r\n")
		case "OCRENA":
			if !digit {
				status = nak
				break
			}
			m.ocr = value != "0"
		case "OCRATS":
			if !digit {
				status = nak
				break
			}
			m.template = value != "0"
		case "PAPTPR":
			m.always = true
		case "PAPHHF":
			m.always = false
		default:
			status = enq
		}
		b.WriteString(c + status)
	}
	return b.String() + storage
}
