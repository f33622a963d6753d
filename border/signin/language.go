package signin

import (
	"context"
	"database/sql"
	"time"

	"garita/border"
	"garita/border/access"
)

// SetLanguage keeps the language that who is signed in chose for the pages of this program: a tag of two
// to eight small letters, "ht". It holds for their later sessions here too; until then it is that of their account.
func (s *Service) SetLanguage(ctx context.Context, p *access.Principal, language string) error {
	const op = "choose a language"
	if p == nil {
		return unauthenticated(op, ErrNone, "Sign in first.")
	}
	if !isTag(language) {
		return &border.Error{Code: border.Invalid, Op: op, Message: "There are no pages in that language."}
	}
	w := s.vault.who("badge", p.Badge)
	sealed, err := s.vault.seal("language", w[:], language)
	if err != nil {
		return &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.write(ctx, op, func(t *sql.Tx) error {
		_, err := t.ExecContext(ctx, "INSERT INTO language (who, sealed) VALUES (?, ?) ON CONFLICT (who) DO UPDATE SET sealed = excluded.sealed", w[:], sealed)
		return err
	})
	if err == nil {
		s.languages[w] = language
	}
	return err
}

func isTag(s string) bool {
	if len(s) < 2 || len(s) > 8 {
		return false
	}
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return true
}

// languageOf is what an officer chose here, else what their account says. mu is held.
func (s *Service) languageOf(o *access.Officer) string {
	if l := s.languages[s.vault.who("badge", o.Badge)]; l != "" {
		return l
	}
	return o.Language
}

// loadLanguages reads what officers chose. A row that was edited is no choice.
func (s *Service) loadLanguages(ctx context.Context) error {
	return s.each(ctx, "SELECT who, 0, sealed FROM language", func(key, sealed []byte, _ time.Duration) {
		var l string
		if s.vault.open("language", key, sealed, &l) && isTag(l) {
			s.languages[who(key)] = l
		}
	})
}
