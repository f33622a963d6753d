package release_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/release"
)

func changes(n int) []watch.Change {
	out := []watch.Change{
		{Describe: &watch.Source{Name: "national", Version: "7", Issued: issued, MaxAge: time.Hour, Entries: n}},
		{Remove: &watch.Key{Source: "national", ID: "x"}},
		{Remember: &watch.NonMatch{Document: border.BlindIndex{1}, Source: "national", ID: "1", Fields: watch.Fingerprint{2}}},
		{Forget: &watch.NonMatch{Document: border.BlindIndex{2}, Source: "national", ID: "1", Fields: watch.Fingerprint{2}}},
	}
	for i := range n {
		out = append(out, watch.Change{Put: &watch.Entry{Source: "national", ID: fmt.Sprint(i), Names: []watch.Name{{Surname: "ERIKSSON & <Ö>", GivenNames: fmt.Sprint("ANNA", i), Quality: watch.Primary}},
			BirthDates: []string{"1974-08-12"}, Handling: watch.Refer, Instruction: map[string]string{"en": "Refer.", "es": "Remitir."}}})
	}
	return out
}

func TestDelta(t *testing.T) {
	for _, c := range [][]watch.Change{nil, changes(0)[:1], changes(0), changes(1000)} {
		b, err := release.EncodeDelta(c)
		check(t, err)
		again, err := release.EncodeDelta(c)
		check(t, err)
		if !bytes.Equal(b, again) {
			t.Error("the same changes give other bytes")
		}
		got, err := release.DecodeDelta(iotest.OneByteReader(bytes.NewReader(b)))
		check(t, err)
		if d := cmp.Diff(c, append([]watch.Change(nil), got...)); d != "" {
			t.Errorf("%d changes (-want +got):\n%s", len(c), d)
		}
	}
}

func delta(kind byte, n uint32, body string) []byte {
	return append(binary.BigEndian.AppendUint32(append([]byte("GLD1"), kind), n), body...)
}

func TestDeltaFaults(t *testing.T) {
	b, err := release.EncodeDelta(changes(1000))
	check(t, err)
	for _, n := range []int{0, 4, 8, 9, 10, 11, 100, len(b) / 2, len(b) - 4, len(b) - 1} {
		_, err := release.DecodeDelta(bytes.NewReader(b[:n]))
		fails(t, fmt.Sprintf("cut at %d", n), err, border.Invalid, release.ErrTruncated)
	}
	small, err := release.EncodeDelta(changes(0)[:1])
	check(t, err)
	_, err = release.DecodeDelta(bytes.NewReader(small[:len(small)-1]))
	fails(t, "a plain one cut", err, border.Invalid, release.ErrTruncated)
	line := `{"remove":{"Source":"a","ID":"b"}}` + "\n"
	if got, err := release.DecodeDelta(bytes.NewReader(delta('-', 2, line+line))); err != nil || len(got) != 2 {
		t.Fatalf("the control: %v", err)
	}
	for what, c := range map[string]struct {
		b    []byte
		code border.Code
	}{
		"more than it says":   {delta('-', 1, line+line), border.Invalid},
		"less than it says":   {delta('-', 3, line+line), border.Invalid},
		"too many":            {delta('-', release.MaxChanges+1, line), border.TooLarge},
		"a long line":         {delta('-', 1, `{"put":{"id":"`+strings.Repeat("x", release.MaxChange)+"\"}}\n"), border.TooLarge},
		"no kind":             {delta('-', 1, "{}\n"), border.Invalid},
		"a kind to come":      {delta('-', 1, `{"merge":{}}`+"\n"), border.Invalid},
		"two kinds":           {delta('-', 1, `{"remove":{"Source":"a","ID":"b"},"put":{"source":"a","id":"c","handling":"open"}}`+"\n"), border.Invalid},
		"no JSON":             {delta('-', 1, "put it\n"), border.Invalid},
		"another compression": {delta('g', 0, ""), border.Invalid},
		"no zlib":             {delta('z', 1, line), border.Invalid},
		"another magic":       {append([]byte("GLD2"), delta('-', 0, "")[4:]...), border.Invalid},
		"bytes after zlib":    {append(bytes.Clone(b), 1), border.Invalid},
		"a wrong checksum":    {append(bytes.Clone(b[:len(b)-1]), b[len(b)-1]^1), border.Invalid},
	} {
		_, err := release.DecodeDelta(bytes.NewReader(c.b))
		fails(t, what, err, c.code, nil)
		if err != nil && strings.Contains(err.Error(), "put it") {
			t.Errorf("%s: the error repeats the input", what)
		}
	}
	disk := errors.New("the disk")
	if _, err := release.DecodeDelta(io.MultiReader(bytes.NewReader(b[:50]), iotest.ErrReader(disk))); !errors.Is(err, disk) {
		t.Errorf("a disk's fault becomes %v", err)
	}
	_, err = release.EncodeDelta([]watch.Change{{}})
	fails(t, "no change", err, border.Invalid, nil)
	_, err = release.EncodeDelta([]watch.Change{{Put: &watch.Entry{ID: strings.Repeat("x", release.MaxChange)}}})
	fails(t, "a huge entry", err, border.TooLarge, nil)
}

func body() *release.NoticeBody {
	return &release.NoticeBody{Case: border.ID{1, 6: 0x70, 8: 0x80}, Handling: watch.Open, Role: release.Passage,
		Entry: &watch.Entry{Source: "national", ID: "1", Handling: watch.Open}, Instruction: map[string]string{"en": "Ask the supervisor."},
		Crossing: border.ID{2, 6: 0x70, 8: 0x80}, Station: "A", Post: "PUT", At: issued, Direction: "entry",
		Traveller: release.Traveller{Surname: "ERIKSSON", Document: border.BlindIndex{3}}}
}

func TestNotice(t *testing.T) {
	k, id := keys(t, 1), border.ID{9, 6: 0x70, 8: 0x80}
	b, err := k.SealNotice(id, body())
	check(t, err)
	if bytes.Contains(b, []byte("ERIKSSON")) {
		t.Error("the notice can be read")
	}
	got, err := keys(t, 2, 1).OpenNotice(id, b)
	check(t, err)
	if d := cmp.Diff(body(), got); d != "" {
		t.Error(d)
	}
	_, err = k.OpenNotice(border.ID{8, 6: 0x70, 8: 0x80}, b)
	fails(t, "under another's id", err, border.Invalid, release.ErrDamaged)
	_, err = keys(t, 2).OpenNotice(id, b)
	fails(t, "without the key", err, border.Forbidden, release.ErrKey)
	_, err = k.OpenNotice(id, make([]byte, border.MaxNotice+1))
	fails(t, "too large", err, border.TooLarge, nil)
	for i := range b {
		if _, err := k.OpenNotice(id, b[:i]); err == nil {
			t.Fatalf("cut at %d opens", i)
		}
	}
	for what, change := range map[string]func(*release.NoticeBody){
		"silent":               func(n *release.NoticeBody) { n.Handling = watch.Silent },
		"why, where not shown": func(n *release.NoticeBody) { n.Handling = watch.Refer },
		"no case":              func(n *release.NoticeBody) { n.Case = border.ID{} },
		"no role":              func(n *release.NoticeBody) { n.Role = "" },
	} {
		n := body()
		change(n)
		_, err := k.SealNotice(id, n)
		fails(t, what, err, border.Invalid, nil)
	}
	n := body()
	n.Instruction["en"] = strings.Repeat("x", border.MaxNotice)
	_, err = k.SealNotice(id, n)
	fails(t, "a huge instruction", err, border.TooLarge, nil)
}
