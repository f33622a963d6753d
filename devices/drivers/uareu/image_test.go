package uareu

import (
	"errors"
	"testing"

	"garita/devices"
	"garita/devices/devicetest/fingers"
	emulated "garita/devices/devicetest/uareu"
	"garita/devices/profile"
)

var sensor = profile.Image{Width: emulated.Width, Height: emulated.Height, DPI: 512, Bits: 8, Invert: true, MaxBytes: 131072}

func emulatedKeys(number uint8) (keystream, error) { return keystream(emulated.Key(number)), nil }

// The emulator's scrambling is written bit by bit from the description; ours looks bytes
// up. They agree for every key and length.
func TestKeystream(t *testing.T) {
	for _, first := range []uint32{1, 0x80000000, 0xDEADBEEF, 0x12345678} {
		k := keystream(first)
		ones := 0
		for range 100_000 {
			before := k
			k.step()
			parity := uint32(0)
			for _, tap := range []uint{0, 2, 3, 6, 10, 12, 19, 22, 25, 28, 31} {
				parity ^= uint32(before) >> tap & 1
			}
			if uint32(k) != uint32(before)>>1|parity<<31 {
				t.Fatalf("after %08x comes %08x", before, k)
			}
			ones += int(uint32(k) & 1)
		}
		if ones < 49_000 || ones > 51_000 {
			t.Errorf("from %08x: %d ones of 100,000", first, ones)
		}
	}
}

func TestRoughnessTellsPicturesFromNoise(t *testing.T) {
	for number := range 20 {
		wire := emulated.Wire(fingers.Draw(number, emulated.Width, emulated.Height), emulated.U4000B)
		if r := roughness(wire, emulated.Width); r >= roughest {
			t.Errorf("finger %d: roughness %d", number, r)
		}
		scrambled := emulated.Encode(wire, byte(number), true)[headerBytes : headerBytes+50*emulated.Width]
		if r := roughness(scrambled, emulated.Width); r <= roughest {
			t.Errorf("scrambled finger %d: roughness %d", number, r)
		}
	}
}

func FuzzDecode(f *testing.F) {
	small := sensor
	small.Width, small.Height = 16, 40 // so that few bytes make a whole image
	for _, blocks := range []string{"\x02\x08", "\x00\x04\x82\x04\x01\x20", "\x04\x08\x01\xff", "\x80\x01\x82\x07", "\x01\xff\x00\x08"} {
		b := make([]byte, headerBytes+8*small.Width)
		b[linesAt] = 8
		copy(b[blocksAt:], blocks)
		for i := range b[headerBytes:] {
			b[headerBytes+i] = byte(i * i * 7)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		pixels, err := decode(append([]byte(nil), b...), small, emulatedKeys)
		if err != nil {
			if !errors.Is(err, devices.ErrProtocol) {
				t.Errorf("the error is %v", err)
			}
			return
		}
		if len(pixels) != small.Width*small.Height {
			t.Errorf("%d pixels", len(pixels))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	wire := emulated.Wire(fingers.Draw(1, emulated.Width, emulated.Height), emulated.U4000B)
	image := emulated.Encode(wire, 1, true)
	work := make([]byte, len(image))
	b.SetBytes(int64(len(image)))
	for b.Loop() {
		copy(work, image)
		if _, err := decode(work, sensor, emulatedKeys); err != nil {
			b.Fatal(err)
		}
	}
}

// Runs of every length, on both sides of a stride, come out as the emulator put them in.
func TestDescrambleLengths(t *testing.T) {
	plain := fingers.Draw(3, emulated.Width, 1)
	for n := 1; n <= 40; n++ {
		key := uint32(0xC0FFEE11)
		wire := append([]byte(nil), plain[:n]...)
		end := emulated.Scramble(wire, key)
		k, skipped := keystream(key), keystream(key)
		k.descramble(wire)
		skipped.skip(n)
		if string(wire[:n-1]) != string(plain[:n-1]) || wire[n-1] != 0 || uint32(k) != end || skipped != k {
			t.Fatalf("%d pixels", n)
		}
	}
}
