// Package settings reads a program's configuration: one typed struct, from a TOML file in
// which an unknown key is an error, and from the environment.
package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"

	"github.com/pelletier/go-toml/v2"

	"garita/border"
)

// Load reads the TOML file at path into v (a pointer to a struct), then lets environment
// variables named by `env` tags of its string fields override it. An empty path reads the
// environment only. Errors name file, line and column.
func Load(path string, v any, getenv func(string) string) error {
	if path != "" {
		if err := readFile(path, v); err != nil {
			return err
		}
	}
	s := reflect.ValueOf(v).Elem()
	for i := range s.NumField() {
		key := s.Type().Field(i).Tag.Get("env")
		if value := getenv(key); key != "" && value != "" {
			s.Field(i).SetString(value)
		}
	}
	return nil
}

// readFile decodes strictly.
func readFile(path string, v any) error {
	bad := func(err error) error {
		return &border.Error{Code: border.Invalid, Op: "read the configuration", Err: err}
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &border.Error{Code: border.NotFound, Op: "read the configuration " + path, Message: "There is no such file."}
	}
	if err != nil {
		return bad(err)
	}
	defer f.Close()
	err = toml.NewDecoder(f).DisallowUnknownFields().Decode(v)
	var strict *toml.StrictMissingError
	var decode *toml.DecodeError
	switch {
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		row, col := strict.Errors[0].Position()
		return bad(fmt.Errorf("%s:%d:%d: unknown key %q", path, row, col, joined(strict.Errors[0].Key())))
	case errors.As(err, &decode):
		row, col := decode.Position()
		return bad(fmt.Errorf("%s:%d:%d: %w", path, row, col, err))
	case err != nil:
		return bad(fmt.Errorf("%s: %w", path, err))
	}
	return nil
}

func joined(key toml.Key) string {
	s := ""
	for i, k := range key {
		if i > 0 {
			s += "."
		}
		s += k
	}
	return s
}
