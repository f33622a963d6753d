package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// literals and words find texts in scripts: a quoted string, and in it a capital with a word after it, two words
// and a full stop, or an ellipsis.
var (
	literals = regexp.MustCompile("'(?:[^'\\\\]|\\\\.)*'|\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`")
	words    = regexp.MustCompile(`^['"` + "`" + `]?[A-Z][a-z]+(?: |…|\.['"` + "`" + `])|[a-z]+ [a-z]+[.?!]['"` + "`" + `]|…`)
	remark   = regexp.MustCompile(`(?m)(?:^|\s)//.*$|^\s*/?\*.*$`)
)

// texts returns what a script would show in its author's language only.
func texts(script string) []string {
	var out []string
	for _, l := range literals.FindAllString(remark.ReplaceAllString(script, ""), -1) {
		if words.MatchString(l) {
			out = append(out, l)
		}
	}
	return out
}

// TestScriptsHaveNoTexts: a script takes its texts from the page, which is in the reader's language.
func TestScriptsHaveNoTexts(t *testing.T) {
	for _, script := range []string{`said = 'Touch the key…';`, "tell(`Sending ${file.name}: ${share} %`)", `why || "the file could not be sent."`, `x('Wait.')`} {
		if len(texts(script)) == 0 {
			t.Errorf("no text is seen in %s", script)
		}
	}
	all, err := filepath.Glob("../src/*.js")
	if err != nil || len(all) < 20 {
		t.Fatalf("%d scripts were found: %v", len(all), err)
	}
	for _, name := range all {
		script, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range texts(string(script)) {
			t.Errorf("%s shows %s in English only: put it into the page's template", filepath.Base(name), l)
		}
	}
}

// TestEverythingIsTranslated reads the sources of the screens: every text that is marked as one
// has a translation in every language, with the same places, and no translation is left over.
func TestEverythingIsTranslated(t *testing.T) {
	used := sources(t)
	if len(used) < 5 {
		t.Fatalf("only %d texts were found in the sources", len(used))
	}
	errors := sentences(t)
	if len(errors) < 400 {
		t.Fatalf("only %d sentences of errors were found in the sources", len(errors))
	}
	maps.Copy(used, errors)
	for _, l := range Langs() {
		if l == English {
			continue
		}
		p := In(l)
		missing := 0
		for _, m := range slices.Sorted(maps.Keys(used)) {
			texts, ok := p.texts[m]
			if !ok {
				if missing++; missing <= 20 {
					t.Errorf("%s: %s: %q has no translation", l, used[m], m)
				}
				continue
			}
			for _, text := range texts {
				if !slices.Equal(places(m.english()), places(text)) {
					t.Errorf("%s: %q has other places in %q", l, m, text)
				}
				if strings.TrimSpace(text) == "" || strings.ContainsAny(text, "<>") {
					t.Errorf("%s: %q is translated by %q: nothing, or markup", l, m, text)
				}
			}
		}
		if missing > 20 {
			t.Errorf("%s: %d texts have no translation", l, missing)
		}
		for _, m := range slices.Sorted(maps.Keys(p.texts)) {
			if _, ok := used[m]; !ok {
				t.Errorf("%s: %q is translated and stands nowhere", l, m)
			}
		}
	}
}

var place = regexp.MustCompile(`\{\d\}`)

func places(s string) []string {
	all := place.FindAllString(s, -1)
	slices.Sort(all)
	return slices.Compact(all)
}

// sources finds the texts in templates and Go files: arguments of t, th and n in templates; in Go
// arguments of T and N, and literals that become a Msg by a conversion, a declared type, an element
// of a list or map of them, or a result. It returns where each stands.
func sources(t *testing.T) map[Msg]string {
	t.Helper()
	used := make(map[Msg]string)
	root := filepath.Join("..", "..")
	for _, dir := range []string{"ui", "border", "devices", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == "dist") {
				return filepath.SkipDir
			}
			switch {
			case strings.HasSuffix(path, ".html"):
				return inTemplate(path, used)
			case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
				return inGo(path, used)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return used
}

var (
	action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	called = regexp.MustCompile(`(?:^|[\s(|])(?:t|th)\s+("(?:[^"\\]|\\.)*"|` + "`[^`]*`" + `)`)
	counts = regexp.MustCompile(`(?:^|[\s(|])n\s+(?:\([^)]*\)|[^\s"]+)\s+("(?:[^"\\]|\\.)*")\s+("(?:[^"\\]|\\.)*")`)
)

func inTemplate(path string, used map[Msg]string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, a := range action.FindAllString(string(b), -1) {
		inner := strings.Trim(strings.TrimSuffix(strings.TrimPrefix(a, "{{"), "}}"), "- ")
		for _, m := range called.FindAllStringSubmatch(inner, -1) {
			if err := note(used, m[1], path); err != nil {
				return err
			}
		}
		for _, m := range counts.FindAllStringSubmatch(inner, -1) {
			if err := note(used, m[2], path); err != nil {
				return err
			}
		}
	}
	return nil
}

func note(used map[Msg]string, literal, where string) error {
	s, err := strconv.Unquote(literal)
	if err != nil {
		return err
	}
	if s != "" {
		used[Msg(s)] = where
	}
	return nil
}

// inGo looks at a Go file by its shape alone, without types: who writes a text keeps to the forms
// that are named above.
func inGo(path string, used map[Msg]string) error {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	own := f.Name.Name == "i18n"
	take := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			_ = note(used, l.Value, files.Position(l.Pos()).String())
		}
	}
	// values takes the values of a composite literal, and of those within it; keys are no texts.
	var values func(e ast.Expr)
	values = func(e ast.Expr) {
		c, ok := e.(*ast.CompositeLit)
		if !ok {
			take(e)
			return
		}
		for _, el := range c.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				el = kv.Value
			}
			values(el)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.CallExpr:
			sel, isSel := x.Fun.(*ast.SelectorExpr)
			switch {
			case isMsg(x.Fun, own) && len(x.Args) == 1:
				take(x.Args[0])
			case isSel && sel.Sel.Name == "T" && len(x.Args) > 0:
				take(x.Args[0])
			case isSel && sel.Sel.Name == "N" && len(x.Args) > 2:
				take(x.Args[2])
			}
		case *ast.CompositeLit:
			if ofMsg(x.Type, own) {
				values(x)
			}
		case *ast.ValueSpec:
			if x.Type != nil && isMsg(x.Type, own) {
				for _, v := range x.Values {
					take(v)
				}
			}
		case *ast.FuncDecl:
			if x.Body != nil && returnsMsg(x.Type, own) {
				ast.Inspect(x.Body, func(n ast.Node) bool {
					if r, ok := n.(*ast.ReturnStmt); ok {
						for _, e := range r.Results {
							take(e)
						}
					}
					return true
				})
			}
		}
		return true
	})
	return nil
}

func isMsg(e ast.Expr, own bool) bool {
	if own {
		i, ok := e.(*ast.Ident)
		return ok && i.Name == "Msg"
	}
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Msg" {
		return false
	}
	i, ok := s.X.(*ast.Ident)
	return ok && i.Name == "i18n"
}

// ofMsg reports whether a type is a map, list or array whose innermost values are texts.
func ofMsg(e ast.Expr, own bool) bool {
	switch x := e.(type) {
	case *ast.MapType:
		return isMsg(x.Value, own) || ofMsg(x.Value, own)
	case *ast.ArrayType:
		return isMsg(x.Elt, own) || ofMsg(x.Elt, own)
	}
	return false
}

func returnsMsg(f *ast.FuncType, own bool) bool {
	if f.Results == nil {
		return false
	}
	for _, r := range f.Results.List {
		if isMsg(r.Type, own) {
			return true
		}
	}
	return false
}
