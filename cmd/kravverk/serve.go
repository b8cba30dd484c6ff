package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
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
Startar webbverktyget. Det svarar bara den egna datorn: det finns ingen
inloggning än. Avsluta med Ctrl-C.

Med --catalogs läses katalogerna om när filerna ändras. Har de fel används den
senaste fungerande versionen, och sidan Kravkataloger visar felen.`

func serve(e env, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "`ADRESS` att lyssna på")
	file := flags.String("db", "kravverk.db", "databasens `FIL`; skapas om den saknas")
	dir := flags.String("catalogs", "", "`MAPP` med kataloger i stället för de inbyggda")
	demo := flags.Bool("demo", false, "fyller en tom databas med påhittade exempel")
	if rest, err := parse(flags, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return fmt.Errorf("%q är inget som serve tar emot. Kör kravverk serve --help.", rest[0])
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return runServer(ctx, e, *addr, *file, *dir, *demo, nil)
}

// runServer serves until the context ends. ready, when given, is told the
// address as soon as there is one.
func runServer(ctx context.Context, e env, addr, file, dir string, demo bool, ready func(string)) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("adressen %q ska skrivas som 127.0.0.1:8080.", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("adressen %s når andra datorer, och Kravverk har ingen inloggning än. Använd 127.0.0.1.", addr)
	}
	shelf, err := open(dir)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(e.stderr, nil))
	shop, err := newShop(shelf.files, log)
	if err != nil {
		return err
	}
	var back time.Duration // how long ago the examples say that they were saved
	db, err := store.Open(file, func() time.Time { return time.Now().Add(-back) })
	if err != nil {
		return err
	}
	defer db.Close()
	person := engine.Person{ID: "lokal", Name: "Lokal användare"}
	if demo {
		person = demoPeople[0]
		if err := fillDemo(ctx, db, shop.current().Catalog, &back); err != nil {
			return err
		}
	}
	if err := db.EnsurePerson(ctx, person); err != nil {
		return err
	}
	location, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		return err
	}
	handler, err := web.New(web.Config{
		Store: db, Catalogs: shop.current, Person: person, Demo: demo, Now: time.Now, Location: location, Log: log,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("porten i %s används redan. Stäng det andra programmet, eller välj en annan port med --addr.", addr)
		}
		return fmt.Errorf("det går inte att lyssna på %s: %s.", addr, why(err))
	}
	if dir != "" {
		go shop.watch(ctx, time.Second)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute}
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		// Give what is under way a moment to finish.
		end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		done <- server.Shutdown(end)
	}()
	fmt.Fprintf(e.stdout, "Kravverk svarar på http://%s\nAvsluta med Ctrl-C.\n", listener.Addr())
	if ready != nil {
		ready(listener.Addr().String())
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
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
