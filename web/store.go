package web

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kravverk/kravverk/engine"
)

// Store is what the pages need of a database.
type Store interface {
	RecordStore
	PeopleStore
	SessionStore
	ApprovalStore
	ProcurementStore
}

// ProcurementStore keeps what is sent out and what comes back.
type ProcurementStore interface {
	Publish(ctx context.Context, by string, p engine.Publication) (engine.Publication, error)
	Publications(ctx context.Context, classificationID string) ([]engine.Publication, error)
	Publication(ctx context.Context, classificationID string, number int) (engine.Publication, error)
	ReceiveTender(ctx context.Context, by, classificationID, tenderer string, file engine.TenderFile) (engine.Tender, error)
	ReadTender(ctx context.Context, by, tenderID string, version, publication, file int, claims map[string]engine.Claim) error
	SaveJudgments(ctx context.Context, by, tenderID string, list []engine.Judgment) error
	Award(ctx context.Context, by, tenderID string, state int, reason string) error
	Evaluation(ctx context.Context, classificationID string) (engine.Evaluation, error)
	MakeLink(ctx context.Context, by, classification string, round int, contact string, until time.Time) (string, error)
	RevokeLink(ctx context.Context, by, classification string, round int) error
	Links(ctx context.Context, classification string) ([]engine.SupplierLink, error)
	OpenLink(ctx context.Context, token string) (engine.SupplierLink, error)
	SaveLink(ctx context.Context, token string, version, seen int, claims map[string]engine.Claim, handIn bool) error
	TenderFile(ctx context.Context, tenderID string, n int) (engine.TenderFile, error)
}

// RecordStore keeps systems, classifications and their answers.
type RecordStore interface {
	LeaveGroup(ctx context.Context, by, group string, member engine.System) (engine.Record, error)
	Begin(ctx context.Context, by string, c engine.Classification, changes []engine.Change) (engine.Record, error)
	Shared(ctx context.Context) ([]engine.Shared, error)
	SaveShared(ctx context.Context, by, unit string, changes []engine.Change) error
	CreateSystem(ctx context.Context, by string, s engine.System, typ, catalogHash string) (engine.Record, error)
	MoveSystem(ctx context.Context, by, system, unit, managedBy string) error
	Systems(ctx context.Context) ([]engine.Record, error)
	Classification(ctx context.Context, id string) (engine.Record, error)
	SaveAnswers(ctx context.Context, by, classificationID, idempotencyKey string, changes []engine.Change) ([]engine.Answer, error)
	PutCatalog(ctx context.Context, hash string, files map[string][]byte) error
	Catalog(ctx context.Context, hash string) (map[string][]byte, error)
	Events(ctx context.Context, of engine.EventFilter, limit int) ([]engine.Event, error)
	JournalHead(ctx context.Context) (engine.Head, error)
}

// PeopleStore keeps the organisation, who may sign in and what each may do.
type PeopleStore interface {
	Organisation(ctx context.Context) (engine.Organisation, error)
	SaveUnit(ctx context.Context, by string, u engine.Unit) (engine.Unit, error)
	RemoveUnit(ctx context.Context, by, id string) error
	Accounts(ctx context.Context) ([]engine.Account, error)
	Account(ctx context.Context, person string) (engine.Account, error)
	AddAccount(ctx context.Context, by string, a engine.Account) (engine.Account, error)
	Rename(ctx context.Context, by, person, name, login string) error
	SetDisabled(ctx context.Context, by, person string, disabled bool) error
	Grant(ctx context.Context, by string, g engine.Grant) error
	Revoke(ctx context.Context, by string, g engine.Grant) error
	ClaimGrants(ctx context.Context) ([]engine.ClaimGrant, error)
	SetClaimGrant(ctx context.Context, by string, c engine.ClaimGrant, on bool) error
	Admit(ctx context.Context, issuer, subject, name string, groups []string) (engine.Account, error)
	TryPassword(ctx context.Context, login string) (a engine.Account, password string, err error)
	RightPassword(ctx context.Context, person string) error
	SetPassword(ctx context.Context, by, person, password string) error
	StrengthenPassword(ctx context.Context, person, was, now string) error
	Invite(ctx context.Context, by, person string, until time.Time) (string, error)
	Invited(ctx context.Context, token string) (engine.Account, error)
	ChoosePassword(ctx context.Context, token, password string) (engine.Account, error)
	TieIdentity(ctx context.Context, person, issuer, subject string) (engine.Account, error)
}

// SessionStore keeps the sessions of signed-in browsers.
type SessionStore interface {
	SignedIn(ctx context.Context, person string, begun time.Time) (engine.Account, error)
	EndSessions(ctx context.Context, by, person string) error
	FindSession(ctx context.Context, token string) (data []byte, found bool, err error)
	CommitSession(ctx context.Context, token string, data []byte, expires time.Time) error
	DeleteSession(ctx context.Context, token string) error
	AllSessions(ctx context.Context) (map[string][]byte, error)
}

// ApprovalStore keeps what has been approved as it was.
type ApprovalStore interface {
	Approvals(ctx context.Context, classificationID string) ([]engine.Approval, error)
	Propose(ctx context.Context, by, classificationID string, state int, d engine.Decision, snapshot json.RawMessage, final bool) (engine.Approval, error)
	Approve(ctx context.Context, by, classificationID string, revision int, hash string) error
	Return(ctx context.Context, by, classificationID string, revision int, reason string) error
	Reopen(ctx context.Context, by, classificationID string, revision int, reason string) error
}
