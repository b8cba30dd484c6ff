package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kravverk/kravverk/engine"
)

// The actions of the journal about approvals. What it keeps of them is the
// revision and the snapshot's hash, with the decision or the reason.
const (
	approvalPropose = "approval.propose"
	approvalApprove = "approval.approve"
	approvalReturn  = "approval.return"
	approvalReopen  = "approval.reopen"
)

// Approvals gives a classification's revisions, the newest first.
func (s *Store) Approvals(ctx context.Context, classificationID string) ([]engine.Approval, error) {
	var list []engine.Approval
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		if _, err := systemOf(ctx, tx, classificationID); err != nil {
			return err
		}
		list, err = approvals(ctx, tx, ` WHERE a.classification_id = $1`, `a.snapshot`, classificationID)
		return err
	})
	return list, err
}

// approvals reads revisions, the newest first. snapshot is the column to read
// theirs from, or an empty text to leave them out.
func approvals(ctx context.Context, tx *sql.Tx, where, snapshot string, args ...any) ([]engine.Approval, error) {
	var list []engine.Approval
	err := each(ctx, tx, func(scan func(...any) error) error {
		var a engine.Approval
		var decision, content, proposed, approved, reopened string
		if err := scan(&a.Classification, &a.Revision, &decision, &proposed, &a.ProposedBy.ID, &a.ProposedBy.Name, &approved, &a.ApprovedBy.ID, &a.ApprovedBy.Name,
			&reopened, &a.ReopenedBy.ID, &a.ReopenedBy.Name, &a.Reason, &content, &a.Hash); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(decision), &a.Decision); err != nil {
			return err
		}
		if content != "" {
			a.Snapshot = json.RawMessage(content)
		}
		var errs [3]error
		a.ProposedAt, errs[0] = optionalStamp(proposed)
		a.ApprovedAt, errs[1] = optionalStamp(approved)
		a.ReopenedAt, errs[2] = optionalStamp(reopened)
		list = append(list, a)
		return errors.Join(errs[:]...)
	}, `SELECT a.classification_id, a.revision, a.decision, a.proposed_at, a.proposed_by, COALESCE(p.name, ''), a.approved_at, a.approved_by, COALESCE(q.name, ''),
			a.reopened_at, a.reopened_by, COALESCE(r.name, ''), a.reason, `+snapshot+`, a.hash
		FROM approval a LEFT JOIN person p ON p.id = a.proposed_by LEFT JOIN person q ON q.id = a.approved_by LEFT JOIN person r ON r.id = a.reopened_by`+
		where+` ORDER BY a.classification_id, a.revision DESC`, args...)
	return list, err
}

// latest gives the newest revision without its snapshot; nil when there is none.
func latest(ctx context.Context, tx *sql.Tx, classificationID string) (*engine.Approval, error) {
	list, err := approvals(ctx, tx, ` WHERE a.classification_id = $1`, `''`, classificationID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// unlocked refuses what would change a classification that is approved or
// waits to be.
func unlocked(ctx context.Context, tx *sql.Tx, classificationID string) error {
	a, err := latest(ctx, tx, classificationID)
	if err == nil && a != nil && (a.Waits() || a.Stands()) {
		err = engine.ErrLocked
	}
	return err
}

// Propose puts a classification forward: the snapshot is frozen as the next
// revision, and nothing can be changed until it is returned or reopened. With
// final it is approved at once, by the same person. state is the sum of the
// versions of the answers that the snapshot was made from: when somebody has
// saved since, the error is engine.ErrChanged. One that stands or waits
// already is engine.ErrLocked.
func (s *Store) Propose(ctx context.Context, by, classificationID string, state int, d engine.Decision, snapshot json.RawMessage, final bool) (engine.Approval, error) {
	var out engine.Approval
	if !json.Valid(snapshot) {
		return out, errors.New("store: a snapshot is JSON")
	}
	if final && d.FourEyes {
		return out, errors.New("store: an approval by two cannot be final at once")
	}
	err := s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		system, err := systemOf(ctx, tx, classificationID)
		if err != nil {
			return err
		}
		if err := unlocked(ctx, tx, classificationID); err != nil {
			return err
		}
		if two, err := wantsTwo(ctx, tx, system); err != nil || two && !d.FourEyes {
			return cmp.Or(err, engine.ErrChanged) // the unit has come to want two since
		}
		now := 0
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(version), 0) FROM answer WHERE classification_id = $1`, classificationID).Scan(&now); err != nil {
			return err
		}
		if now != state {
			return engine.ErrChanged
		}
		var revision int
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(revision), 0) + 1 FROM approval WHERE classification_id = $1`, classificationID).Scan(&revision); err != nil {
			return err
		}
		sum := sha256.Sum256(snapshot)
		hash := hex.EncodeToString(sum[:])
		if _, err := tx.ExecContext(ctx, `INSERT INTO approval (classification_id, revision, decision, proposed_at, proposed_by, approved_at, approved_by, reopened_at, reopened_by, reason, snapshot, hash)
			VALUES ($1, $2, $3, $4, $5, '', '', '', '', '', $6, $7)`, classificationID, revision, string(about(d)), j.at, by, string(snapshot), hash); err != nil {
			return err
		}
		l := line{action: approvalPropose, system: system, classification: classificationID}
		if err := j.append(ctx, l, nil, about(proposalPayload{revision, hash, d})); err != nil {
			return err
		}
		if final {
			if err := approve(ctx, tx, j, l, revision, hash); err != nil {
				return err
			}
		}
		list, err := approvals(ctx, tx, ` WHERE a.classification_id = $1 AND a.revision = $2`, `a.snapshot`, classificationID, revision)
		if err == nil {
			out = list[0]
		}
		return err
	})
	return out, err
}

type proposalPayload struct {
	Revision int             `json:"revision"`
	Hash     string          `json:"hash"`
	Decision engine.Decision `json:"decision"`
}

// wantsTwo tells whether the unit that owns a system wants two to approve.
func wantsTwo(ctx context.Context, tx *sql.Tx, system string) (bool, error) {
	var unit string
	if err := tx.QueryRowContext(ctx, `SELECT unit FROM system WHERE id = $1`, system).Scan(&unit); err != nil {
		return false, err
	}
	o, err := organisation(ctx, tx)
	return o.FourEyes(unit), err
}

func approvalPayload(revision int, hash, reason string) json.RawMessage {
	return about(struct {
		Revision int    `json:"revision"`
		Hash     string `json:"hash"`
		Reason   string `json:"reason,omitempty"`
	}{revision, hash, reason})
}

func approve(ctx context.Context, tx *sql.Tx, j *journal, l line, revision int, hash string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE approval SET approved_at = $1, approved_by = $2 WHERE classification_id = $3 AND revision = $4`, j.at, j.actor, l.classification, revision); err != nil {
		return err
	}
	l.action = approvalApprove
	return j.append(ctx, l, nil, approvalPayload(revision, hash, ""))
}

// Approve approves a revision that waits. When it needs two people, the one
// who proposed it is refused with engine.ErrSamePerson. One that does not wait
// is engine.ErrNotFound, and one with another hash than that of the snapshot
// which was seen is engine.ErrChanged: it has been returned and put forward
// anew.
func (s *Store) Approve(ctx context.Context, by, classificationID string, revision int, hash string) error {
	return s.judge(ctx, by, classificationID, revision, engine.Approval.Waits, func(tx *sql.Tx, j *journal, l line, a engine.Approval) error {
		if a.Hash != hash {
			return engine.ErrChanged
		}
		two, err := wantsTwo(ctx, tx, l.system)
		if err != nil {
			return err
		}
		if (two || a.Decision.FourEyes) && a.ProposedBy.ID == by {
			return engine.ErrSamePerson
		}
		return approve(ctx, tx, j, l, revision, a.Hash)
	})
}

// Return takes back a revision that waits, with the reason, so that the
// classification can be changed. The reason stays in the journal.
func (s *Store) Return(ctx context.Context, by, classificationID string, revision int, reason string) error {
	return s.judge(ctx, by, classificationID, revision, engine.Approval.Waits, func(tx *sql.Tx, j *journal, l line, a engine.Approval) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM approval WHERE classification_id = $1 AND revision = $2`, classificationID, revision); err != nil {
			return err
		}
		l.action = approvalReturn
		return j.append(ctx, l, nil, approvalPayload(revision, a.Hash, reason))
	})
}

// Reopen lets an approved classification be changed again. The revision stays
// as it was approved; the next approval makes a new one.
func (s *Store) Reopen(ctx context.Context, by, classificationID string, revision int, reason string) error {
	return s.judge(ctx, by, classificationID, revision, engine.Approval.Stands, func(tx *sql.Tx, j *journal, l line, a engine.Approval) error {
		if _, err := tx.ExecContext(ctx, `UPDATE approval SET reopened_at = $1, reopened_by = $2, reason = $3 WHERE classification_id = $4 AND revision = $5`, j.at, by, reason, classificationID, revision); err != nil {
			return err
		}
		l.action = approvalReopen
		return j.append(ctx, l, nil, approvalPayload(revision, a.Hash, reason))
	})
}

// judge does something with the newest revision, when that is the one and it
// is as it should be.
func (s *Store) judge(ctx context.Context, by, classificationID string, revision int, fit func(engine.Approval) bool, act func(*sql.Tx, *journal, line, engine.Approval) error) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		system, err := systemOf(ctx, tx, classificationID)
		if err != nil {
			return err
		}
		a, err := latest(ctx, tx, classificationID)
		if err != nil {
			return err
		}
		if a == nil || a.Revision != revision || !fit(*a) {
			return fmt.Errorf("revision %d: %w", revision, engine.ErrNotFound)
		}
		return act(tx, j, line{system: system, classification: classificationID}, *a)
	})
}

// verifyApprovals finds revisions that were changed, added or removed behind the
// journal's back. What the journal says is played again: a proposal is the next
// revision, and the rest is about the newest one. Where what a line was about
// has been erased, who did it and when is compared all the same.
func verifyApprovals(ctx context.Context, tx *sql.Tx) error {
	type ref struct {
		classification string
		revision       int
	}
	const erased = "\x00" // what nothing in a row can be
	type known struct{ hash, decision, proposed, approved, reopened, reason string }
	rows, newest := map[ref]*known{}, map[string]int{}
	if ok, err := hasTable(tx, "approval"); !ok || err != nil { // a copy from before there were any
		return err
	}
	err := eachLine(ctx, tx, func(l line, p payload) error {
		at := ref{l.classification, newest[l.classification]}
		did := l.at + " " + l.actor
		switch l.action {
		case approvalPropose:
			at.revision++
			newest[l.classification] = at.revision
			var told proposalPayload
			rows[at] = &known{proposed: did, hash: erased}
			if p.after.Valid {
				if err := json.Unmarshal([]byte(p.after.String), &told); err != nil {
					return err
				}
				rows[at].hash, rows[at].decision = told.Hash, string(about(told.Decision))
			}
		case approvalReturn:
			newest[l.classification]--
			delete(rows, at)
		case approvalApprove, approvalReopen:
			row := rows[at]
			if row == nil {
				return &Error{strayApproval(at.classification, at.revision), ErrJournal}
			}
			if l.action == approvalApprove {
				row.approved = did
				return nil
			}
			row.reopened, row.reason = did, erased
			if p.after.Valid {
				var told struct{ Reason string }
				if err := json.Unmarshal([]byte(p.after.String), &told); err != nil {
					return err
				}
				row.reason = told.Reason
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var at ref
		var is known
		var snapshot string
		if err := scan(&at.classification, &at.revision, &is.decision, &is.proposed, &is.approved, &is.reopened, &is.reason, &snapshot, &is.hash); err != nil {
			return err
		}
		was := rows[at]
		delete(rows, at)
		sum := sha256.Sum256([]byte(snapshot))
		if was != nil && was.hash == erased {
			was.hash, was.decision = is.hash, is.decision
		}
		if was != nil && was.reason == erased {
			was.reason = is.reason
		}
		if was == nil || *was != is || hex.EncodeToString(sum[:]) != is.hash {
			return &Error{strayApproval(at.classification, at.revision), ErrJournal}
		}
		return nil
	}, `SELECT classification_id, revision, decision, proposed_at || ' ' || proposed_by,
			CASE approved_at WHEN '' THEN '' ELSE approved_at || ' ' || approved_by END,
			CASE reopened_at WHEN '' THEN '' ELSE reopened_at || ' ' || reopened_by END, reason, snapshot, hash FROM approval`)
	if err != nil {
		return err
	}
	for at := range rows {
		return &Error{strayApproval(at.classification, at.revision), ErrJournal}
	}
	return nil
}
