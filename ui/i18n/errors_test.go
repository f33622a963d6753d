package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unseen are the rooms whose errors no screen shows: only a command line, a log or a start that fails does.
var unseen = []string{
	"border/api", "border/backup", "border/bordertest", "border/checkpoint", "border/enrolment", "border/keystore", "border/lookup", "border/pki", "border/retention", "border/seal",
	"border/watch/release", "border/watch/trial", "cmd", "devices/bundle", "devices/devicetest", "devices/profile", "devices/bridge/server.go", "devices/bridge/tls.go", "border/watch/base.go", "border/watch/list.go", "border/watch/sections.go", "sync", "ui/gate/gatetest",
}

// sentences finds what errors say to people (border.Error's Message) and the sentences of views
// (border.Sentence), and returns where each stands. It follows constants, parameters of functions
// that make errors of what they are given, tables and variables within one package; it cannot see what comes
// from elsewhere.
func sentences(t *testing.T) map[Msg]string {
	t.Helper()
	used := make(map[Msg]string)
	root := filepath.Join("..", "..")
	for _, dir := range []string{"border", "devices", "sync", "cmd", "ui"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			at, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == "dist" ||
				slices.ContainsFunc(unseen, func(u string) bool { return at == u || strings.HasPrefix(at, u+"/") }) {
				return filepath.SkipDir
			}
			return said(path, used)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return used
}

// room is one package as its sources are written.
type room struct {
	files  *token.FileSet
	all    []*ast.File
	used   map[Msg]string
	makers map[string]int // functions that make an error, and which argument is its sentence; by name, or by where a literal is assigned
	grown  bool           // a maker was found
}

// said reads one folder.
func said(folder string, used map[Msg]string) error {
	r := &room{files: token.NewFileSet(), used: used, makers: make(map[string]int)}
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || slices.ContainsFunc(unseen, func(u string) bool { return strings.HasSuffix(filepath.ToSlash(path), "/"+u) }) {
			continue
		}
		f, err := parser.ParseFile(r.files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		r.all = append(r.all, f)
	}
	for r.grown = true; r.grown; { // what calls a maker may be one
		r.grown = false
		for _, f := range r.all {
			for _, d := range f.Decls {
				r.walk(d, f.Name.Name == "border")
			}
		}
	}
	return nil
}

// walk looks for errors and sentences, and for calls of what makes them, in one declaration.
func (r *room) walk(d ast.Decl, own bool) {
	ast.Inspect(d, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.CompositeLit:
			var text ast.Expr
			switch {
			case named(x.Type, "Error", own):
				text = field(x, "Message")
			case named(x.Type, "Sentence", own):
				text = field(x, "Text")
			case sentenceList(x.Type):
				for _, el := range x.Elts {
					if c, ok := el.(*ast.CompositeLit); ok {
						r.take(field(c, "Text"), d, x.Pos(), 0)
					}
				}
			}
			r.take(text, d, x.Pos(), 0)
			if named(x.Type, "Config", false, "sqlite") {
				r.take(field(x, "Failed"), d, x.Pos(), 0)
			}
		case *ast.CallExpr:
			if i, ok := x.Fun.(*ast.Ident); ok {
				if at, is := r.makers[r.nameOf(i.Name, d, x.Pos())]; is && at < len(x.Args) {
					r.take(x.Args[at], d, x.Pos(), 0)
				}
			}
		}
		return true
	})
}

// nameOf is under which name a function is known: one that is assigned within a declaration by where that stands.
func (r *room) nameOf(name string, d ast.Decl, pos token.Pos) string {
	if f := assigned(d, name, pos); f != nil {
		return name + "@" + strconv.Itoa(int(f.Pos()))
	}
	return name
}

// take notes the texts that an expression can be.
func (r *room) take(e ast.Expr, d ast.Decl, pos token.Pos, depth int) {
	if e == nil || depth > 4 {
		return
	}
	switch x := e.(type) {
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			_ = note(r.used, x.Value, r.files.Position(x.Pos()).String())
		}
	case *ast.BinaryExpr:
		if text, ok := folded(x); ok {
			r.used[Msg(text)] = r.files.Position(x.Pos()).String()
		} else {
			r.take(x.X, d, pos, depth+1) // what is put together of parts is found to be wrong by who translates it
		}
	case *ast.ParenExpr:
		r.take(x.X, d, pos, depth+1)
	case *ast.IndexExpr:
		if table, ok := x.X.(*ast.Ident); ok {
			r.variable(table.Name, d, pos, depth)
		}
	case *ast.CallExpr:
		if f, ok := x.Fun.(*ast.Ident); ok {
			r.results(f.Name, depth)
		}
	case *ast.Ident:
		if !r.parameter(x.Name, d, pos) {
			r.variable(x.Name, d, pos, depth)
		}
	}
}

// parameter notes that a function makes errors of one of its parameters.
func (r *room) parameter(name string, d ast.Decl, pos token.Pos) bool {
	found := false
	see := func(maker string, t *ast.FuncType) {
		at := 0
		for _, f := range t.Params.List {
			for _, n := range f.Names {
				if n.Name == name {
					found = true
					if _, known := r.makers[maker]; !known {
						r.makers[maker], r.grown = at, true
					}
				}
				at++
			}
		}
	}
	ast.Inspect(d, func(n ast.Node) bool { // function literals that are assigned to a name
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
			if l, ok := a.Rhs[0].(*ast.FuncLit); ok && l.Pos() <= pos && pos < l.End() {
				if i, ok := a.Lhs[0].(*ast.Ident); ok {
					see(i.Name+"@"+strconv.Itoa(int(l.Pos())), l.Type)
				}
			}
		}
		return true
	})
	if f, ok := d.(*ast.FuncDecl); ok && !found {
		see(f.Name.Name, f.Type)
	}
	return found
}

// variable takes all that a name stands for: what is assigned to it within the declaration, else a
// constant, variable or table of the package.
func (r *room) variable(name string, d ast.Decl, pos token.Pos, depth int) {
	local := false
	ast.Inspect(d, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.AssignStmt:
			for i, l := range x.Lhs {
				if id, ok := l.(*ast.Ident); ok && id.Name == name && len(x.Lhs) == len(x.Rhs) {
					local = true
					r.take(x.Rhs[i], d, pos, depth+1)
				}
			}
		case *ast.ValueSpec:
			local = r.spec(x, name, d, pos, depth) || local
		}
		return true
	})
	if local {
		return
	}
	for _, f := range r.all {
		for _, other := range f.Decls {
			if g, ok := other.(*ast.GenDecl); ok {
				for _, s := range g.Specs {
					if v, ok := s.(*ast.ValueSpec); ok {
						r.spec(v, name, other, pos, depth)
					}
				}
			}
		}
	}
}

func (r *room) spec(v *ast.ValueSpec, name string, d ast.Decl, pos token.Pos, depth int) bool {
	found := false
	for i, n := range v.Names {
		if n.Name != name || i >= len(v.Values) {
			continue
		}
		found = true
		if c, ok := v.Values[i].(*ast.CompositeLit); ok {
			r.values(c, d, pos, depth)
		} else {
			r.take(v.Values[i], d, pos, depth+1)
		}
	}
	return found
}

// values takes what a table holds; its keys are no texts.
func (r *room) values(c *ast.CompositeLit, d ast.Decl, pos token.Pos, depth int) {
	for _, el := range c.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			el = kv.Value
		}
		if inner, ok := el.(*ast.CompositeLit); ok {
			r.values(inner, d, pos, depth)
		} else {
			r.take(el, d, pos, depth+1)
		}
	}
}

// results takes what a function of the package returns.
func (r *room) results(name string, depth int) {
	for _, f := range r.all {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Name.Name != name || fn.Body == nil {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if ret, ok := n.(*ast.ReturnStmt); ok {
					for _, e := range ret.Results {
						r.take(e, d, ret.Pos(), depth+1)
					}
				}
				return true
			})
		}
	}
}

// assigned finds the function literal that a name stands for at a place.
func assigned(d ast.Decl, name string, pos token.Pos) (found *ast.FuncLit) {
	ast.Inspect(d, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == 1 && len(a.Rhs) == 1 && a.Pos() < pos {
			if i, ok := a.Lhs[0].(*ast.Ident); ok && i.Name == name {
				if l, ok := a.Rhs[0].(*ast.FuncLit); ok {
					found = l
				}
			}
		}
		return true
	})
	return found
}

func named(e ast.Expr, name string, own bool, of ...string) bool {
	if own {
		i, ok := e.(*ast.Ident)
		return ok && i.Name == name
	}
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	i, ok := s.X.(*ast.Ident)
	return ok && i.Name == append(of, "border")[0]
}

func sentenceList(e ast.Expr) bool {
	a, ok := e.(*ast.ArrayType)
	return ok && named(a.Elt, "Sentence", false)
}

// field gives a composite literal's field, nil if it sets none.
func field(c *ast.CompositeLit, name string) ast.Expr {
	for _, el := range c.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			if k, ok := kv.Key.(*ast.Ident); ok && k.Name == name {
				return kv.Value
			}
		}
	}
	return nil
}

// folded is a sum of literals as one.
func folded(e ast.Expr) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, err == nil && x.Kind == token.STRING
	case *ast.BinaryExpr:
		a, ok := folded(x.X)
		b, ok2 := folded(x.Y)
		return a + b, ok && ok2 && x.Op == token.ADD
	}
	return "", false
}
