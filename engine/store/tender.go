package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kravverk/kravverk/engine"
)

// The actions of the journal about procurements. The files are in it by their
// hashes; an assessment's key is the tender's id, a slash and the row's.
const (
	tenderPublish = "tender.publish"
	tenderReceive = "tender.receive"
	tenderRead    = "tender.read"
	tenderJudge   = "tender.judge"
	tenderAward   = "tender.award"
)

type publicationPayload struct {
	Number   int    `json:"number"`
	SHA256   string `json:"sha256"`
	ExportID string `json:"export_id"`
	Note     string `json:"note,omitempty"`
}

// Publish keeps a version of a kravbilaga as it is sent out. Its number must be
// the next: another is engine.ErrChanged, since somebody has published
// meanwhile. The time, the person and the hash are the store's to give. A closed
// evaluation is engine.ErrAwarded.
func (s *Store) Publish(ctx context.Context, by string, p engine.Publication) (engine.Publication, error) {
	p.SHA256 = sumOf(p.File)
	err := s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		system, err := openProcurement(ctx, tx, p.Classification)
		if err != nil {
			return err
		}
		var next int
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) + 1 FROM publication WHERE classification_id = $1`, p.Classification).Scan(&next); err != nil {
			return err
		}
		if p.Number != next {
			return engine.ErrChanged
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO publication (classification_id, number, published_at, published_by, procurement, note, content, export_id, sha256, file)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			p.Classification, p.Number, j.at, by, string(about(p.Procurement)), p.Note, string(about(p.Rows)), p.ExportID, p.SHA256, p.File); err != nil {
			return err
		}
		if p.By, err = person(ctx, tx, by); err != nil {
			return err
		}
		if p.At, err = parseStamp(j.at); err != nil {
			return err
		}
		return j.append(ctx, line{action: tenderPublish, system: system, classification: p.Classification}, nil,
			about(publicationPayload{p.Number, p.SHA256, p.ExportID, p.Note}))
	})
	return p, err
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// openProcurement gives the system of a classification whose evaluation is not
// closed.
func openProcurement(ctx context.Context, tx *sql.Tx, classification string) (system string, err error) {
	if system, err = systemOf(ctx, tx, classification); err != nil {
		return "", err
	}
	var n int
	if err = tx.QueryRowContext(ctx, `SELECT count(*) FROM award WHERE classification_id = $1`, classification).Scan(&n); err == nil && n > 0 {
		err = engine.ErrAwarded
	}
	return system, err
}

// Publications gives the versions that have been sent out, the first first,
// without their files.
func (s *Store) Publications(ctx context.Context, classificationID string) ([]engine.Publication, error) {
	return s.publications(ctx, `x''`, ` WHERE b.classification_id = $1`, classificationID)
}

// Publication gives one of them with its file, or engine.ErrNotFound.
func (s *Store) Publication(ctx context.Context, classificationID string, number int) (engine.Publication, error) {
	list, err := s.publications(ctx, `b.file`, ` WHERE b.classification_id = $1 AND b.number = $2`, classificationID, number)
	if err == nil && len(list) == 0 {
		err = engine.ErrNotFound
	}
	if err != nil {
		return engine.Publication{}, err
	}
	return list[0], nil
}

func (s *Store) publications(ctx context.Context, file, where string, args ...any) ([]engine.Publication, error) {
	var list []engine.Publication
	err := s.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(scan func(...any) error) error {
			var p engine.Publication
			var at, procurement, rows string
			if err := scan(&p.Classification, &p.Number, &at, &p.By.ID, &p.By.Name, &procurement, &p.Note, &rows, &p.ExportID, &p.SHA256, &p.File); err != nil {
				return err
			}
			var err error
			p.At, err = parseStamp(at)
			list = append(list, p)
			last := &list[len(list)-1]
			return errors.Join(err, json.Unmarshal([]byte(procurement), &last.Procurement), json.Unmarshal([]byte(rows), &last.Rows))
		}, `SELECT b.classification_id, b.number, b.published_at, p.id, p.name, b.procurement, b.note, b.content, b.export_id, b.sha256, `+file+`
			FROM publication b JOIN person p ON p.id = b.published_by`+where+` ORDER BY b.number`, args...)
	})
	return list, err
}

type receivedPayload struct {
	Tender   string `json:"tender"`
	Tenderer string `json:"tenderer"`
	Number   int    `json:"number"`
	Name     string `json:"name"`
	SHA256   string `json:"sha256"`
	Refused  string `json:"refused,omitempty"`
}

// ReceiveTender keeps a file as it was received, in the tenderer's tender, which
// is made when there is none. The same file again, by its hash, is kept once. A
// closed evaluation is engine.ErrAwarded.
func (s *Store) ReceiveTender(ctx context.Context, by, classificationID, tenderer string, file engine.TenderFile) (engine.Tender, error) {
	var out engine.Tender
	sum := sumOf(file.Content)
	err := s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		system, err := openProcurement(ctx, tx, classificationID)
		if err != nil {
			return err
		}
		var id string
		err = tx.QueryRowContext(ctx, `SELECT id FROM tender WHERE classification_id = $1 AND tenderer = $2`, classificationID, tenderer).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			id = newID()
			_, err = tx.ExecContext(ctx, `INSERT INTO tender (id, classification_id, tenderer, received_at, received_by, version, publication, claims)
				VALUES ($1, $2, $3, $4, $5, 0, 0, '{}')`, id, classificationID, tenderer, j.at, by)
		}
		if err != nil {
			return err
		}
		var known, next int
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(CASE sha256 WHEN $1 THEN number ELSE 0 END), 0), COALESCE(MAX(number), 0) + 1 FROM tender_file WHERE tender_id = $2`, sum, id).Scan(&known, &next); err != nil {
			return err
		}
		if known == 0 {
			if _, err := tx.ExecContext(ctx, `INSERT INTO tender_file (tender_id, number, name, sha256, received_at, received_by, refused, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				id, next, file.Name, sum, j.at, by, file.Refused, file.Content); err != nil {
				return err
			}
			if err := j.append(ctx, line{action: tenderReceive, system: system, classification: classificationID, key: id}, nil,
				about(receivedPayload{id, tenderer, next, file.Name, sum, file.Refused})); err != nil {
				return err
			}
		}
		list, err := tenders(ctx, tx, ` WHERE t.id = $1`, id)
		if err == nil {
			out = list[0]
		}
		return err
	})
	return out, err
}

type readPayload struct {
	Publication int             `json:"publication"`
	File        int             `json:"file"`
	Claims      json.RawMessage `json:"claims"`
}

// ReadTender sets what has been read from one of a tender's files, by its number,
// as answers to a version of the kravbilaga. version is that of the tender which
// was seen: another is engine.ErrChanged, unless the answers are the same. A
// closed evaluation is engine.ErrAwarded, a file that is not the tender's
// engine.ErrNotFound.
func (s *Store) ReadTender(ctx context.Context, by, tenderID string, version, publication, file int, claims map[string]engine.Claim) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		classification, system, err := tenderOf(ctx, tx, tenderID)
		if err != nil {
			return err
		}
		if err := orNotFound(tx.QueryRowContext(ctx, `SELECT number FROM tender_file WHERE tender_id = $1 AND number = $2`, tenderID, file).Scan(new(int))); err != nil {
			return err
		}
		return setClaims(ctx, tx, j, line{action: tenderRead, system: system, classification: classification, key: tenderID}, version, publication, file, claims)
	})
}

// setClaims sets a tender's answers and writes the line about it.
func setClaims(ctx context.Context, tx *sql.Tx, j *journal, l line, version, publication, file int, claims map[string]engine.Claim) error {
	var before string
	var was, from, read int
	if err := tx.QueryRowContext(ctx, `SELECT claims, publication, file, version FROM tender WHERE id = $1`, l.key).Scan(&before, &was, &from, &read); err != nil {
		return err
	}
	after := about(claims)
	if read > 0 && was == publication && from == file && before == string(after) {
		return nil
	}
	err := tx.QueryRowContext(ctx, `UPDATE tender SET version = version + 1, publication = $1, file = $2, claims = $3 WHERE id = $4 AND version = $5 RETURNING id`,
		publication, file, string(after), l.key, version).Scan(new(string))
	if errors.Is(err, sql.ErrNoRows) {
		return engine.ErrChanged
	}
	if err != nil {
		return err
	}
	return j.append(ctx, l, about(readPayload{was, from, json.RawMessage(before)}), about(readPayload{publication, file, after}))
}

// tenderOf gives a tender's classification and system, while the evaluation is
// not closed.
func tenderOf(ctx context.Context, tx *sql.Tx, id string) (classification, system string, err error) {
	if err = orNotFound(tx.QueryRowContext(ctx, `SELECT classification_id FROM tender WHERE id = $1`, id).Scan(&classification)); err == nil {
		system, err = openProcurement(ctx, tx, classification)
	}
	return classification, system, err
}

type judgmentPayload struct {
	Answer string `json:"answer"`
	Note   string `json:"note"`
}

// SaveJudgments keeps what an assessor finds of one tender, all or none. Each
// carries the version that was seen, 0 for none; another is engine.ErrChanged,
// unless it says the same. A closed evaluation is engine.ErrAwarded.
func (s *Store) SaveJudgments(ctx context.Context, by, tenderID string, list []engine.Judgment) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		classification, system, err := tenderOf(ctx, tx, tenderID)
		if err != nil {
			return err
		}
		for _, x := range list {
			var was judgmentPayload
			version := 0
			err := tx.QueryRowContext(ctx, `SELECT answer, note, version FROM judgment WHERE tender_id = $1 AND row_id = $2`, tenderID, x.Row).Scan(&was.Answer, &was.Note, &version)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			now := judgmentPayload{x.Answer, x.Note}
			if was == now {
				continue
			}
			if version != x.Version {
				return fmt.Errorf("%s: %w", x.Row, engine.ErrChanged)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO judgment (tender_id, row_id, answer, note, version, saved_at, saved_by) VALUES ($1, $2, $3, $4, 1, $5, $6)
				ON CONFLICT (tender_id, row_id) DO UPDATE SET answer = excluded.answer, note = excluded.note, version = judgment.version + 1, saved_at = excluded.saved_at, saved_by = excluded.saved_by`,
				tenderID, x.Row, x.Answer, x.Note, j.at, by); err != nil {
				return err
			}
			var before json.RawMessage
			if version > 0 {
				before = about(was)
			}
			if err := j.append(ctx, line{action: tenderJudge, system: system, classification: classification, key: tenderID + "/" + x.Row}, before, about(now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Award closes an evaluation: nothing in the procurement can be changed after
// it. state is the evaluation's that was seen, another is engine.ErrChanged; a
// second award is engine.ErrAwarded.
func (s *Store) Award(ctx context.Context, by, tenderID string, state int, reason string) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		classification, system, err := tenderOf(ctx, tx, tenderID)
		if err != nil {
			return err
		}
		e, err := evaluation(ctx, tx, classification)
		if err != nil {
			return err
		}
		if e.State() != state {
			return engine.ErrChanged
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO award (classification_id, tender_id, reason, awarded_at, awarded_by) VALUES ($1, $2, $3, $4, $5)`, classification, tenderID, reason, j.at, by); err != nil {
			return err
		}
		return j.append(ctx, line{action: tenderAward, system: system, classification: classification, key: tenderID}, nil, about(struct {
			Reason string `json:"reason"`
		}{reason}))
	})
}

// Evaluation gives a procurement's tenders with what is found of them.
func (s *Store) Evaluation(ctx context.Context, classificationID string) (e engine.Evaluation, err error) {
	err = s.view(ctx, func(tx *sql.Tx) (err error) {
		e, err = evaluation(ctx, tx, classificationID)
		return err
	})
	return e, err
}

func evaluation(ctx context.Context, tx *sql.Tx, classification string) (e engine.Evaluation, err error) {
	if e.Tenders, err = tenders(ctx, tx, ` WHERE t.classification_id = $1`, classification); err != nil {
		return e, err
	}
	err = each(ctx, tx, func(scan func(...any) error) (err error) {
		var x engine.Judgment
		var at string
		if err := scan(&x.Tender, &x.Row, &x.Answer, &x.Note, &x.Version, &at, &x.By.ID, &x.By.Name); err != nil {
			return err
		}
		x.At, err = parseStamp(at)
		e.Judgments = append(e.Judgments, x)
		return err
	}, `SELECT g.tender_id, g.row_id, g.answer, g.note, g.version, g.saved_at, p.id, p.name FROM judgment g JOIN tender t ON t.id = g.tender_id JOIN person p ON p.id = g.saved_by
		WHERE t.classification_id = $1 ORDER BY g.tender_id, g.row_id`, classification)
	if err != nil {
		return e, err
	}
	err = each(ctx, tx, func(scan func(...any) error) (err error) {
		a := engine.Award{Classification: classification}
		var at string
		if err := scan(&a.Tender, &a.Reason, &at, &a.By.ID, &a.By.Name); err != nil {
			return err
		}
		a.At, err = parseStamp(at)
		e.Award = &a
		return err
	}, `SELECT a.tender_id, a.reason, a.awarded_at, p.id, p.name FROM award a JOIN person p ON p.id = a.awarded_by WHERE a.classification_id = $1`, classification)
	return e, err
}

// tenders reads tenders with their files, without the files' content, in the
// order in which they came.
func tenders(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]engine.Tender, error) {
	var list []engine.Tender
	err := each(ctx, tx, func(scan func(...any) error) (err error) {
		t := engine.Tender{Claims: map[string]engine.Claim{}}
		var at, claims string
		if err := scan(&t.ID, &t.Classification, &t.Tenderer, &at, &t.By.ID, &t.By.Name, &t.Version, &t.Publication, &t.File, &claims); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(claims), &t.Claims); err != nil {
			return err
		}
		t.At, err = parseStamp(at)
		list = append(list, t)
		return err
	}, `SELECT t.id, t.classification_id, t.tenderer, t.received_at, p.id, p.name, t.version, t.publication, t.file, t.claims
		FROM tender t JOIN person p ON p.id = t.received_by`+where+` ORDER BY t.received_at, t.id`, args...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		t := &list[i]
		if t.Files, err = tenderFiles(ctx, tx, `x''`, ` WHERE f.tender_id = $1`, t.ID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func tenderFiles(ctx context.Context, tx *sql.Tx, content, where string, args ...any) ([]engine.TenderFile, error) {
	var list []engine.TenderFile
	err := each(ctx, tx, func(scan func(...any) error) (err error) {
		var f engine.TenderFile
		var at string
		if err := scan(&f.N, &f.Name, &f.SHA256, &f.Size, &at, &f.By.ID, &f.By.Name, &f.Refused, &f.Content); err != nil {
			return err
		}
		f.At, err = parseStamp(at)
		list = append(list, f)
		return err
	}, `SELECT f.number, f.name, f.sha256, length(f.content), f.received_at, p.id, p.name, f.refused, `+content+`
		FROM tender_file f JOIN person p ON p.id = f.received_by`+where+` ORDER BY f.number`, args...)
	return list, err
}

// TenderFile gives a file as it was received, or engine.ErrNotFound.
func (s *Store) TenderFile(ctx context.Context, tenderID string, n int) (file engine.TenderFile, err error) {
	err = s.view(ctx, func(tx *sql.Tx) error {
		list, err := tenderFiles(ctx, tx, `f.content`, ` WHERE f.tender_id = $1 AND f.number = $2`, tenderID, n)
		if err == nil && len(list) == 0 {
			err = engine.ErrNotFound
		}
		if err == nil {
			file = list[0]
		}
		return err
	})
	return file, err
}

// verifyFiles finds files sent out or received that were changed, added or
// removed behind the journal's back. Those whose lines have been erased are held
// against their own hashes alone.
func verifyFiles(ctx context.Context, tx *sql.Tx) error {
	if ok, err := hasTable(tx, "publication"); !ok || err != nil { // a copy from before there were any
		return err
	}
	type ref struct {
		of     string
		number int
	}
	known, erased := map[ref]string{}, map[string]int{} // by the classification, or the tender
	err := eachLine(ctx, tx, func(l line, p payload) error {
		if l.action != tenderPublish && l.action != tenderReceive {
			return nil
		}
		of := l.classification
		if l.action == tenderReceive {
			of = l.key
		}
		if !p.after.Valid {
			erased[of]++
			return nil
		}
		var told receivedPayload
		if err := json.Unmarshal([]byte(p.after.String), &told); err != nil {
			return err
		}
		known[ref{of, told.Number}] = told.SHA256
		return nil
	})
	if err != nil {
		return err
	}
	for _, query := range []string{`SELECT classification_id, number, sha256, file FROM publication`, `SELECT tender_id, number, sha256, content FROM tender_file`} {
		err := each(ctx, tx, func(scan func(...any) error) error {
			var at ref
			var sum string
			var content []byte
			if err := scan(&at.of, &at.number, &sum, &content); err != nil {
				return err
			}
			was, ok := known[at]
			delete(known, at)
			if !ok && erased[at.of] > 0 {
				erased[at.of]--
				was = sum
			}
			if was != sum || sumOf(content) != sum {
				return &Error{strayFile(at.of, at.number), ErrJournal}
			}
			return nil
		}, query)
		if err != nil {
			return err
		}
	}
	for at := range known {
		return &Error{strayFile(at.of, at.number), ErrJournal}
	}
	return nil
}
