package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/catalogs"
	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/store"
)

// A version that was sent out is proved by the database, and no other file is.
func TestVerifyAgainstTheDatabase(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "k.db")
	var back time.Duration
	db, err := store.Open(path, func() time.Time { return time.Now().Add(-back) })
	if err != nil {
		t.Fatal(err)
	}
	c, list := catalog.Load(catalogs.Files, catalog.Options{})
	if c == nil {
		t.Fatal(list)
	}
	if err := fillDemo(ctx, db, c, &back); err != nil {
		t.Fatal(err)
	}
	records, err := db.Systems(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var sent engine.Publication
	var received []byte
	for _, r := range records {
		p, err := db.Publication(ctx, r.Classification.ID, 1)
		if err != nil || r.Classification.Type != "A" { // a B's are rounds to its supplier
			continue
		}
		sent = p
		e, err := db.Evaluation(ctx, r.Classification.ID)
		if err != nil || len(e.Tenders) != len(demoTenderers) {
			t.Fatalf("%d tenders, %v", len(e.Tenders), err)
		}
		f, err := db.TenderFile(ctx, e.Tenders[0].ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		received = f.Content
	}
	if sent.Number != 1 {
		t.Fatal("the demo has sent nothing out")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "tom.db")
	if db, err = store.Open(empty, time.Now); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		data []byte
		db   string
		code int
		says string
	}{
		"as it was sent":   {sent.File, path, 0, "version 1, fastställd"},
		"as it came back":  {received, path, 0, "version 1, fastställd"},
		"another database": {sent.File, empty, 1, "ingen av de versioner"},
	} {
		file := filepath.Join(dir, "bilaga.xlsx")
		if err := os.WriteFile(file, x.data, 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := run([]string{"verify", "--db", x.db, file}, strings.NewReader(""), &out, &errs); code != x.code || !strings.Contains(out.String(), x.says) {
			t.Errorf("%s: %d\n%s%s", name, code, &out, &errs)
		}
	}
}
