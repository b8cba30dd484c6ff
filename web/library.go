package web

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
)

// Loaded is the catalogue set in use for new classifications.
type Loaded struct {
	Catalog  *catalog.Catalog // the last good one, never nil
	At       time.Time        // when it was loaded
	Problems diag.List        // of the latest attempt, when that failed: then Catalog is an earlier one
	TriedAt  time.Time        // when that was
	Source   func(file string) []byte
	Cases    func() []engine.Case // the examples beside the catalogues
}

// library finds the catalogue that a classification is pinned to: the one in
// use, or an earlier one kept in the database.
type library struct {
	current func() Loaded
	store   Store
	mu      sync.Mutex
	old     map[string]*catalog.Catalog
}

func (l *library) byHash(ctx context.Context, hash string) (*catalog.Catalog, error) {
	if c := l.current().Catalog; c.SetHash == hash {
		return c, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.old[hash]; c != nil {
		return c, nil
	}
	files, err := l.store.Catalog(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("katalogen %s: %w", hash, err)
	}
	c, list := catalog.Load(catalog.FilesFS(files), catalog.Options{})
	if c == nil {
		return nil, fmt.Errorf("katalogen %s: %w", hash, list.Err())
	}
	l.old[hash] = c
	return c, nil
}
