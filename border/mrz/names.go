package mrz

import "bytes"

// findNames parts the name field at its first << (rule 6). Look-alikes are mapped after
// this: they neither make nor take fillers.
func (z *Zone) findNames() {
	l := z.layout
	if !l.name.printed() {
		z.surname, z.given = z.trim(l.surname), z.trim(l.given)
		z.NamesTruncated = z.text[l.surname.to-1] != '<' || z.text[l.given.to-1] != '<'
		return
	}
	if i := bytes.Index(z.text[l.name.from:l.name.to], []byte("<<")); i >= 0 {
		z.surname = span{l.name.from, l.name.from + uint8(i)}
		z.given = z.trim(span{z.surname.to + 2, l.name.to})
	} else {
		z.surname = z.trim(l.name)
	}
	z.NamesTruncated = z.text[l.name.to-1] != '<'
}

// putName keeps a name with each run of fillers as one space and none at its ends.
func (z *Zone) putName(f Field, s span) {
	to := z.text[z.used:]
	n, gap := 0, false
	for _, c := range z.text[s.from:s.to] {
		if c == '<' {
			gap = n > 0
			continue
		}
		if n+1 >= len(to) {
			break // cannot be: there is room for the longest names
		}
		if gap {
			to[n] = ' '
			n++
			gap = false
		}
		to[n] = c
		n++
	}
	z.made(f, n)
}
