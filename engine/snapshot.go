package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// What a snapshot calls itself. A reader that does not know the version can
// make nothing of the rest.
const (
	SnapshotFormat  = "kravverk-snapshot"
	SnapshotVersion = 1
)

// Snapshot is a classification as it was put forward, with all that it takes to
// read it later without the catalogue: questions, wordings and titles stand in
// it as they read then. People are in it by id alone, so that a name can be
// erased. What is delegated and said of the parts is not in it. The JSON keys
// are a contract: a version never gives one another meaning.
type Snapshot struct {
	Format         string               `json:"format"`
	FormatVersion  int                  `json:"format_version"`
	System         FrozenSystem         `json:"system"`
	Classification FrozenClassification `json:"classification"`
	Catalog        FrozenCatalog        `json:"catalog"`
	Answers        []FrozenAnswer       `json:"answers"` // facts in the catalogue's order, then the rest
	Levels         []FrozenLevel        `json:"levels"`  // the rated aspects
	Lowered        []FrozenLowering     `json:"lowered"`
	Laws           []FrozenLaw          `json:"laws"`     // those that apply or may
	Findings       []FrozenFinding      `json:"findings"` // every requirement, in the catalogue's order
	Result         FrozenResult         `json:"result"`
	Verified       *Sum                 `json:"verified,omitempty"` // of a B: the outcomes, counted
	Sources        []FrozenSource       `json:"sources,omitempty"`  // of a B: what the accepted offers were taken from
	Decision       Decision             `json:"decision"`
}

// FrozenSystem is what was classified.
type FrozenSystem struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Unit        string `json:"unit"` // an id
	UnitTitle   string `json:"unit_title"`
	Members     int    `json:"members"` // of a group; 0 when it is none
}

// FrozenClassification is which classification of the system it was.
type FrozenClassification struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"` // A or B
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"` // a person's id
}

// FrozenCatalog is the rules that were used.
type FrozenCatalog struct {
	FrozenRelease
	SetHash  string          `json:"set_hash"` // of the catalogue and all profiles beside it
	Profiles []FrozenRelease `json:"profiles"` // those that counted, or may have
}

// FrozenRelease is one catalogue or profile.
type FrozenRelease struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Title   string `json:"title"`
	Hash    string `json:"hash"` // SHA-256 of the content, in hex
}

// FrozenAnswer is one answer with what it answered.
type FrozenAnswer struct {
	Key     string          `json:"key"` // as in Answer
	Value   json.RawMessage `json:"value"`
	Version int             `json:"version"`
	At      time.Time       `json:"at"`
	By      string          `json:"by"`     // a person's id
	About   string          `json:"about"`  // the question, or the title of the information; empty for the rest
	Chosen  []string        `json:"chosen"` // titles of the options or laws chosen
}

// FrozenLevel is the system's level in one aspect and what gave it.
type FrozenLevel struct {
	Aspect        string `json:"aspect"` // K
	Title         string `json:"title"`  // Konfidentialitet
	Level         int    `json:"level"`  // the lowest possible when it is not known
	Name          string `json:"name"`
	Known         bool   `json:"known"`
	From          string `json:"from"`     // the information's title; empty when raised
	Category      string `json:"category"` // the consequence category's
	Raised        bool   `json:"raised"`
	Justification string `json:"justification"`
	DecidedBy     string `json:"decided_by"` // a role
}

// FrozenLowering is information that was rated below what is decided for its kind.
type FrozenLowering struct {
	Information   string `json:"information"`
	Aspect        string `json:"aspect"`
	From          int    `json:"from"`
	To            int    `json:"to"`
	Justification string `json:"justification"`
	DecidedBy     string `json:"decided_by"` // a role
}

// FrozenLaw is a legal provision and whether it applied.
type FrozenLaw struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Source    string `json:"source"`
	Applies   string `json:"applies"` // yes or unknown
	Ticked    bool   `json:"ticked"`  // a person said so; otherwise it follows from the answers
	Because   string `json:"because"`
	Uncertain bool   `json:"uncertain"` // the catalogue has not confirmed it
}

// FrozenFinding is one requirement as it read.
type FrozenFinding struct {
	ID         string            `json:"id"`
	Area       string            `json:"area"`    // its title
	Applies    string            `json:"applies"` // yes, no or unknown
	Obligation string            `json:"obligation"`
	Title      string            `json:"title"`
	Is         string            `json:"is"`
	Shall      string            `json:"shall"`
	Parameters []FrozenParameter `json:"parameters"`
	Unsettled  bool              `json:"unsettled"` // applies or may, with a text that was still open
	Because    string            `json:"because"`   // what gave the verdict, or what it depends on
	Offers     []FrozenOffer     `json:"offers"`
	Outcome    string            `json:"outcome,omitempty"` // of a B, where it applies: see Outcome
	Stale      string            `json:"stale,omitempty"`   // what had become of the offer that was accepted: see Staleness
}

// FrozenParameter is a value in a wording.
type FrozenParameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Step  int    `json:"step"` // the level that decided it; 0 when none did
}

// FrozenOffer is a possible response and whose word it was.
type FrozenOffer struct {
	Applies    string        `json:"applies"` // yes or unknown
	Answer     string        `json:"answer"`
	How        string        `json:"how"`
	Source     string        `json:"source"` // the agreement with its point, or what the author named
	Strength   string        `json:"strength"`
	Remains    string        `json:"remains"`
	ValidUntil string        `json:"valid_until"`
	From       FrozenRelease `json:"from"` // the profile that it stands in
}

// FrozenResult sums the findings up.
type FrozenResult struct {
	Applies   int        `json:"applies"`
	Shall     int        `json:"shall"`  // of those that apply
	Should    int        `json:"should"` // of those that apply
	Not       int        `json:"not"`
	Unknown   int        `json:"unknown"`
	Unsettled int        `json:"unsettled"` // apply, with a text that was still open
	NotKnown  []FrozenID `json:"not_known"` // answered "vet ej", and something hangs on them
}

// FrozenID is a thing by its id and title.
type FrozenID struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// Freeze writes down a record and what follows from it, with the title of the
// unit and what is decided. The derivation is the record's own. The same input
// gives the same snapshot, byte for byte when encoded.
func Freeze(rec Record, d *Derivation, unit string, decision Decision) *Snapshot {
	f, c := d.Facts, d.Facts.Catalog
	if decision.Participants == nil {
		decision.Participants = []Participant{}
	}
	s := &Snapshot{
		Format: SnapshotFormat, FormatVersion: SnapshotVersion,
		System: FrozenSystem{rec.System.ID, rec.System.Title, rec.System.Description, rec.System.Unit, unit, rec.System.Members},
		Classification: FrozenClassification{
			rec.Classification.ID, rec.Classification.Type, rec.Classification.CreatedAt.UTC(), rec.Classification.CreatedBy.ID,
		},
		Catalog: FrozenCatalog{frozenRelease(c.Release), c.SetHash, []FrozenRelease{}},
		Answers: []FrozenAnswer{}, Levels: []FrozenLevel{}, Lowered: f.lowerings(), Laws: []FrozenLaw{}, Findings: []FrozenFinding{},
		Decision: decision,
	}
	for _, p := range d.Profiles {
		if p.Active != rule.No {
			s.Catalog.Profiles = append(s.Catalog.Profiles, frozenRelease(p.Profile.Release))
		}
	}
	for _, key := range frozenKeys(rec, c) {
		s.Answers = append(s.Answers, f.frozenAnswer(rec.Answers[key]))
	}
	for _, l := range f.Levels {
		_, known := l.Known()
		s.Levels = append(s.Levels, FrozenLevel{
			l.Aspect.ID, l.Aspect.Title, l.Lowest(), c.Level(l.Lowest()).Title, known, l.From, l.Category, l.Raised, l.Justification, l.DecidedBy,
		})
	}
	for _, l := range d.Laws {
		if l.Applies != rule.No {
			s.Laws = append(s.Laws, FrozenLaw{l.Law.ID, l.Law.Title, l.Law.Source, l.Applies.String(), l.Law.Ticked, l.Because, l.Law.Uncertain})
		}
	}
	for _, x := range d.Findings {
		s.Findings = append(s.Findings, frozenFinding(x))
	}
	s.Result = FrozenResult{NotKnown: []FrozenID{}}
	s.Result.count(d)
	for _, q := range f.Pending().NotKnown {
		s.Result.NotKnown = append(s.Result.NotKnown, FrozenID{q.ID, q.Title})
	}
	return s
}

// FrozenSource is what offers were taken from, as it stood when the
// classification was put forward: which revision, and the hash that tells it
// from every other.
type FrozenSource struct {
	Kind     OfferKind `json:"kind"`
	ID       string    `json:"id"` // as in Taken
	Title    string    `json:"title"`
	Revision int       `json:"revision,omitempty"` // of an agreement or a classification; of a tender the file that was read last
	SHA256   string    `json:"sha256,omitempty"`   // in hex: of the agreement as JSON, of the approved snapshot, or of the file; "" when it is gone
	Answers  string    `json:"answers,omitempty"`  // of a tender, in hex: of all its answers and what was found of them, see Evaluation.Hash
}

// Frozen is the agreement as a source.
func (a Agreement) Frozen() FrozenSource {
	data, err := json.Marshal(a)
	if err != nil {
		panic(err) // texts and numbers only
	}
	sum := sha256.Sum256(canonical(data))
	return FrozenSource{Kind: FromAgreement, ID: a.ID, Title: a.Title, Revision: a.Version, SHA256: hex.EncodeToString(sum[:])}
}

// Assessed writes down what a B-classification comes to, and on whose word.
func (s *Snapshot) Assessed(a *Assessment, sources []FrozenSource) {
	s.Verified, s.Sources = &a.Sum, sources
	for i := range s.Findings {
		if x := a.Row(s.Findings[i].ID); x != nil {
			s.Findings[i].Outcome, s.Findings[i].Stale = string(x.Outcome), string(x.Staleness)
		}
	}
}

func frozenRelease(r catalog.Release) FrozenRelease {
	return FrozenRelease{r.ID, r.Version, r.Title, r.Hash}
}

// frozenKeys lists the answers that belong in a snapshot: not those that only
// say how the work is shared.
func frozenKeys(rec Record, c *catalog.Catalog) []string {
	var keys, rest []string
	for _, f := range c.Facts {
		keys = append(keys, FactKey(f.ID))
	}
	keys = append(keys, FactKey("lagrum"))
	for _, n := range rec.Information() {
		keys = append(keys, InformationKey(n))
	}
	for key := range rec.Answers {
		if slices.ContainsFunc(frozenPrefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			rest = append(rest, key)
		}
	}
	slices.Sort(rest)
	return slices.DeleteFunc(append(keys, rest...), func(key string) bool { return !rec.Has(key) })
}

// frozenPrefixes begin the keys, beside facts and information, of what is decided.
var frozenPrefixes = []string{KeyRaise, KeyStop, keyDone, keyReviewed, KeyBaseline, KeyDeclares, keyResponse, keySource, keyDeviation, keyAction}

func (f *Facts) frozenAnswer(a Answer) FrozenAnswer {
	out := FrozenAnswer{Key: a.Key, Value: canonical(a.Value), Version: a.Version, At: a.At.UTC(), By: a.By.ID, Chosen: []string{}}
	var chosen []string
	var one string
	if json.Unmarshal(a.Value, &one) == nil {
		chosen = []string{one}
	} else if json.Unmarshal(a.Value, &chosen) != nil {
		chosen = nil
	}
	var info Information
	switch id, isFact := strings.CutPrefix(a.Key, keyFact); {
	case id == "lagrum":
		for _, l := range f.Catalog.Laws {
			if slices.Contains(chosen, l.ID) {
				out.Chosen = append(out.Chosen, l.Title)
			}
		}
	case isFact:
		for _, fact := range f.Catalog.Facts {
			if fact.ID != id {
				continue
			}
			out.About = fact.Text
			for _, o := range fact.Options {
				if slices.Contains(chosen, o.ID) {
					out.Chosen = append(out.Chosen, o.Title)
				}
			}
		}
	case strings.HasPrefix(a.Key, keyInformation) && json.Unmarshal(a.Value, &info) == nil:
		out.About = f.InformationTitle(info)
	}
	return out
}

// lowerings lists what was rated below what is decided for its kind.
func (f *Facts) lowerings() []FrozenLowering {
	out := []FrozenLowering{}
	for _, info := range f.Answers.Information {
		known := f.InformationType(info.Type)
		if known == nil {
			continue
		}
		for _, l := range f.Levels {
			from := known.Levels[l.Aspect.ID]
			if to, rated := info.Level(l.Aspect.ID); rated && to < from {
				out = append(out, FrozenLowering{known.Title, l.Aspect.ID, from, to, info.Justification, info.DecidedBy})
			}
		}
	}
	return out
}

func frozenFinding(x Finding) FrozenFinding {
	out := FrozenFinding{
		ID: x.Requirement.ID, Area: x.Requirement.Area.Title, Applies: x.Applies.String(), Obligation: x.Effective.Obligation,
		Title: Text(x.Title), Is: Text(x.Is), Shall: Text(x.Shall), Parameters: []FrozenParameter{}, Unsettled: x.Unsettled,
		Because: x.Because, Offers: []FrozenOffer{},
	}
	for _, p := range x.Parameters {
		out.Parameters = append(out.Parameters, FrozenParameter{p.Name, p.Value, p.Step})
	}
	for _, o := range x.Offers {
		p := o.Prefill
		out.Offers = append(out.Offers, FrozenOffer{
			o.Offered.String(), p.Answer, p.How, o.Source(), p.Strength, p.Remains, p.ValidUntil, frozenRelease(p.Profile.Release),
		})
	}
	return out
}

func (r *FrozenResult) count(d *Derivation) {
	for _, x := range d.Findings {
		switch x.Applies {
		case rule.No:
			r.Not++
			continue
		case rule.Unknown:
			r.Unknown++
			continue
		}
		r.Applies++
		if x.Effective.Obligation == "should" {
			r.Should++
		} else {
			r.Shall++
		}
		if x.Unsettled {
			r.Unsettled++
		}
	}
}

// Encode gives the snapshot as compact JSON with sorted keys.
func (s *Snapshot) Encode() json.RawMessage {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // only an answer that is not JSON, and the store holds none
	}
	return canonical(data)
}

// canonical writes JSON with sorted keys and no space.
func canonical(data []byte) json.RawMessage {
	var v any
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	if err := in.Decode(&v); err != nil {
		panic(err)
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// ReadSnapshot reads what Encode gave. Another format, and a version that is
// not known, is an error.
func ReadSnapshot(data []byte) (*Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	if s.Format != SnapshotFormat || s.FormatVersion != SnapshotVersion {
		return nil, fmt.Errorf("snapshot: format %q version %d is not known", s.Format, s.FormatVersion)
	}
	return &s, nil
}

// Record gives back the record that the snapshot was made from, as much of it
// as decided what applies: with its catalogue the same follows again.
func (s *Snapshot) Record() Record {
	rec := Record{
		System: System{ID: s.System.ID, Title: s.System.Title, Description: s.System.Description, Unit: s.System.Unit, Members: s.System.Members},
		Classification: Classification{
			ID: s.Classification.ID, SystemID: s.System.ID, Type: s.Classification.Type, CatalogHash: s.Catalog.SetHash,
			CreatedAt: s.Classification.CreatedAt, CreatedBy: Person{ID: s.Classification.CreatedBy},
		},
		Answers: map[string]Answer{},
	}
	for _, a := range s.Answers {
		rec.Answers[a.Key] = Answer{Key: a.Key, Value: a.Value, Version: a.Version, At: a.At, By: Person{ID: a.By}}
	}
	return rec
}

// Answer finds an answer by its key, nil when there is none.
func (s *Snapshot) Answer(key string) *FrozenAnswer {
	i := slices.IndexFunc(s.Answers, func(a FrozenAnswer) bool { return a.Key == key })
	if i < 0 {
		return nil
	}
	return &s.Answers[i]
}

// Pair is a thing as it was and as it is; nil where it is not there.
type Pair[T any] struct{ Before, After *T }

// SnapshotChanges is what differs from one snapshot to a later one.
type SnapshotChanges struct {
	Releases  []Pair[FrozenRelease] // the catalogue and its profiles, of other versions or content
	Answers   []Pair[FrozenAnswer]  // marks of what is done and gone through left out
	Levels    []Pair[FrozenLevel]
	Laws      []Pair[FrozenLaw]
	Added     []FrozenFinding // apply now and did not, or it was not known
	Removed   []FrozenFinding // applied; as they were
	Reworded  []Pair[FrozenFinding]
	Undecided []FrozenFinding // were known and are not any more
}

// Empty tells whether nothing differs.
func (c SnapshotChanges) Empty() bool {
	return len(c.Releases)+len(c.Answers)+len(c.Levels)+len(c.Laws)+len(c.Added)+len(c.Removed)+len(c.Reworded)+len(c.Undecided) == 0
}

// Since tells what differs from an earlier snapshot.
func (s *Snapshot) Since(before *Snapshot) SnapshotChanges {
	releases := func(s *Snapshot) []FrozenRelease {
		return append([]FrozenRelease{s.Catalog.FrozenRelease}, s.Catalog.Profiles...)
	}
	answers := func(s *Snapshot) []FrozenAnswer {
		return slices.DeleteFunc(slices.Clone(s.Answers), func(a FrozenAnswer) bool {
			return strings.HasPrefix(a.Key, keyDone) || strings.HasPrefix(a.Key, keyReviewed)
		})
	}
	c := SnapshotChanges{
		Releases: differ(releases(before), releases(s), func(r FrozenRelease) string { return r.ID }, func(a, b *FrozenRelease) bool { return *a == *b }),
		Answers:  differ(answers(before), answers(s), func(a FrozenAnswer) string { return a.Key }, func(a, b *FrozenAnswer) bool { return bytes.Equal(a.Value, b.Value) }),
		Levels: differ(before.Levels, s.Levels, func(l FrozenLevel) string { return l.Aspect }, func(a, b *FrozenLevel) bool {
			return a.Level == b.Level && a.Known == b.Known && a.Raised == b.Raised
		}),
		Laws: differ(before.Laws, s.Laws, func(l FrozenLaw) string { return l.ID }, func(a, b *FrozenLaw) bool { return a.Applies == b.Applies }),
	}
	yes, unknown := rule.Yes.String(), rule.Unknown.String()
	same := func(a, b *FrozenFinding) bool {
		return a.Applies == b.Applies && (a.Applies != yes ||
			a.Title == b.Title && a.Is == b.Is && a.Shall == b.Shall && a.Obligation == b.Obligation && a.Unsettled == b.Unsettled)
	}
	for _, p := range differ(before.Findings, s.Findings, func(f FrozenFinding) string { return f.ID }, same) {
		was, now := p.Before != nil && p.Before.Applies == yes, p.After != nil && p.After.Applies == yes
		switch {
		case was && now:
			c.Reworded = append(c.Reworded, p)
		case now:
			c.Added = append(c.Added, *p.After)
		case p.After != nil && p.After.Applies == unknown:
			c.Undecided = append(c.Undecided, *p.After)
		case was:
			c.Removed = append(c.Removed, *p.Before)
		}
	}
	return c
}

// differ pairs the things of two lists by key and leaves out the pairs that are
// the same: in the order of the later, then those that it lacks.
func differ[T any](before, after []T, key func(T) string, same func(a, b *T) bool) []Pair[T] {
	old := map[string]*T{}
	for i := range before {
		old[key(before[i])] = &before[i]
	}
	var out []Pair[T]
	for i := range after {
		k := key(after[i])
		if was := old[k]; was == nil || !same(was, &after[i]) {
			out = append(out, Pair[T]{was, &after[i]})
		}
		delete(old, k)
	}
	for i := range before {
		if old[key(before[i])] != nil {
			out = append(out, Pair[T]{Before: &before[i]})
		}
	}
	return out
}
