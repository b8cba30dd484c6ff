package web

import (
	"context"

	"github.com/kravverk/kravverk/engine"
)

// Store is what the pages need of a database.
type Store interface {
	CreateSystem(ctx context.Context, by string, s engine.System, typ, catalogHash string) (engine.Record, error)
	Systems(ctx context.Context) ([]engine.Record, error)
	Classification(ctx context.Context, id string) (engine.Record, error)
	SaveAnswers(ctx context.Context, by, classificationID, idempotencyKey string, changes []engine.Change) ([]engine.Answer, error)
	PutCatalog(ctx context.Context, hash string, files map[string][]byte) error
	Catalog(ctx context.Context, hash string) (map[string][]byte, error)
	Events(ctx context.Context, classificationID string, limit int) ([]engine.Event, error)
}
