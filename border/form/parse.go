package form

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"garita/border"
)

// Limits of a form file.
const (
	maxFile   = 128 << 10 // bytes
	maxLines  = 2000
	maxLine   = 1000    // bytes: the parser quotes whole lines for each unknown key
	maxRows   = 100     // of any table or list
	maxNumber = 100_000 // in a number field, and version
	maxDays   = 3660    // granted by the table
	maxLabel  = 80      // characters
	maxHint   = 200     // characters
	// maxText is what all text fields hold together, in characters: escaped as JSON they
	// take at most six bytes each, and half of a sealed part's 64 KiB.
	maxText = 5000
)

// The shape of the file. A number or switch that must be there is a pointer.
type (
	fileShape struct {
		Version           *int                         `toml:"version"`
		Country           string                       `toml:"country"`
		Countries         string                       `toml:"countries"`
		MinorAge          *int                         `toml:"minor_age"`
		SupervisorRefuses *bool                        `toml:"supervisor_refuses"`
		NeverRefused      string                       `toml:"never_refused"`
		Lasting           string                       `toml:"lasting"`
		CountryLists      map[string]string            `toml:"country_lists"`
		CountryAliases    map[string]string            `toml:"country_aliases"`
		Lists             map[string][]Code            `toml:"lists"`
		Guess             []guessShape                 `toml:"guess"`
		Days              []daysShape                  `toml:"days"`
		Document          []DocumentKind               `toml:"document"`
		Field             []fieldShape                 `toml:"field"`
		Fingers           *fingersShape                `toml:"fingers"`
		Words             map[string]map[string]string `toml:"words"`
	}
	fingersShape struct {
		Reasons  []Code `toml:"reasons"`
		NotTaken []Code `toml:"not_taken"`
		Degraded []Code `toml:"degraded"`
	}
	guessShape struct {
		When map[string]string `toml:"when"`
		Is   string            `toml:"is"`
	}
	daysShape struct {
		When  map[string]string `toml:"when"`
		Days  int               `toml:"days"`
		Basis string            `toml:"basis"`
	}
	fieldShape struct {
		Name     string              `toml:"name"`
		Label    string              `toml:"label"`
		Hint     string              `toml:"hint"`
		Kind     Kind                `toml:"kind"`
		List     string              `toml:"list"`
		Min      int                 `toml:"min"`
		Max      int                 `toml:"max"`
		Carry    bool                `toml:"carry"`
		When     []map[string]string `toml:"when"`
		Required []map[string]string `toml:"required"`
		Default  []defaultShape      `toml:"default"`
	}
	defaultShape struct {
		When map[string]string `toml:"when"`
		Is   string            `toml:"is"`
		From string            `toml:"from"`
	}
)

// Parse reads a form file. It is strict: an unknown key, word, code or country is an
// [border.Invalid] error that says where it is, what is wrong and what is allowed; a file
// beyond 128 KiB, 2,000 lines or 1,000 bytes in a line is [border.TooLarge].
func Parse(b []byte) (*Form, error) {
	const op = "read the form"
	if err := size(b); err != nil {
		return nil, &border.Error{Code: border.TooLarge, Op: op, Err: err}
	}
	var file fileShape
	err := decode(b, &file)
	var f *Form
	if err == nil {
		f, err = build(&file)
	}
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: op, Err: err}
	}
	f.version = fmt.Sprintf("%s %d %.4x", f.country, *file.Version, sha256.Sum256(b))
	return f, nil
}

func size(b []byte) error {
	if len(b) > maxFile {
		return wrong("the file is larger than %d KiB", maxFile>>10)
	}
	n := 0
	for line := range bytes.Lines(b) {
		if n++; n > maxLines {
			return wrong("the file has more than %d lines", maxLines)
		}
		if len(line) > maxLine {
			return wrong("line %d is longer than %d bytes", n, maxLine)
		}
	}
	return nil
}

func wrong(format string, args ...any) error { return fmt.Errorf(format, args...) }

func decode(b []byte, file *fileShape) error {
	err := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields().Decode(file)
	var strict *toml.StrictMissingError
	var d *toml.DecodeError
	switch {
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		d = &strict.Errors[0]
		row, col := d.Position()
		key := d.Key()
		return wrong("line %d, column %d: unknown key %q; allowed: %s", row, col, strings.Join(key, "."), strings.Join(siblings(key), ", "))
	case errors.As(err, &d):
		row, col := d.Position()
		return wrong("line %d, column %d: %w", row, col, err)
	}
	return err
}

// siblings lists the keys that may stand where an unknown one does.
func siblings(key []string) []string {
	t := reflect.TypeFor[fileShape]()
	for _, k := range key[:max(len(key)-1, 0)] {
		switch k {
		case "lists":
			t = reflect.TypeFor[Code]()
		case "guess":
			t = reflect.TypeFor[guessShape]()
		case "days":
			t = reflect.TypeFor[daysShape]()
		case "document":
			t = reflect.TypeFor[DocumentKind]()
		case "field":
			t = reflect.TypeFor[fieldShape]()
		case "fingers":
			t = reflect.TypeFor[fingersShape]()
		case "default":
			t = reflect.TypeFor[defaultShape]()
		}
	}
	names := keys(t)
	if t == reflect.TypeFor[fingersShape]() { // the path does not say in which of its lists
		names = append(names, keys(reflect.TypeFor[Code]())...)
	}
	return names
}

func keys(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("toml"))
	}
	return names
}
