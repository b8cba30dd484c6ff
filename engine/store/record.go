package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kravverk/kravverk/engine"
)

// EnsurePerson makes a person known, or notes a new name. An empty name
// changes nothing for somebody already known. The id lives on in the journal
// when the name is erased: it must say nothing by itself.
func (s *Store) EnsurePerson(ctx context.Context, p engine.Person) error {
	if p.ID == "" {
		return errors.New("store: a person needs an id")
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO person (id, name) VALUES ($1, $2)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE excluded.name <> '' AND excluded.name <> person.name`, p.ID, p.Name)
		return err
	})
}

// CreateSystem keeps a system and its first classification. The person must be
// known (EnsurePerson), the unit there and the catalogue kept (PutCatalog). The time and
// the creator in sys are the store's to give, and so is the id when it is empty.
// A caller that makes the id itself may call again with the same: the system is
// created once, and with other content the call is refused (ErrKeyReused).
func (s *Store) CreateSystem(ctx context.Context, by string, sys engine.System, typ, catalogHash string) (engine.Record, error) {
	given := sys.ID != ""
	if !given {
		sys.ID = newID()
	}
	id := newID()
	content := about(struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Unit        string `json:"unit"`
		Members     int    `json:"members"`
	}{sys.Title, sys.Description, sys.Unit, sys.Members})
	var record engine.Record
	err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := person(ctx, tx, by); err != nil {
			return err
		}
		if err := unitExists(ctx, tx, sys.Unit); err != nil {
			return fmt.Errorf("store: unit %q: %w", sys.Unit, err)
		}
		if given {
			first, err := firstClassification(ctx, tx, sys)
			if err != nil {
				return err
			}
			if first != "" {
				record, err = recordOf(ctx, tx, first)
				return err
			}
		}
		now := stamp(s.now())
		if _, err := tx.ExecContext(ctx, `INSERT INTO system (id, title, description, unit, members, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			sys.ID, sys.Title, sys.Description, sys.Unit, sys.Members, now, by); err != nil {
			return fmt.Errorf("store: create system: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO classification (id, system_id, type, catalog_hash, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, sys.ID, typ, catalogHash, now, by); err != nil {
			return fmt.Errorf("store: create classification of type %q with catalogue %q: %w", typ, catalogHash, err)
		}
		j, err := openJournal(ctx, tx, now, by)
		if err != nil {
			return err
		}
		if err := j.append(ctx, line{action: systemCreate, system: sys.ID}, nil, content); err != nil {
			return err
		}
		if err := j.append(ctx, line{action: classificationCreate, system: sys.ID, classification: id}, nil, about(classificationPayload{typ, catalogHash})); err != nil {
			return err
		}
		record, err = recordOf(ctx, tx, id)
		return err
	})
	return record, err
}

// Begin starts one more classification of a system, with the answers that it
// starts from. The caller makes the id and may call again with the same: it is
// begun once. A system that is not there is engine.ErrNotFound.
func (s *Store) Begin(ctx context.Context, by string, c engine.Classification, changes []engine.Change) (engine.Record, error) {
	var out engine.Record
	changes, err := tidy(changes)
	if err != nil {
		return out, err
	}
	if c.ID == "" {
		return out, errors.New("store: a classification needs an id")
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		who, err := person(ctx, tx, by)
		if err != nil {
			return err
		}
		var system string
		switch err := tx.QueryRowContext(ctx, `SELECT system_id FROM classification WHERE id = $1`, c.ID).Scan(&system); {
		case err == nil && system != c.SystemID:
			return &Error{keyReused, ErrKeyReused}
		case err == nil:
			out, err = recordOf(ctx, tx, c.ID)
			return err
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT id FROM system WHERE id = $1`, c.SystemID).Scan(&system); err != nil {
			return orNotFound(err)
		}
		at := s.now().UTC().Round(0)
		if _, err := tx.ExecContext(ctx, `INSERT INTO classification (id, system_id, type, catalog_hash, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)`,
			c.ID, c.SystemID, c.Type, c.CatalogHash, stamp(at), by); err != nil {
			return fmt.Errorf("store: begin classification of type %q with catalogue %q: %w", c.Type, c.CatalogHash, err)
		}
		j, err := openJournal(ctx, tx, stamp(at), by)
		if err != nil {
			return err
		}
		if err := j.append(ctx, line{action: classificationCreate, system: c.SystemID, classification: c.ID}, nil, about(classificationPayload{c.Type, c.CatalogHash})); err != nil {
			return err
		}
		for _, x := range changes {
			if _, err := save(ctx, tx, j, line{action: answerSave, system: c.SystemID, classification: c.ID, key: x.Key}, x, at, who); err != nil {
				return err
			}
		}
		out, err = recordOf(ctx, tx, c.ID)
		return err
	})
	return out, err
}

// classificationPayload is what the journal keeps of a classification's start.
type classificationPayload struct {
	Type        string `json:"type"`
	CatalogHash string `json:"catalog_hash"`
}

// firstClassification finds what an earlier call with the same id created;
// empty when there was none.
func firstClassification(ctx context.Context, tx *sql.Tx, sys engine.System) (string, error) {
	var id, title, unit string
	err := tx.QueryRowContext(ctx, `SELECT c.id, s.title, s.unit FROM system s JOIN classification c ON c.system_id = s.id WHERE s.id = $1 ORDER BY c.created_at, c.id`, sys.ID).Scan(&id, &title, &unit)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("store: find system: %w", err)
	case title != sys.Title || unit != sys.Unit:
		return "", &Error{keyReused, ErrKeyReused}
	}
	return id, nil
}

// Systems gives every classification with its system and answers, in the
// order in which they were made.
func (s *Store) Systems(ctx context.Context) ([]engine.Record, error) {
	var list []engine.Record
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		list, err = records(ctx, tx, "")
		return err
	})
	return list, err
}

// Classification gives one of them, or engine.ErrNotFound.
func (s *Store) Classification(ctx context.Context, id string) (engine.Record, error) {
	var record engine.Record
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		record, err = recordOf(ctx, tx, id)
		return err
	})
	return record, err
}

func recordOf(ctx context.Context, tx *sql.Tx, id string) (engine.Record, error) {
	if id == "" {
		return engine.Record{}, engine.ErrNotFound
	}
	list, err := records(ctx, tx, id)
	if err != nil {
		return engine.Record{}, err
	}
	if len(list) == 0 {
		return engine.Record{}, engine.ErrNotFound
	}
	return list[0], nil
}

// records reads one classification, or all when id is empty, in three
// queries however many they are.
func records(ctx context.Context, tx *sql.Tx, id string) ([]engine.Record, error) {
	var args []any
	var oneClassification, oneAnswers string
	newest := ` WHERE NOT EXISTS (SELECT 1 FROM approval b WHERE b.classification_id = a.classification_id AND b.revision > a.revision)`
	if id != "" {
		args, oneClassification, oneAnswers = []any{id}, ` WHERE c.id = $1`, ` WHERE a.classification_id = $1`
		newest += ` AND a.classification_id = $1`
	}
	revisions, err := approvals(ctx, tx, newest, `''`, args...)
	if err != nil {
		return nil, err
	}
	standing := map[string]*engine.Approval{}
	for i := range revisions {
		standing[revisions[i].Classification] = &revisions[i]
	}
	var list []engine.Record
	answers := map[string]map[string]engine.Answer{} // those of the records, by classification
	err = each(ctx, tx, func(scan func(...any) error) (err error) {
		var r engine.Record
		s, c := &r.System, &r.Classification
		var systemAt, classificationAt string
		if err := scan(&s.ID, &s.Title, &s.Description, &s.Unit, &s.ManagedBy, &s.Members, &systemAt, &s.CreatedBy.ID, &s.CreatedBy.Name,
			&c.ID, &c.Type, &c.CatalogHash, &classificationAt, &c.CreatedBy.ID, &c.CreatedBy.Name, &r.Awarded); err != nil {
			return err
		}
		if s.CreatedAt, err = parseStamp(systemAt); err != nil {
			return err
		}
		if c.CreatedAt, err = parseStamp(classificationAt); err != nil {
			return err
		}
		c.SystemID = s.ID
		r.Answers, r.Approval = map[string]engine.Answer{}, standing[c.ID]
		answers[c.ID] = r.Answers
		list = append(list, r)
		return nil
	}, `SELECT s.id, s.title, s.description, s.unit, s.managed_by, s.members, s.created_at, sp.id, sp.name,
			c.id, c.type, c.catalog_hash, c.created_at, cp.id, cp.name, EXISTS (SELECT 1 FROM award w WHERE w.classification_id = c.id)
		FROM classification c JOIN system s ON s.id = c.system_id
			JOIN person sp ON sp.id = s.created_by JOIN person cp ON cp.id = c.created_by`+
		oneClassification+` ORDER BY c.created_at, c.id`, args...)
	if err != nil {
		return nil, err
	}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var classification string
		a, err := scanAnswer(scan, &classification)
		if err != nil {
			return err
		}
		answers[classification][a.Key] = a
		return nil
	}, `SELECT `+answerColumns+`, a.classification_id FROM answer a JOIN person p ON p.id = a.saved_by`+oneAnswers, args...)
	return list, err
}

// person gives somebody known. An unknown id is the program's mistake.
func person(ctx context.Context, tx *sql.Tx, id string) (engine.Person, error) {
	p := engine.Person{ID: id}
	err := tx.QueryRowContext(ctx, `SELECT name FROM person WHERE id = $1`, id).Scan(&p.Name)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("store: unknown person %q: call EnsurePerson first", id)
	}
	return p, err
}

// systemOf gives the system of a classification, or engine.ErrNotFound.
func systemOf(ctx context.Context, tx *sql.Tx, classificationID string) (string, error) {
	var id string
	err := tx.QueryRowContext(ctx, `SELECT system_id FROM classification WHERE id = $1`, classificationID).Scan(&id)
	return id, orNotFound(err)
}

func orNotFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return engine.ErrNotFound
	}
	return err
}
