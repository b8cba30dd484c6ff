package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"

	"github.com/kravverk/kravverk/engine"
)

// PutCatalog keeps a catalogue set: its files by path, under the content hash
// that classifications are pinned to. Once kept it stays. Doing it again is
// nothing; other files under the same hash are an error.
func (s *Store) PutCatalog(ctx context.Context, hash string, files map[string][]byte) error {
	if hash == "" || len(files) == 0 {
		return errors.New("store: a catalogue needs a hash and at least one file")
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		kept, err := catalog(ctx, tx, hash)
		switch {
		case err == nil && maps.EqualFunc(kept, files, bytes.Equal):
			return nil
		case err == nil:
			return fmt.Errorf("store: catalogue %s is kept with other files", hash)
		case !errors.Is(err, engine.ErrNotFound):
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO catalog (hash, added_at) VALUES ($1, $2)`, hash, stamp(s.now())); err != nil {
			return err
		}
		for path, content := range files {
			// A nil slice would be NULL: an empty file is not a missing one.
			if _, err := tx.ExecContext(ctx, `INSERT INTO catalog_file (hash, path, content) VALUES ($1, $2, $3)`, hash, path, append([]byte{}, content...)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Catalog gives the files of a kept catalogue set, or engine.ErrNotFound.
func (s *Store) Catalog(ctx context.Context, hash string) (map[string][]byte, error) {
	var files map[string][]byte
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		files, err = catalog(ctx, tx, hash)
		return err
	})
	return files, err
}

func catalog(ctx context.Context, tx *sql.Tx, hash string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var path string
		var content []byte
		err := scan(&path, &content)
		files[path] = content
		return err
	}, `SELECT path, content FROM catalog_file WHERE hash = $1`, hash)
	if err == nil && len(files) == 0 {
		err = engine.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return files, nil
}
