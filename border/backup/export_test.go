package backup

import (
	"bytes"
	"io"
)

// Sealed is a backup with any plaintext, as somebody with its key could write one.
func Sealed(h *Header, key, plain []byte) ([]byte, error) {
	var out bytes.Buffer
	head, err := writeHead(&out, h)
	if err != nil {
		return nil, err
	}
	aead, err := chunks(key, head)
	if err != nil {
		return nil, err
	}
	s := newSealer(&out, aead)
	if _, err := s.Write(plain); err != nil {
		return nil, err
	}
	err = s.Close()
	return out.Bytes(), err
}

// ReadAll reads a backup as extract does, without a disk: what it lists, and all that follows.
func ReadAll(b, key []byte) (files int, content []byte, err error) {
	r := bytes.NewReader(b)
	_, head, err := readHead(r)
	if err != nil {
		return 0, nil, err
	}
	aead, err := chunks(key, head)
	if err != nil {
		return 0, nil, err
	}
	o := newOpener(r, aead)
	list, err := readPrefixed(o, maxManifest)
	if err != nil {
		return 0, nil, err
	}
	m, err := parseManifest(list)
	if err != nil {
		return 0, nil, err
	}
	content, err = io.ReadAll(o)
	return len(m.Files), content, err
}
