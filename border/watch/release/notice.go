package release

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"garita/border"
	"garita/border/watch"
)

// The roles of a station that is told of a case.
const (
	Passage      = "passage"       // the traveller has crossed there
	ExpectedExit = "expected_exit" // the traveller is expected to leave there
)

// NoticeBody is what a notice says to a station, as far as the entry's handling allows. Silent
// cases make no notices.
type NoticeBody struct {
	Case     border.ID      `json:"case"`
	Handling watch.Handling `json:"handling"` // open or refer
	Role     string         `json:"role"`     // Passage or ExpectedExit
	Urgent   bool           `json:"urgent,omitempty"`

	// Entry is the listed person, for open only: whoever handles a refer must not learn why.
	Entry       *watch.Entry      `json:"entry,omitempty"`
	Action      string            `json:"action,omitempty"`      // as in watch.Entry
	Instruction map[string]string `json:"instruction,omitempty"` // by language

	Crossing  border.ID        `json:"crossing"` // which gave rise to it
	Station   border.StationID `json:"station"`  // where it was recorded
	Post      border.PostID    `json:"post"`
	At        time.Time        `json:"at"` // when the traveller crossed
	Direction string           `json:"direction"`
	Traveller Traveller        `json:"traveller"`
}

// Traveller is the person who crossed, as recorded there: a station that is to find somebody
// must know whom.
type Traveller struct {
	Surname     string            `json:"surname,omitempty"`
	GivenNames  string            `json:"given_names,omitempty"`
	BirthDate   string            `json:"birth_date,omitempty"` // EDTF
	Sex         string            `json:"sex,omitempty"`
	Nationality string            `json:"nationality,omitempty"`
	Issuer      string            `json:"issuer,omitempty"` // of the document
	Number      string            `json:"number,omitempty"`
	Document    border.BlindIndex `json:"document"` // by which a counter knows the document when it comes again
}

// A sealed body is "GLN1", the id of the list key (8), a salt (32), and the JSON under
// AES-256-GCM with a key of its own, bound to the notice's id.
const (
	noticeMagic = "GLN1"
	noticeHead  = len(noticeMagic) + len(KeyID{}) + saltSize
)

func noticeInfo(id border.ID) string { return "garita list notice v1\n" + id.String() }

// SealNotice seals the body of the notice with that id. [border.Invalid]: it says more than the
// handling allows. [border.TooLarge]: beyond [border.MaxNotice].
func (k *Keys) SealNotice(id border.ID, body *NoticeBody) ([]byte, error) {
	const op = "seal a notice"
	if err := body.validate(op); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(body)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op}
	}
	head := make([]byte, noticeHead, noticeHead+len(plain)+tag)
	copy(head, noticeMagic)
	copy(head[len(noticeMagic):], k.current[:])
	salt := head[noticeHead-saltSize:]
	rand.Read(salt) // never fails
	aead, err := k.aead(k.current, salt, noticeInfo(id))
	if err != nil {
		return nil, err
	}
	var nonce [12]byte // the key is used once
	b := aead.Seal(head, nonce[:], plain, nil)
	if len(b) > border.MaxNotice {
		return nil, &border.Error{Code: border.TooLarge, Op: op, Message: "The notice is too large: shorten the instruction."}
	}
	return b, nil
}

// OpenNotice opens the body of a notice. [border.Invalid] with [ErrDamaged]: it is damaged, or
// another notice's. [border.Forbidden] with [ErrKey]: its key is not held.
func (k *Keys) OpenNotice(id border.ID, b []byte) (*NoticeBody, error) {
	const op = "open a notice"
	if len(b) > border.MaxNotice {
		return nil, &border.Error{Code: border.TooLarge, Op: op, Message: "The notice is too large."}
	}
	bad := &border.Error{Code: border.Invalid, Op: op, Message: "The notice is damaged, or is another one.", Err: ErrDamaged}
	if len(b) < noticeHead+tag || string(b[:len(noticeMagic)]) != noticeMagic {
		return nil, bad
	}
	aead, err := k.aead(KeyID(b[len(noticeMagic):]), b[noticeHead-saltSize:noticeHead], noticeInfo(id))
	if err != nil {
		return nil, err
	}
	var nonce [12]byte
	plain, err := aead.Open(nil, nonce[:], b[noticeHead:], nil)
	if err != nil {
		return nil, bad
	}
	var body NoticeBody
	if json.Unmarshal(plain, &body) != nil { // its text would repeat names
		return nil, bad
	}
	if err := body.validate(op); err != nil {
		return nil, err
	}
	return &body, nil
}

func (b *NoticeBody) validate(op string) error {
	wrong := func(what string) error { return &border.Error{Code: border.Invalid, Op: op, Message: what} }
	switch {
	case b.Case.IsZero():
		return wrong("The notice names no case.")
	case b.Role != Passage && b.Role != ExpectedExit:
		return wrong("The notice does not say what it asks of the station.")
	case b.Handling == watch.Open:
		return nil
	case b.Handling != watch.Refer:
		return wrong("Only cases that stations may know of make notices.")
	case b.Entry != nil:
		return wrong("The notice tells more than the entry's handling allows.")
	}
	return nil
}
