package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
)

const groupLeave = "group.leave"

// notInherited begins the keys of what stays with a group when a member leaves:
// how its work is shared, its procurement, its plan, whose costs are the group's
// and would else be counted twice, and what somebody has found to be done and
// gone through, which says nothing of one that differs.
var notInherited = []string{"delegate/", "comment/", engine.TailorKey(""), engine.KeyProcurement, engine.DoneKey(""), engine.ReviewedKey(""), "action/"}

// LeaveGroup makes a system of its own of one member that differs from the rest
// of its group: the group has one fewer, and the member goes on from the answers
// of the group's newest classification of each type. What is approved of the
// group stays the group's. The caller makes the member's id and may call again
// with the same: it leaves once. It gives the member's newest classification. A
// system that is no group of two or more is engine.ErrNotFound.
func (s *Store) LeaveGroup(ctx context.Context, by, group string, member engine.System) (engine.Record, error) {
	var out engine.Record
	if member.ID == "" || member.Title == "" {
		return out, errors.New("store: a member needs an id and a title")
	}
	err := s.write(ctx, func(tx *sql.Tx) error {
		who, err := person(ctx, tx, by)
		if err != nil {
			return err
		}
		all, err := records(ctx, tx, "")
		if err != nil {
			return err
		}
		newest := map[string]engine.Record{} // of the group, by type
		for _, r := range all {
			switch r.System.ID {
			case member.ID:
				out = r
			case group:
				newest[r.Classification.Type] = r
			}
		}
		if out.System.ID != "" {
			if out.System.Title != member.Title {
				return &Error{keyReused, ErrKeyReused}
			}
			return nil
		}
		first := newest["A"]
		if first.System.ID == "" {
			first = newest["B"]
		}
		if first.System.Members < 2 {
			return engine.ErrNotFound
		}
		was := first.System.Members
		at := s.now().UTC().Round(0)
		j, err := openJournal(ctx, tx, stamp(at), by)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE system SET members = members - 1 WHERE id = $1`, group); err != nil {
			return err
		}
		type members struct {
			Members int    `json:"members"`
			Member  string `json:"member,omitempty"`
		}
		if err := j.append(ctx, line{action: groupLeave, system: group}, about(members{was, ""}), about(members{was - 1, member.ID})); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO system (id, title, description, unit, managed_by, members, created_at, created_by) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)`,
			member.ID, member.Title, member.Description, first.System.Unit, first.System.ManagedBy, stamp(at), by); err != nil {
			return err
		}
		content := about(struct {
			Title       string `json:"title"`
			Description string `json:"description"`
			Unit        string `json:"unit"`
			Group       string `json:"group"`
		}{member.Title, member.Description, first.System.Unit, group})
		if err := j.append(ctx, line{action: systemCreate, system: member.ID}, nil, content); err != nil {
			return err
		}
		for _, typ := range []string{"A", "B"} {
			from, ok := newest[typ]
			if !ok {
				continue
			}
			id := newID()
			if _, err := tx.ExecContext(ctx, `INSERT INTO classification (id, system_id, type, catalog_hash, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)`,
				id, member.ID, typ, from.Classification.CatalogHash, stamp(at), by); err != nil {
				return err
			}
			l := line{action: classificationCreate, system: member.ID, classification: id}
			if err := j.append(ctx, l, nil, about(classificationPayload{typ, from.Classification.CatalogHash})); err != nil {
				return err
			}
			for _, key := range sortedKeys(from.Answers) {
				a := from.Answers[key]
				if !a.Given() || slices.ContainsFunc(notInherited, func(p string) bool { return strings.HasPrefix(key, p) }) {
					continue
				}
				l.action, l.key = answerSave, key
				if _, err := save(ctx, tx, j, l, engine.Change{Key: key, Value: a.Value}, at, who); err != nil {
					return err
				}
			}
			if out, err = recordOf(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func sortedKeys(answers map[string]engine.Answer) []string {
	var keys []string
	for key := range answers {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
