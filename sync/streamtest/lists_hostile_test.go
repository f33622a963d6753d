package streamtest

import (
	"bytes"
	"fmt"
	"testing"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/wire"
)

// hostile is a post that holds version 1, and a second release in the stream that nobody
// serves any more: what stands there can be changed.
func hostile(t *testing.T, size int) (c *country, p *post, first, second border.ListPosition) {
	c = newCountry(t)
	c.startPublisher()
	p = c.post("PUT-1", c.url())
	first = c.release(true, 1000)
	p.reaches(t, first)
	p.stop()
	second = c.release(false, size)
	c.published(second)
	c.stopPublisher()
	return c, p, first, second
}

// stays says that the post refuses what it is given, and tries nothing again until the head
// changes; then a sound head brings it on.
func stays(t *testing.T, p *post, held border.ListPosition) {
	t.Helper()
	p.refuses(t, 1)
	p.looks(t, 3)
	if s := p.Lists()[0]; s.Refused != 1 || s.Problem == "" {
		t.Errorf("refused %d times, problem %q; want once", s.Refused, s.Problem)
	}
	if at := p.at(t); at != held {
		t.Errorf("version %d is in force", at.Version)
	}
}

func TestCorruptChunkIsFetchedOnceMoreAndThenRefused(t *testing.T) {
	const size = 700_000
	c, p, first, second := hostile(t, size)
	file := c.file(size)
	bad := bytes.Clone(file[2*wire.ChunkSize : 3*wire.ChunkSize])
	bad[77] ^= 1
	c.forge(wire.ChunkSubject(digest(file), 2), bad)
	c.follow(p, "PUT-1", c.url())
	stays(t, p, first)
	if n := p.replica.Fetched(digest(file)); n != 2*size {
		t.Errorf("%d bytes were received of a file of %d; want it twice", n, size)
	}
	if why, n := p.replica.Refused(national); why != "corrupt" || n != 2 {
		t.Errorf("the replica refused %d times: %q", n, why)
	}
	c.startPublisher() // it finds what is not as it should be, and says the head again
	p.reaches(t, second)
}

func TestTruncatedChunkIsRefused(t *testing.T) {
	for name, b := range map[string]int{"shorter": 100, "empty": 0, "longer": wire.ChunkSize} {
		t.Run(name, func(t *testing.T) {
			const size = 200_000
			c, p, first, second := hostile(t, size)
			file := c.file(size)
			c.forge(wire.ChunkSubject(digest(file), 1), make([]byte, b))
			c.follow(p, "PUT-1", c.url())
			stays(t, p, first)
			rs := p.Report([]border.ListReport{{Position: first}})
			if len(rs) != 1 || rs[0].Refused != "truncated" || rs[0].RefusedAt.IsZero() {
				t.Errorf("the report says %+v", rs)
			}
			c.startPublisher()
			p.reaches(t, second)
			eventually(t, "the report says no more of it", func() bool { return p.Report(nil) == nil })
		})
	}
}

func TestManifestsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		bad func(good []byte, p border.ListPosition) []byte
		why string
	}{
		"one bit changed": {func(b []byte, _ border.ListPosition) []byte {
			b = bytes.Clone(b)
			b[40] ^= 1
			return b
		}, "signature"},
		"truncated": {func(b []byte, _ border.ListPosition) []byte { return b[:len(b)/2] }, "signature"},
		"unsigned":  {func(b []byte, _ border.ListPosition) []byte { return b[:bytes.LastIndexByte(b, '\n')] }, "signature"},
		"signed by somebody else": {func(_ []byte, p border.ListPosition) []byte {
			f := bordertest.NewReleaseChain(national, p.Epoch, border.ListPosition{}, "another key")
			f.Add(true, []byte("x"))
			return f.Add(false, []byte("y")).Manifest
		}, "signature"},
		"forked": {func(_ []byte, p border.ListPosition) []byte {
			f := bordertest.NewReleaseChain(national, p.Epoch, border.ListPosition{}, listKey)
			f.Add(true, []byte("x"))
			return f.Add(false, []byte("y")).Manifest
		}, "fork"},
	} {
		t.Run(name, func(t *testing.T) {
			co, p, first, second := hostile(t, 1000)
			good, err := co.shelf().GetLastMsgForSubject(t.Context(), wire.ManifestSubject(second))
			if err != nil {
				t.Fatal(err)
			}
			co.forge(wire.ManifestSubject(second), c.bad(good.Data, second))
			co.follow(p, "PUT-1", co.url())
			stays(t, p, first)
			if why, n := p.replica.Refused(national); why != c.why || n != 1 {
				t.Errorf("the replica refused %d times: %q, want %q once", n, why, c.why)
			}
			co.startPublisher()
			p.reaches(t, second)
		})
	}
}

func TestHeadsThatAreNotTrue(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	p := c.post("PUT-1", c.url())
	var all []border.ListPosition
	for i := range 4 {
		all = append(all, c.release(i == 0, 1000+i))
		p.reaches(t, all[i])
	}
	c.stopPublisher()
	head := func(at border.ListPosition) []byte {
		b, err := wire.Encode(wire.Head{Position: at, Snapshot: all[0]})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	applied := order(p)
	seen := func() uint64 { return p.Lists()[0].Head.Version }

	c.forge(wire.HeadSubject(national), head(all[1])) // replayed
	eventually(t, "the old head is looked at", func() bool { return seen() == 2 })
	p.looks(t, 3)
	if s := p.Lists()[0]; s.Refused != 0 {
		t.Errorf("a replayed head of a true release: refused %d times", s.Refused)
	}

	fork := bordertest.NewReleaseChain(national, all[0].Epoch, border.ListPosition{}, listKey)
	for i := range 4 {
		fork.Add(i == 0, fmt.Append(nil, "fork", i))
	}
	c.forge(wire.ManifestSubject(fork.Last()), fork.Releases()[3].Manifest)
	c.forge(wire.HeadSubject(national), head(fork.Last()))
	p.refuses(t, 1)
	if why, _ := p.replica.Refused(national); why != "fork" {
		t.Errorf("refused because of %q", why)
	}

	far := all[3]
	far.Version += 1000
	c.forge(wire.HeadSubject(national), head(far)) // of releases that are not there
	eventually(t, "the post says that no way leads there", func() bool { return seen() == far.Version && p.Lists()[0].Problem != "" })

	alien := all[3]
	alien.Epoch = bordertest.EpochNo(-77)
	c.forge(wire.HeadSubject(national), head(alien))
	eventually(t, "the post looks at a head of another epoch", func() bool { return p.Lists()[0].Head.Epoch == alien.Epoch })

	before := p.Lists()[0].Refused
	c.forge(wire.HeadSubject(national), []byte("rubbish"))
	p.refuses(t, before+1)
	if rs := p.Report(nil); len(rs) != 1 || rs[0].Refused != "unreadable" {
		t.Errorf("the report says %+v", rs)
	}
	if at, got := p.at(t), applied(); at != all[3] || len(got) != 0 {
		t.Errorf("version %d is in force, %v was applied", at.Version, got)
	}
	c.startPublisher()
	p.reaches(t, c.release(false, 5000))
}

// TestHeadsCryWolf: messages that only look like heads wake nobody for long, and cost no
// memory.
func TestHeadsCryWolf(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	p := c.post("PUT-1", c.url())
	want := c.release(true, 1000)
	p.reaches(t, want)
	nc, _ := connect(t, c.url())
	for i := range 600 {
		if err := nc.Publish(fmt.Sprintf("lists.l%d.head", i%7), make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	p.reaches(t, c.release(false, 2000))
	if s := p.Lists()[0]; s.Refused != 0 {
		t.Errorf("refused %d times", s.Refused)
	}
}
