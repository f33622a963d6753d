package watch

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
)

// Entries themselves are asked for when there is a hit or somebody looks at the list: JSON,
// compressed some entries at a time.

const (
	perBlock = 64
	maxBlock = 32 << 20 // bytes of JSON in a block
)

// phrases is what the compressor knows beforehand: the frame of an entry.
var phrases = []byte(`{"source":"","id":"","names":[{"surname":"","given_names":"","full":"","quality":"good"},{"surname":"","quality":"low"}],` +
	`"birth_dates":["19","19-XX-XX"],"sex":"M","nationalities":[""],"birth_places":[""],"residences":[""],"documents":[{"issuer":"","type":"P","number":""}],` +
	`"handling":"refer","applies_to":"","distribution":"","action":"refer","instruction":{"es":"","en":"","fr":""},"legal_basis":"","purpose":"","owner":"","valid_from":"20","expires":"20","updated":"20"}` + "\n")

// packer compresses entries in the order in which they are added.
type packer struct {
	blocks  []byte
	at      []byte
	pending bytes.Buffer
	n       int
	zip     *flate.Writer
	out     bytes.Buffer
}

func newPacker() (*packer, error) {
	p := &packer{at: binary.LittleEndian.AppendUint32(nil, 0)}
	var err error
	p.zip, err = flate.NewWriterDict(&p.out, 6, phrases)
	return p, err
}

func (p *packer) add(e *Entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	p.pending.Write(append(b, '\n'))
	if p.n++; p.n%perBlock == 0 {
		return p.flush()
	}
	return nil
}

func (p *packer) flush() error {
	if p.pending.Len() == 0 {
		return nil
	}
	if p.pending.Len() > maxBlock {
		return errors.New("entries are too large")
	}
	p.out.Reset()
	p.zip.Reset(&p.out)
	if _, err := p.zip.Write(p.pending.Bytes()); err != nil {
		return err
	}
	if err := p.zip.Close(); err != nil {
		return err
	}
	p.blocks = append(p.blocks, p.out.Bytes()...)
	p.at = binary.LittleEndian.AppendUint32(p.at, uint32(len(p.blocks)))
	p.pending.Reset()
	return nil
}

// unpack reads the entries of a block.
func unpack(block []byte) ([]*Entry, error) {
	r := io.LimitReader(flate.NewReaderDict(bytes.NewReader(block), phrases), maxBlock+1)
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var entries []*Entry
	for line := range bytes.Lines(b) {
		e := new(Entry)
		if err := json.Unmarshal(line, e); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}
