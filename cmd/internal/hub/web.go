package hub

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/api"
	"garita/border/keystore"
	"garita/border/signin"
	"garita/cmd/internal/version"
	"garita/cmd/internal/web"
	"garita/ui/auditlog"
	casepages "garita/ui/cases"
	flowpages "garita/ui/flows"
	"garita/ui/gate"
	"garita/ui/help"
	"garita/ui/layout"
	"garita/ui/live"
	officerpages "garita/ui/officers"
	"garita/ui/operations"
	"garita/ui/reports"
	"garita/ui/review"
	"garita/ui/search"
	signinpages "garita/ui/signin"
	stationpages "garita/ui/stations"
	"garita/ui/watchlists"
)

// openWeb opens signing in, the pages and the API.
func (h *Hub) openWeb(ctx context.Context) (err error) {
	secure, err := h.secure()
	if err != nil {
		return err
	}
	h.cfg.TLS = secure != nil
	if h.listener, err = web.Listen(h.cfg.Listen, secure); err != nil {
		return err
	}
	origins := []string{h.URL()}
	if h.cfg.RPID != "" {
		origins = append(origins, "https://"+h.cfg.RPID)
	}
	h.SignIn, err = signin.Open(ctx, signin.Config{Dir: h.cfg.Data, Clock: h.clock, Mono: h.clock.Mono, Root: h.root, Audit: h.self.audit, Log: h.log,
		Demo: h.cfg.Demo, Known: h.Officers.Known, Accounts: h.Officers, RPID: h.cfg.RPID, Origins: origins})
	if err != nil {
		return err
	}
	cookie := gate.NewCookie("garita_hub", h.cfg.TLS)
	guard, err := gate.New(gate.Config{Sessions: h.SignIn, Audit: h.self.audit, Routes: access.HubRoutes(), Cookie: cookie, TLS: h.cfg.TLS,
		Hosts: h.cfg.Hosts, Mono: h.clock.Mono, Log: h.log})
	if err != nil {
		return err
	}
	h.app = web.NewApp(h.log)
	h.app.Use(layout.Use(layout.Site{Hub: true, Demo: h.cfg.Demo, SoftwareKeys: h.root.Kind() == keystore.Software, Passkeys: h.cfg.RPID != ""}), guard)
	if err = signinpages.Mount(h.app, signinpages.Config{Service: h.SignIn, Cookie: cookie, Clock: h.clock, Log: h.log}); err != nil {
		return err
	}
	api.Hub(api.New(h.app, version.Version), api.HubConfig{Register: h.Register, Audit: h.self.audit, Log: h.log})
	streams := live.NewMux(live.Config{Stop: h.stop, MaxStreams: maxStreams, Log: h.log})
	streams.Mount(h.app)
	if err := help.Mount(h.app, h.log); err != nil {
		return err
	}
	return h.mount(cookie, streams)
}

// maxStreams bounds the browsers that have pages of the hub open.
const maxStreams = 1024

// mount adds the screens.
func (h *Hub) mount(cookie gate.Cookie, streams *live.Mux) error {
	questions, area, err := h.cfg.readForm()
	if err != nil {
		return err
	}
	if err := operations.Mount(h.app, operations.Config{Register: h.Register, Clock: h.clock, Audit: h.self.audit, Live: streams, Stop: h.stop, Log: h.log,
		Hits: h.Cases.Counts, List: h.listInForce, Posts: h.cfg.Posts, Files: h.filesToCome, SmallCell: h.cfg.SmallCell, Form: questions}); err != nil {
		return err
	}
	names := make(map[border.PostID]string, len(h.cfg.Posts))
	for _, p := range h.cfg.Posts {
		names[p.ID] = p.Name
	}
	if err := flowpages.Mount(h.app, flowpages.Config{Register: h.Register, Clock: h.clock, Audit: h.self.audit, Form: questions, Area: area, Names: names, SmallCell: h.cfg.SmallCell, Log: h.log}); err != nil {
		return err
	}
	if err := search.Mount(h.app, search.Config{Register: h.Register, Cases: h.Cases, Files: h.Archive, Clock: h.clock, Form: questions, Audit: h.self.audit, Log: h.log}); err != nil {
		return err
	}
	imports := h.cfg.Imports
	if imports == "" {
		imports = filepath.Join(h.cfg.Data, "imports")
	}
	if err := os.MkdirAll(imports, 0o700); err != nil {
		return &border.Error{Code: border.Internal, Op: "make the imports folder", Err: err}
	}
	if err := watchlists.Mount(h.app, watchlists.Config{Lists: h.Lists, Register: h.Register, Clock: h.clock, Seconds: h.SignIn, Audit: h.self.audit, Imports: imports, Log: h.log}); err != nil {
		return err
	}
	if err := casepages.Mount(h.app, casepages.Config{Cases: h.Cases, Files: h.Archive, Form: questions, Clock: h.clock, Audit: h.self.audit, Live: streams, Stop: h.stop, Log: h.log}); err != nil {
		return err
	}
	if err := officerpages.Mount(h.app, officerpages.Config{Keeper: h.Officers, Own: h.SignIn, Cookie: cookie, Clock: h.clock, Log: h.log}); err != nil {
		return err
	}
	if err := stationpages.Mount(h.app, stationpages.Config{Keeper: h.Stations, Heard: h.heard, Clock: h.clock, URL: h.EnrolURL(), Log: h.log}); err != nil {
		return err
	}
	if err := reports.Mount(h.app, reports.Config{Register: h.Register, Clock: h.clock, Audit: h.self.audit, Form: questions, Area: area, SmallCell: h.cfg.SmallCell, Log: h.log}); err != nil {
		return err
	}
	if err := review.Mount(h.app, review.Config{Reviews: oversight{h}, Clock: h.clock, Log: h.log}); err != nil {
		return err
	}
	return auditlog.Mount(h.app, auditlog.Config{Audit: oversight{h}, Clock: h.clock, Log: h.log})
}

// filesToCome says of which stations portraits and papers have not all arrived.
func (h *Hub) filesToCome(ctx context.Context) ([]operations.Pending, error) {
	all, err := h.Archive.Pending(ctx)
	out := make([]operations.Pending, len(all))
	for i, p := range all {
		out[i] = operations.Pending{Station: p.Station, Count: p.Count, Lost: p.Lost, Oldest: p.Oldest}
	}
	return out, err
}

// listInForce is the list that stations should hold; nil while there is none.
func (h *Hub) listInForce() *operations.List {
	held, ok := h.Lists.Held()
	if !ok {
		return nil
	}
	return &operations.List{Position: held.Position, Issued: held.Issued, ValidUntil: held.ValidUntil}
}

// heard says when the hub heard of each station last.
func (h *Hub) heard(ctx context.Context) (map[border.StationID]time.Time, error) {
	stations, err := h.Register.Stations(ctx)
	out := make(map[border.StationID]time.Time, len(stations))
	for i := range stations {
		out[stations[i].Station] = stations[i].LastSeen
	}
	return out, err
}
