package mrz

// findNames parts the name field at its first << (rule 6). Look-alikes are mapped after
// this: they neither make nor take fillers.
func (z *Zone) findNames() {
	l := z.layout
	if !l.name.printed() {
		z.surname, z.given = l.surname, l.given
		z.NamesTruncated = z.text[l.surname.to-1] != '<' || z.text[l.given.to-1] != '<'
		return
	}
	z.surname = l.name
	for i := l.name.from; i+1 < l.name.to; i++ {
		if z.text[i] == '<' && z.text[i+1] == '<' {
			z.surname.to = i
			z.given = span{i + 2, l.name.to}
			break
		}
	}
	z.NamesTruncated = z.text[l.name.to-1] != '<'
}

// putName keeps a name with each run of fillers as one space and none at its ends.
func (z *Zone) putName(f Field, s span) {
	begin := z.used
	gap := false
	for _, c := range z.text[s.from:s.to] {
		if c == '<' {
			gap = z.used > begin
			continue
		}
		if gap {
			z.put(' ')
			gap = false
		}
		z.put(c)
	}
	z.fields[f] = span{begin, z.used}
}
