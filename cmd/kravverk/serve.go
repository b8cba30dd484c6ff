package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	_ "time/tzdata" // the time zone must be there on a bare machine too

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

const serveHelp = `
Startar webbverktyget. Avsluta med Ctrl-C.

Den första administratören skapas med kravverk user add, innan eller medan
verktyget körs. Med --demo behövs ingen inloggning, och man kan prova alla
roller; det går bara på den egna datorn.

Andra datorer når Kravverk först när --url är satt till adressen som folk
använder. Den ska börja med https: ange ett certifikat med --tls-cert och
--tls-key, eller låt en proxy sköta krypteringen och ange --behind-proxy.

Alla val kan stå i en fil: kravverk serve --config kravverk.toml, med valens
namn som nycklar. Det som står på kommandoraden går före.

Med --catalogs läses katalogerna om när filerna ändras. Har de fel används den
senaste fungerande versionen, och sidan Kravkataloger visar felen.`

// served is what serve can be told.
type served struct {
	addr, db, catalogs, url string
	demo                    bool
	proxy                   string
	cert, key               string
	oidc                    web.Provider
	oidcSecretFile          string
	backups                 string
	backupEvery             time.Duration
	backupKeep              int
}

func serve(e env, args []string) error {
	var o served
	flags := newFlags("serve")
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`ADRESS` att lyssna på")
	flags.StringVar(&o.db, "db", "kravverk.db", "databasens `FIL`; skapas om den saknas")
	flags.StringVar(&o.catalogs, "catalogs", "", "`MAPP` med kataloger i stället för de inbyggda")
	flags.BoolVar(&o.demo, "demo", false, "fyller en tom databas med påhittade exempel och låter dig vara vem du vill")
	flags.StringVar(&o.url, "url", "", "`ADRESS` som folk når Kravverk på, till exempel https://klassa.exempelstad.se")
	flags.StringVar(&o.proxy, "behind-proxy", "", "`ADRESS` eller nät för den proxy som sköter krypteringen och anger avsändaren i X-Forwarded-For, till exempel 127.0.0.1")
	flags.StringVar(&o.cert, "tls-cert", "", "`FIL` med certifikat för https")
	flags.StringVar(&o.key, "tls-key", "", "`FIL` med certifikatets nyckel")
	flags.StringVar(&o.oidc.Issuer, "oidc-issuer", "", "`ADRESS` till kommunens inloggning (OpenID Connect)")
	flags.StringVar(&o.oidc.ClientID, "oidc-client", "", "`ID` för Kravverk där")
	flags.StringVar(&o.oidcSecretFile, "oidc-secret-file", "", "`FIL` med hemligheten som hör till")
	flags.StringVar(&o.oidc.Claim, "oidc-groups", "", "`ANSPRÅK` som innehåller grupper, till exempel groups")
	flags.StringVar(&o.oidc.Name, "oidc-name", "Logga in med kommunens konto", "`TEXT` på knappen")
	flags.StringVar(&o.backups, "backup-dir", "", "`MAPP` för säkerhetskopior")
	flags.DurationVar(&o.backupEvery, "backup-every", 24*time.Hour, "`TID` mellan säkerhetskopior")
	flags.IntVar(&o.backupKeep, "backup-keep", 14, "`ANTAL` säkerhetskopior att spara")
	config := flags.String("config", "", "`FIL` med inställningar")
	if rest, err := parse(flags, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return fmt.Errorf("%q är inget som serve tar emot. Kör kravverk serve --help.", rest[0])
	}
	if *config != "" {
		if err := readSettings(flags, *config); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return runServer(ctx, e, o, nil)
}

// public reads the address that people use; nil when there is none, and then
// only this machine may be listened to.
func (o served) public() (*url.URL, error) {
	host, _, err := net.SplitHostPort(o.addr)
	if err != nil {
		return nil, fmt.Errorf("adressen %q ska skrivas som 127.0.0.1:8080.", o.addr)
	}
	local := loopback(host)
	if (o.cert == "") != (o.key == "") {
		return nil, errors.New("--tls-cert och --tls-key hör ihop. Ange båda.")
	}
	switch {
	case o.demo && (!local || o.url != ""):
		return nil, errors.New("--demo släpper in vem som helst och går bara på den egna datorn. Ta bort --url och lyssna på 127.0.0.1.")
	case o.url == "" && !local:
		return nil, fmt.Errorf("adressen %s når andra datorer. Ange också --url med adressen som folk använder.", o.addr)
	case o.url == "":
		return nil, nil
	}
	u, err := url.Parse(o.url)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("--url %q ska skrivas som https://klassa.exempelstad.se, utan något efter namnet.", o.url)
	}
	switch {
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("utan kryptering kan lösenord läsas på vägen. Låt --url börja med https.")
	case u.Scheme == "https" && o.cert == "" && o.proxy == "":
		return nil, errors.New("https behöver ett certifikat: ange --tls-cert och --tls-key, eller --behind-proxy om en proxy sköter det.")
	}
	return u, nil
}

// loopback tells whether a host is this machine itself.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// proxies reads where requests have to come from; nil for anywhere.
func (o served) proxies() ([]netip.Prefix, error) {
	if o.proxy == "" {
		return nil, nil
	}
	var out []netip.Prefix
	for text := range strings.SplitSeq(o.proxy, ",") {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if at, e := netip.ParseAddr(text); e == nil {
			p, err = netip.PrefixFrom(at, at.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("--behind-proxy %q ska vara proxyns adress eller nät, till exempel 127.0.0.1 eller 10.1.0.0/16.", text)
		}
		out = append(out, p)
	}
	return out, nil
}

// provider is the city's own sign-in, nil when there is none.
func (o served) provider() (*web.Provider, error) {
	if o.oidc.Issuer == "" {
		return nil, nil
	}
	if o.demo || o.oidc.ClientID == "" || o.url == "" {
		return nil, errors.New("--oidc-issuer behöver --oidc-client och --url, och går inte ihop med --demo.")
	}
	p := o.oidc
	if u, err := url.Parse(p.Issuer); err != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("--oidc-issuer %q ska börja med https.", p.Issuer)
	}
	if o.oidcSecretFile != "" {
		secret, err := os.ReadFile(o.oidcSecretFile)
		if err != nil {
			return nil, fmt.Errorf("hemligheten i %s går inte att läsa: %s.", o.oidcSecretFile, why(err))
		}
		p.ClientSecret = strings.TrimSpace(string(secret))
	}
	return &p, nil
}

// runServer serves until the context ends. ready, when given, is told the
// address as soon as there is one.
func runServer(ctx context.Context, e env, o served, ready func(string)) error {
	public, err := o.public()
	if err != nil {
		return err
	}
	proxies, err := o.proxies()
	if err != nil {
		return err
	}
	provider, err := o.provider()
	if err != nil {
		return err
	}
	shelf, err := open(o.catalogs)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(e.stderr, nil))
	shop, err := newShop(shelf.files, log)
	if err != nil {
		return err
	}
	var back time.Duration // how long ago the examples say that they were saved
	db, err := store.Open(o.db, func() time.Time { return time.Now().Add(-back) })
	if err != nil {
		return err
	}
	defer db.Close()
	var backups web.Backups
	if o.backups != "" {
		ctx, cancel := context.WithCancel(ctx)
		scheduled := store.NewBackups(db, o.backups, o.backupEvery, o.backupKeep, time.Now, log)
		var running sync.WaitGroup
		running.Go(func() { scheduled.Run(ctx) })
		backups = scheduled
		defer running.Wait()
		defer cancel()
	}
	demo := ""
	if o.demo {
		demo = demoPeople[0].id
		if err := fillDemo(ctx, db, shop.current().Catalog, &back); err != nil {
			return err
		}
	}
	location, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		return err
	}
	handler, err := web.New(web.Config{
		Store: db, Catalogs: shop.current, Demo: demo, URL: public, Proxy: proxies, Provider: provider, Backups: backups, Database: o.db,
		Now: time.Now, Location: location, Log: log,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("porten i %s används redan. Stäng det andra programmet, eller välj en annan port med --addr.", o.addr)
		}
		return fmt.Errorf("det går inte att lyssna på %s: %s.", o.addr, why(err))
	}
	if o.catalogs != "" {
		go shop.watch(ctx, time.Second)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		// Give what is under way a moment to finish.
		end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		done <- server.Shutdown(end)
	}()
	where := "http://" + listener.Addr().String()
	if public != nil {
		where = public.String()
	}
	fmt.Fprintf(e.stdout, "Kravverk svarar på %s\nAvsluta med Ctrl-C.\n", where)
	if accounts, err := db.Accounts(ctx); err == nil && len(accounts) == 0 {
		fmt.Fprintf(e.stdout, "Ingen kan logga in än. Skapa den första administratören i ett annat fönster:\n  kravverk user add \"Ditt namn\" --login ditt-namn --role administrator --db %s --url %s\n", o.db, where)
	}
	if ready != nil {
		ready(listener.Addr().String())
	}
	if o.cert != "" {
		err = server.ServeTLS(listener, o.cert, o.key)
	} else {
		err = server.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-done
}

// shop holds the catalogues in use. A broken change on the disk leaves the
// last good set in place.
type shop struct {
	files fs.FS
	log   *slog.Logger
	state atomic.Pointer[web.Loaded]
	seen  string // what the files looked like at the latest attempt
}

func newShop(files fs.FS, log *slog.Logger) (*shop, error) {
	s := &shop{files: files, log: log}
	s.seen = fingerprint(files)
	c, list := catalog.Load(files, catalog.Options{Date: time.Now().Format(time.DateOnly)})
	if c == nil {
		return nil, fmt.Errorf("katalogerna går inte att läsa in: %w. Kör kravverk lint för att se alla fel.", list.Err())
	}
	now := time.Now()
	s.state.Store(&web.Loaded{Catalog: c, At: now, TriedAt: now, Source: s.source, Cases: s.cases(c)})
	return s, nil
}

func (s *shop) current() web.Loaded { return *s.state.Load() }

func (s *shop) source(name string) []byte {
	data, _ := fs.ReadFile(s.files, name)
	return data
}

// cases are run when somebody asks for them, and then remembered.
func (s *shop) cases(c *catalog.Catalog) func() []engine.Case {
	return sync.OnceValue(func() []engine.Case {
		all, _ := engine.Cases(c, s.files) // what did not come out as expected is for lint to tell
		return all
	})
}

// watch looks for changed files now and then, until the context ends.
func (s *shop) watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.refresh()
		}
	}
}

func (s *shop) refresh() {
	seen := fingerprint(s.files)
	if seen == s.seen {
		return
	}
	s.seen = seen
	next := s.current()
	next.TriedAt = time.Now()
	c, list := catalog.Load(s.files, catalog.Options{Date: next.TriedAt.Format(time.DateOnly)})
	if c == nil {
		next.Problems = list
		s.log.Warn("catalogues not loaded, the earlier ones stay", "first", list.Err())
	} else {
		next.Catalog, next.At, next.Problems, next.Cases = c, next.TriedAt, nil, s.cases(c)
		s.log.Info("catalogues loaded", "set", c.SetHash)
	}
	s.state.Store(&next)
}

// fingerprint tells cheaply whether any file has come, gone or changed.
func fingerprint(files fs.FS) string {
	var out []byte
	fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err != nil || d.IsDir() || ext != ".toml" && ext != ".md" {
			return nil
		}
		if info, err := d.Info(); err == nil {
			out = fmt.Appendf(out, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return string(out)
}
