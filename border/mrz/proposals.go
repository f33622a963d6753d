package mrz

import (
	"slices"
	"strings"
)

// Proposal is a likely repair of a field in which letters and digits are both legal. It
// is shown beside what was read and never applied.
type Proposal struct {
	Field    string `json:"field"`    // document_number or optional_data
	Original string `json:"original"` // as read, as in the document
	Proposed string `json:"proposed"`
}

// maxProposals bounds the proposals for one field. Where more would fit, the digits prove
// nothing and none is made.
const maxProposals = 4

// twins are groups of characters that are misread for each other.
var twins = [...]string{"0OQD", "1IL", "2Z", "5S", "6G", "8B"}

// proposals looks for repairs of one character with a look-alike, such that the field's
// own check digit and the composite digit then both fit. Two characters are not tried:
// among such repairs the wrong ones that fit outnumber the right ones by three to one.
// A format without a composite digit gets none: one digit of ten proves too little.
func (z *Zone) proposals() []Proposal {
	list := []Proposal{}
	if z.Checks.DocumentNumber == Wrong {
		number := func(t []byte) string {
			s := string(t[z.layout.number.from:z.layout.number.to])
			if z.more.printed() {
				s += string(t[z.more.from:z.more.to])
			}
			return s
		}
		fits := func(t []byte) bool { c, _ := z.checkNumber(t); return c == OK }
		list = z.repairs(list, DocumentNumber, []span{z.layout.number, z.more}, number, fits)
	}
	if z.Checks.OptionalData == Wrong {
		optional := func(t []byte) string { return string(t[z.optional.from:z.optional.to]) }
		fits := func(t []byte) bool {
			return check(t, z.layout.optional, z.layout.optionalCheck) == OK
		}
		list = z.repairs(list, OptionalData, []span{z.optional}, optional, fits)
	}
	return list
}

// repairs appends the repairs of one field: places are its characters, value gives it
// as text and fits asks its own check digit. At most 22 characters with 3 look-alikes
// each are tried.
func (z *Zone) repairs(list []Proposal, f Field, places []span, value func([]byte) string, fits func([]byte) bool) []Proposal {
	text := z.text
	before := len(list)
	for _, s := range places {
		for i := s.from; i < s.to; i++ {
			read := text[i]
			for _, group := range twins {
				if strings.IndexByte(group, read) < 0 {
					continue
				}
				for _, twin := range []byte(group) {
					text[i] = twin
					if twin == read || !fits(text[:]) || z.layout.checkComposite(text[:]) != OK {
						continue
					}
					if len(list)-before == maxProposals {
						return slices.Clip(list[:before])
					}
					list = append(list, Proposal{
						Field:    f.String(),
						Original: string(z.Text(f)),
						Proposed: strings.TrimRight(value(text[:]), "<"),
					})
				}
				text[i] = read
			}
		}
	}
	return list
}
