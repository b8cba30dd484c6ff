package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// The sessions of signed-in browsers. What they hold is the web's own; here it
// is bytes under the hash of a token, until a time.

// FindSession gives what is kept under the token; false when there is nothing,
// or its time is past.
func (s *Store) FindSession(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.view(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT data FROM session WHERE token = $1 AND expires_at > $2 AND length(data) > 0`, token, stamp(s.now())).Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		found = err == nil
		return err
	})
	return data, found, err
}

// CommitSession keeps data under the token and clears away those past their
// time. One that has been ended stays so: a request that was under way then
// does not bring it back.
func (s *Store) CommitSession(ctx context.Context, token string, data []byte, expires time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE expires_at <= $1`, stamp(s.now())); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO session (token, data, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at WHERE length(session.data) > 0`, token, data, stamp(expires))
		return err
	})
}

// DeleteSession ends a session; one that is not there is nothing. Its token
// stays, empty, for as long as the session would have lasted.
func (s *Store) DeleteSession(ctx context.Context, token string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE session SET data = $1 WHERE token = $2`, []byte{}, token)
		return err
	})
}

// AllSessions gives the data of every session by its token.
func (s *Store) AllSessions(ctx context.Context) (map[string][]byte, error) {
	all := map[string][]byte{}
	err := s.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(scan func(...any) error) error {
			var token string
			var data []byte
			err := scan(&token, &data)
			all[token] = data
			return err
		}, `SELECT token, data FROM session WHERE expires_at > $1 AND length(data) > 0`, stamp(s.now()))
	})
	return all, err
}
