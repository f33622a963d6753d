package station

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"garita/border"
	uicounter "garita/ui/counter"
)

// presenter asks garita demo to put a specimen on a simulated reader.
type presenter struct {
	url    string
	client *http.Client
}

func newPresenter(url string) *presenter {
	return &presenter{url: url, client: &http.Client{Timeout: 5 * time.Second}}
}

// Specimens lists the specimen documents.
func (p *presenter) Specimens(ctx context.Context) (list []uicounter.Specimen, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/specimens", nil)
	if err != nil {
		return nil, p.failed(err)
	}
	return list, p.do(req, &list)
}

// Present puts one specimen on a counter's reader.
func (p *presenter) Present(ctx context.Context, counter border.CounterID, index int) error {
	body, err := json.Marshal(map[string]any{"counter": counter, "index": index})
	if err != nil {
		return p.failed(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/present", bytes.NewReader(body))
	if err != nil {
		return p.failed(err)
	}
	return p.do(req, nil)
}

func (p *presenter) do(req *http.Request, into any) error {
	res, err := p.client.Do(req)
	if err != nil {
		return p.failed(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return p.failed(fmt.Errorf("status %d", res.StatusCode))
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(into); err != nil {
		return p.failed(err)
	}
	return nil
}

func (p *presenter) failed(err error) error {
	return &border.Error{Code: border.Unavailable, Op: "present a specimen", Err: err,
		Message: "The demo's simulated reader does not answer. Is garita demo still running?"}
}

var _ uicounter.Presenter = (*presenter)(nil)
