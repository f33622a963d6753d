package access

import (
	"fmt"
	"slices"
	"strings"
)

// Routes finds what a request takes. What it does not know is nobody's. Immutable.
type Routes struct {
	all  []Route
	root node
}

// node is one place in the tree of path elements.
type node struct {
	literal map[string]*node
	param   *node
	name    string            // of the parameter, in param
	methods map[string]*Route // what ends here
}

// PostRoutes are those of garita-post.
func PostRoutes() *Routes { return build(signingIn, station) }

// HubRoutes are those of garita-hub.
func HubRoutes() *Routes { return build(signingIn, hub) }

// All lists the routes.
func (r *Routes) All() []Route { return slices.Clone(r.all) }

func build(tables ...[]Route) *Routes {
	r := &Routes{all: slices.Concat(tables...)}
	for i := range r.all {
		n := &r.root
		for _, e := range elements(r.all[i].Pattern) {
			if name, is := strings.CutPrefix(e, ":"); is {
				if n.param == nil {
					n.param = &node{name: name}
				}
				n = n.param
				continue
			}
			if n.literal == nil {
				n.literal = map[string]*node{}
			}
			if n.literal[e] == nil {
				n.literal[e] = new(node)
			}
			n = n.literal[e]
		}
		if n.methods == nil {
			n.methods = map[string]*Route{}
		}
		n.methods[r.all[i].Method] = &r.all[i]
	}
	return r
}

func elements(pattern string) []string {
	if pattern == "/" {
		return nil
	}
	return strings.Split(pattern[1:], "/")
}

// Limits of a path.
const (
	maxPath    = 512
	maxElement = 128
	maxDepth   = 12
)

// Found is a route with what its path names.
type Found struct {
	*Route
	Counter string // the path's counter, "" if it names none
}

// Match finds the route of a request. It knows one spelling of each path: what is empty, dotted,
// escaped, over-long or ends with a slash is no path, lest another reader of it finds another one.
func (r *Routes) Match(method, path string) (Found, bool) {
	if method == "HEAD" {
		method = get
	}
	if len(path) == 0 || len(path) > maxPath || path[0] != '/' {
		return Found{}, false
	}
	n, rest, counter := &r.root, path[1:], ""
	for depth := 0; rest != "" || depth == 0 && path != "/"; depth++ {
		e, more, slash := strings.Cut(rest, "/")
		if depth == maxDepth || slash && more == "" || !plain(e) {
			return Found{}, false
		}
		next := n.literal[e]
		if next == nil {
			if next = n.param; next == nil {
				return Found{}, false
			}
			if next.name == "counter" {
				counter = e
			}
		}
		n, rest = next, more
	}
	route := n.methods[method]
	return Found{route, counter}, route != nil
}

// spelling are the bytes that an element may have.
var spelling = func() (ok [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:@+") {
		ok[c] = true
	}
	return ok
}()

// plain reports whether an element is spelled as all of ours are.
func plain(e string) bool {
	if e == "" || len(e) > maxElement || strings.Trim(e, ".") == "" {
		return false
	}
	for i := range len(e) {
		if !spelling[e[i]] {
			return false
		}
	}
	return true
}

// Served is a route as a program's server knows it.
type Served struct{ Method, Path string }

// Missing compares what a program serves, in the order in which its server looks, with its table.
// Each line says what one of them lacks, or where the server would take another route than the
// table. Patterns may be written as Fiber's (":counter") or OpenAPI's ("{counter}").
func Missing(served []Served, table *Routes) []string {
	var out []string
	seen := map[Served]bool{}
	for _, s := range served {
		if s.Method == "HEAD" || s.Method == "" {
			continue
		}
		s.Path = Pattern(s.Path)
		if seen[s] {
			out = append(out, fmt.Sprintf("%s %s is served twice", s.Method, s.Path))
		}
		seen[s] = true
		if !slices.ContainsFunc(table.all, func(r Route) bool { return r.Method == s.Method && r.Pattern == s.Path }) {
			out = append(out, fmt.Sprintf("%s %s is served and has no entry in border/access", s.Method, s.Path))
		}
	}
	for _, r := range table.all {
		if !seen[Served{r.Method, r.Pattern}] {
			out = append(out, fmt.Sprintf("%s %s has an entry in border/access and is not served", r.Method, r.Pattern))
		}
	}
	return append(out, shadowed(served)...)
}

// shadowed finds routes that a server reaches by a path which the table gives to another one: the
// table prefers what is spelled out, a server what it met first.
func shadowed(served []Served) (out []string) {
	for i, first := range served {
		for _, second := range served[i+1:] {
			a, b := elements(Pattern(first.Path)), elements(Pattern(second.Path))
			if first.Method != second.Method || len(a) != len(b) || slices.Equal(a, b) {
				continue
			}
			overlap, worse := true, false
			for j := range a {
				pa, pb := strings.HasPrefix(a[j], ":"), strings.HasPrefix(b[j], ":")
				overlap = overlap && (pa || pb || a[j] == b[j])
				worse = worse || pa && !pb
			}
			if overlap && worse {
				out = append(out, fmt.Sprintf("%s %s stands before %s: a request for the second would be answered by the first", first.Method, Pattern(first.Path), Pattern(second.Path)))
			}
		}
	}
	return out
}

// Pattern gives a path's pattern in the table's spelling.
func Pattern(path string) string {
	if path = strings.NewReplacer("{", ":", "}", "").Replace(path); len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path
}
