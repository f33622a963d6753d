package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"garita/border"
)

// deviceListCmd is `garita device list`.
type deviceListCmd struct {
	stationFlags
}

// Run prints a table, and under each scanner what is wrong and what to do.
func (c deviceListCmd) Run(ctx context.Context, w *world) error {
	list, raw, err := get[[]border.ScannerDetail](ctx, c.stationFlags, "/scanners")
	if err != nil {
		return err
	}
	if c.JSON {
		return c.print(w, raw)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(w.out, "The station sees no scanner. Plug one in; one on a serial port or behind a bridge has to stand in the station's configuration (docs/SCANNERS.md).")
		return err
	}
	return table(w.out, list)
}

func table(out io.Writer, list []border.ScannerDetail) error {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tSTATE\tCOUNTER\tGIVES\tPROFILE\tFIRMWARE\tEVIDENCE\tWHERE")
	for _, d := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.State, dash(string(d.Counter)), dash(d.Kind), dash(d.Profile), dash(d.Firmware), dash(d.Evidence), where(&d))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
		fmt.Fprintln(out, strings.TrimRight(line, " "))
		if i == 0 {
			continue
		}
		d := &list[i-1]
		if d.Reason != "" {
			fmt.Fprintln(out, "   "+d.Reason)
		}
		if d.Advice != "" && d.Advice != d.Reason {
			fmt.Fprintln(out, "   "+d.Advice)
		}
	}
	return nil
}

func dash(s string) string { return cmp.Or(s, "-") }

// where says where a scanner is, and what it calls itself.
func where(d *border.ScannerDetail) string {
	parts := []string{d.Bus, d.Port}
	if d.VendorID != "" {
		parts = append(parts, d.VendorID+":"+d.ProductID)
	}
	if d.Serial != "" {
		parts = append(parts, "serial "+d.Serial)
	}
	if name := strings.TrimSpace(d.Manufacturer + " " + d.Product); name != "" {
		parts = append(parts, "("+name+")")
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}
