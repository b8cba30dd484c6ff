package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kravverk/kravverk/engine"
)

func backup(t testing.TB, s *Store) engine.Copy {
	t.Helper()
	made, err := s.Backup(ctx, t.TempDir())
	check(t, err)
	return made
}

func restore(from, to string, replace bool) (Restored, error) {
	return Restore(ctx, from, to, replace, t0)
}

func TestBackup(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", "1", 0))
	head, err := s.JournalHead(ctx)
	check(t, err)
	folder := t.TempDir()
	for name, c := range map[string]struct{ path, want string }{
		"folder":    {folder, filepath.Join(folder, "kravverk-20260304-050607.db")},
		"separator": {t.TempDir() + "/", ""},
		"file":      {filepath.Join(folder, "egen kopia å.db"), filepath.Join(folder, "egen kopia å.db")},
	} {
		made, err := s.Backup(ctx, c.path)
		check(t, err)
		if c.want != "" && made.Path != c.want || made.Head != head || made.At.Before(t0) || made.At.Location() != time.UTC {
			t.Errorf("%s: %+v", name, made)
		}
		data, err := os.ReadFile(made.Path)
		check(t, err)
		sum := sha256.Sum256(data)
		if made.SHA256 != hex.EncodeToString(sum[:]) || made.Size != int64(len(data)) {
			t.Errorf("%s: %+v", name, made)
		}
		text, err := os.ReadFile(made.Path + ".sha256")
		check(t, err)
		if want := made.SHA256 + "  " + filepath.Base(made.Path) + "\n"; string(text) != want {
			t.Errorf("%s: checksum file %q", name, text)
		}
		for _, file := range []string{made.Path, made.Path + ".sha256"} {
			info, err := os.Stat(file)
			check(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("others may read %s: %v", file, info.Mode())
			}
		}
	}
	if got := names(t, folder); len(got) != 4 {
		t.Errorf("files %v", got)
	}
}

func TestBackupRefuses(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", "1", 0))
	folder := t.TempDir()
	taken := filepath.Join(folder, "taken.db")
	check(t, os.WriteFile(taken, []byte("kvar"), 0o600))
	for name, c := range map[string]struct{ path, words string }{
		"taken":           {taken, "finns redan"},
		"itself":          {s.path, "finns redan"},
		"no folder":       {filepath.Join(folder, "saknas", "k.db"), "saknas finns inte"},
		"no such disk":    {filepath.Join(folder, "disk") + "/", "disk finns inte"},
		"through a file":  {filepath.Join(taken, "k.db"), ""},
		"tampered source": {filepath.Join(folder, "k.db"), "bruten vid rad 1"},
	} {
		if name == "tampered source" {
			run(t, s.writer, `DROP TRIGGER event_no_update`)
			run(t, s.writer, `UPDATE event SET actor = 'x' WHERE seq = 1`)
		}
		_, err := s.Backup(ctx, c.path)
		if err == nil {
			t.Fatalf("%s: made", name)
		}
		if c.words != "" {
			wantSentence(t, err, c.words)
		}
		if name == "tampered source" {
			run(t, s.writer, `UPDATE event SET actor = 'p1' WHERE seq = 1`)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Backup(gone, folder); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if got := names(t, folder); !reflect.DeepEqual(got, []string{"taken.db"}) {
		t.Errorf("left behind: %v", got)
	}
	if data, err := os.ReadFile(taken); string(data) != "kvar" {
		t.Errorf("%q %v", data, err)
	}
}

// TestBackupWhileSaving also checks that saves go on meanwhile.
func TestBackupWhileSaving(t *testing.T) {
	s, id := fresh(t)
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := s.SaveAnswers(ctx, anna.ID, id, "", []engine.Change{change("a", itoa(i), i), change("b", itoa(i), i)}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var heads []engine.Head
	for range 5 {
		heads = append(heads, backup(t, s).Head)
	}
	close(stop)
	writing.Wait()
	if !slices.IsSortedFunc(heads, func(a, b engine.Head) int { return int(a.Seq - b.Seq) }) || heads[0].Seq == heads[4].Seq {
		t.Errorf("nothing was saved meanwhile: %v", heads)
	}
	for _, h := range heads {
		if h.Seq%2 != 0 {
			t.Errorf("half a save in a copy: %v", h)
		}
	}
	_, err := s.VerifyJournal(ctx, heads...)
	check(t, err)
}

// TestCheckLeavesTheCopyAlone looks at a backup with what looks at databases.
func TestCheckLeavesTheCopyAlone(t *testing.T) {
	s, _ := fresh(t)
	made := backup(t, s)
	looked, err := OpenAsIs(made.Path, clock())
	check(t, err)
	n, err := looked.VerifyJournal(ctx, made.Head)
	check(t, err)
	check(t, looked.Close())
	data, err := os.ReadFile(made.Path)
	check(t, err)
	sum := sha256.Sum256(data)
	if got := names(t, filepath.Dir(made.Path)); n != 2 || hex.EncodeToString(sum[:]) != made.SHA256 || len(got) != 2 {
		t.Errorf("%d lines, files %v", n, got)
	}
}

func TestOpenAsIs(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", "1", 0))
	// In use by a server, and then not: nothing is left beside it.
	for range 2 {
		looked, err := OpenAsIs(s.path, clock())
		check(t, err)
		check(t, looked.ErasePayloads(ctx, "", id))
		_, err = looked.VerifyJournal(ctx)
		check(t, err)
		check(t, looked.Close())
		check(t, s.Close())
	}
	if got := names(t, filepath.Dir(s.path)); !reflect.DeepEqual(got, []string{"k.db"}) {
		t.Errorf("files %v", got)
	}
	// An old database is not brought up to date.
	old := filepath.Join(t.TempDir(), "old.db")
	openClose(t, old, settings{steps: shipped[:1], busy: fast.busy})
	looked, err := OpenAsIs(old, clock())
	check(t, err)
	var steps int
	check(t, looked.reader.QueryRow(`SELECT count(*) FROM migration`).Scan(&steps))
	if steps != 1 {
		t.Errorf("%d steps", steps)
	}
	_, err = looked.Backup(ctx, t.TempDir())
	check(t, err)
	check(t, looked.Close())

	newer := filepath.Join(t.TempDir(), "newer.db")
	openClose(t, newer, later(t, `SELECT 1;`))
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	check(t, os.WriteFile(foreign, []byte("hej"), 0o600))
	for path, words := range map[string]string{
		filepath.Join(t.TempDir(), "k.db"): "finns inte",
		t.TempDir():                        "är en mapp",
		foreign:                            "är inte en databas från Kravverk",
		newer:                              "nyare version",
	} {
		_, err := OpenAsIs(path, clock())
		wantSentence(t, err, path, words)
	}
}

func TestRestore(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", "1", 0))
	run(t, s.writer, `INSERT INTO session (token, data, expires_at) VALUES ('kakan', x'00', '9')`)
	run(t, s.writer, `INSERT INTO invitation (hash, person_id, expires_at) VALUES ('inbjudan', 'p1', '9')`)
	made := backup(t, s)
	mustSave(t, s, id, change("fact/x", "2", 1))

	// To a new place.
	to := filepath.Join(t.TempDir(), "ny.db")
	done, err := restore(made.Path, to, false)
	check(t, err)
	if done != (Restored{made.Head, true, ""}) {
		t.Errorf("%+v", done)
	}
	if got := names(t, filepath.Dir(to)); !reflect.DeepEqual(got, []string{"ny.db"}) {
		t.Errorf("files %v", got)
	}
	content, err := os.ReadFile(to)
	check(t, err)
	if bytes.Contains(content, []byte("kakan")) || bytes.Contains(content, []byte("inbjudan")) {
		t.Error("a session is left in the file")
	}
	n := reopen(t, to)
	for _, table := range []string{"session", "invitation"} {
		var rows int
		check(t, n.reader.QueryRow(`SELECT count(*) FROM `+table).Scan(&rows))
		if rows != 0 {
			t.Errorf("%d rows in %s", rows, table)
		}
	}
	r, err := n.Classification(ctx, id)
	check(t, err)
	if string(r.Answers["fact/x"].Value) != "1" {
		t.Errorf("restored %+v", r.Answers)
	}
	mustSave(t, n, id, change("fact/x", "3", 1))
	check(t, n.Close())
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}

	// To the old place: only when asked, and only when nobody has it open.
	_, err = restore(made.Path, s.path, false)
	wantSentence(t, err, s.path, "--replace")
	_, err = restore(made.Path, s.path, true)
	wantSentence(t, err, s.path, "används: stoppa Kravverk")
	mustSave(t, s, id, change("fact/x", "4", 2))
	check(t, s.Close())
	done, err = restore(made.Path, s.path, true)
	check(t, err)
	kept := s.path + ".before-restore-20260304-050607"
	if done.Kept != kept {
		t.Errorf("%+v", done)
	}
	if got := names(t, filepath.Dir(s.path)); !reflect.DeepEqual(got, []string{"k.db", filepath.Base(kept)}) {
		t.Errorf("files %v", got)
	}
	for path, want := range map[string]string{s.path: "1", kept: "4"} {
		r, err := reopen(t, path).Classification(ctx, id)
		check(t, err)
		if got := string(r.Answers["fact/x"].Value); got != want {
			t.Errorf("%s has %s", path, got)
		}
	}
}

// TestRestoreOverWhatACrashLeft has the newest saves in the log only.
func TestRestoreOverWhatACrashLeft(t *testing.T) {
	s, id := fresh(t)
	made := backup(t, s)
	mustSave(t, s, id, change("fact/x", "1", 0))
	crashed := filepath.Join(t.TempDir(), "k.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(s.path + suffix)
		check(t, err)
		check(t, os.WriteFile(crashed+suffix, data, 0o600))
	}
	_, err := restore(crashed, filepath.Join(t.TempDir(), "x.db"), false)
	wantSentence(t, err, crashed, "är en databas i bruk")
	done, err := restore(made.Path, crashed, true)
	check(t, err)
	if got := names(t, filepath.Dir(crashed)); len(got) != 2 {
		t.Errorf("files %v", got)
	}
	r, err := reopen(t, done.Kept).Classification(ctx, id)
	check(t, err)
	if string(r.Answers["fact/x"].Value) != "1" {
		t.Error("what the log held is lost")
	}
	if r, err = reopen(t, crashed).Classification(ctx, id); err != nil || len(r.Answers) != 0 {
		t.Errorf("restored %+v %v", r, err)
	}

	// A log whose database is gone would be read into the new one.
	lone := filepath.Join(t.TempDir(), "k.db")
	check(t, os.WriteFile(lone+"-wal", []byte("log"), 0o600))
	_, err = restore(made.Path, lone, false)
	wantSentence(t, err, "--replace")
	done, err = restore(made.Path, lone, true)
	check(t, err)
	if got := names(t, filepath.Dir(lone)); !reflect.DeepEqual(got, []string{"k.db", filepath.Base(done.Kept) + "-wal"}) {
		t.Errorf("files %v", got)
	}
}

// TestRestoreOverRuins replaces what no program can open, and keeps it.
func TestRestoreOverRuins(t *testing.T) {
	s, _ := fresh(t)
	made := backup(t, s)
	check(t, s.Close())
	whole, err := os.ReadFile(s.path)
	check(t, err)
	for name, ruin := range map[string][]byte{"empty": nil, "text": []byte("hej"), "half": whole[:len(whole)/2], "zeroes": make([]byte, len(whole))} {
		check(t, os.WriteFile(s.path, ruin, 0o600))
		done, err := restore(made.Path, s.path, true)
		if err != nil {
			t.Errorf("%s: %v (%v)", name, err, errors.Unwrap(err))
			continue
		}
		kept, err := os.ReadFile(done.Kept)
		check(t, err)
		if !bytes.Equal(kept, ruin) {
			t.Errorf("%s: the old file is not as it was", name)
		}
		openClose(t, s.path, fast)
		check(t, os.Remove(done.Kept))
	}
}

func TestRestoreRefuses(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", `"`+strings.Repeat("x", 20000)+`"`, 0))
	good := backup(t, s)
	whole, err := os.ReadFile(good.Path)
	check(t, err)
	file := func(content []byte) string {
		path := filepath.Join(t.TempDir(), "kopia.db")
		check(t, os.WriteFile(path, content, 0o600))
		return path
	}
	summed := func(content []byte, sum string) string {
		path := file(content)
		check(t, os.WriteFile(path+".sha256", []byte(sum), 0o600))
		return path
	}
	tampered := func(sql ...string) string {
		path := file(whole)
		db := raw(t, path)
		for _, q := range sql {
			run(t, db, q)
		}
		check(t, db.Close())
		return path
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	garbage := bytes.Clone(whole)
	for i := 4096; i < len(garbage); i++ {
		garbage[i] = byte(i * 7)
	}
	newer := filepath.Join(t.TempDir(), "newer.db")
	openClose(t, newer, later(t, `SELECT 1;`))
	foreign := file(nil)
	db := raw(t, foreign)
	run(t, db, `CREATE TABLE event (seq INTEGER)`)
	check(t, db.Close())

	for name, c := range map[string]struct{ from, to, words string }{
		"missing":            {from: filepath.Join(t.TempDir(), "k.db"), words: "finns inte"},
		"folder":             {from: t.TempDir(), words: "är en mapp"},
		"wrong checksum":     {from: summed(flipped, good.SHA256+"  kopia.db\n"), words: "har inte den kontrollsumma"},
		"another's checksum": {from: summed(whole, strings.Repeat("0", 64)+"  kopia.db\n"), words: "har inte den kontrollsumma"},
		"unreadable sum":     {from: summed(whole, "<html>"), words: "går inte att läsa som en kontrollsumma"},
		"empty":              {from: file(nil), words: "är inte en databas från Kravverk"},
		"text":               {from: file([]byte(strings.Repeat("hej", 3000))), words: "är inte en databas från Kravverk"},
		"foreign":            {from: foreign, words: "är inte en databas från Kravverk"},
		"half":               {from: file(whole[:len(whole)/2]), words: "är skadad"},
		"garbage inside":     {from: file(garbage), words: "är skadad"},
		"newer":              {from: newer, words: "nyare version"},
		"tampered line":      {from: tampered(`DROP TRIGGER event_no_update`, `UPDATE event SET actor = 'x' WHERE seq = 2`), words: "bruten vid rad 2"},
		"tampered answer":    {from: tampered(`UPDATE answer SET value = '1'`), words: "stämmer inte med journalen"},
		"no such folder":     {from: good.Path, to: filepath.Join(t.TempDir(), "saknas", "k.db"), words: "finns inte"},
		"onto a folder":      {from: good.Path, to: t.TempDir(), words: "är en mapp"},
	} {
		t.Run(name, func(t *testing.T) {
			to := c.to
			if to == "" {
				to = filepath.Join(t.TempDir(), "k.db")
			}
			before, _ := os.ReadFile(c.from)
			done, err := restore(c.from, to, true)
			wantSentence(t, err, c.words)
			if done.Kept != "" {
				t.Errorf("%+v", done)
			}
			if name == "newer" != errors.Is(err, ErrNewer) || strings.HasPrefix(name, "tampered") != errors.Is(err, ErrJournal) {
				t.Errorf("%v", errors.Unwrap(err))
			}
			if c.to == "" {
				if got := names(t, filepath.Dir(to)); len(got) != 0 {
					t.Errorf("left behind: %v", got)
				}
			}
			if after, _ := os.ReadFile(c.from); !bytes.Equal(before, after) {
				t.Error("the copy was changed")
			}
		})
	}
	// Without a checksum beside it a copy is taken, and it is told.
	to := filepath.Join(t.TempDir(), "k.db")
	done, err := restore(file(whole), to, false)
	check(t, err)
	if done != (Restored{good.Head, false, ""}) {
		t.Errorf("%+v", done)
	}
	// sha256sum's other way of writing, and another name.
	_, err = restore(summed(whole, strings.ToUpper(good.SHA256)+" *annat namn.db\r\n"), to, true)
	check(t, err)
}

func TestRestoreThroughALink(t *testing.T) {
	s, _ := fresh(t)
	made := backup(t, s)
	check(t, s.Close())
	link := filepath.Join(t.TempDir(), "lank.db")
	if err := os.Symlink(s.path, link); err != nil {
		t.Skip(err)
	}
	_, err := restore(made.Path, link, true)
	check(t, err)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if got := names(t, filepath.Dir(s.path)); len(got) != 2 {
		t.Errorf("files %v", got)
	}
}

// watched is a log to look in.
type watched struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

// copies lists what is in a folder but the checksums.
func copies(t *testing.T, folder string) (list []string) {
	for _, name := range names(t, folder) {
		if !strings.HasSuffix(name, ".sha256") {
			list = append(list, name)
		}
	}
	return list
}

// The time in these tests stands still until everybody waits for it.
func TestBackups(t *testing.T) {
	folder, path := t.TempDir(), filepath.Join(t.TempDir(), "k.db")
	// What is ours only by name, or not at all, is nobody's to remove.
	for _, name := range []string{"kravverk-19990101-000000.db", "kravverk-19990101-000000.123.db", "annat.db", "kravverk-igår.db"} {
		check(t, os.WriteFile(filepath.Join(folder, name), nil, 0o600))
	}
	others := copies(t, folder)
	synctest.Test(t, func(t *testing.T) {
		s, err := open(path, time.Now, fast)
		check(t, err)
		defer s.Close()
		ctx, stop := context.WithCancel(ctx)
		log := &watched{}
		begun := time.Now().UTC()
		b := NewBackups(s, folder, 24*time.Hour, 3, time.Now, slog.New(slog.NewTextHandler(log, nil)))
		if made, next, failed := b.Latest(); made != (engine.Copy{}) || failed != nil || !next.Equal(begun) {
			t.Errorf("before: %+v %v %v", made, failed, next)
		}
		var running sync.WaitGroup
		running.Go(func() { b.Run(ctx) })
		at := func(d time.Duration) string { return begun.Add(d).Format(backupName) }
		state := func(name string, failure string, due time.Duration, held ...string) {
			t.Helper()
			synctest.Wait()
			made, next, failed := b.Latest()
			if filepath.Base(made.Path) != name || made.SHA256 == "" || (failed == nil) != (failure == "") || !next.Equal(begun.Add(due)) {
				t.Errorf("after %v: %+v, %v, next %v", time.Since(begun), made, failed, next)
			}
			if failed != nil {
				wantSentence(t, failed, failure)
			}
			want := append(slices.Clone(others), held...)
			slices.Sort(want)
			if got := copies(t, folder); !reflect.DeepEqual(got, want) {
				t.Errorf("after %v: files %v, want %v", time.Since(begun), got, want)
			}
		}
		const day = 24 * time.Hour
		state(at(0), "", day, at(0))
		time.Sleep(day - time.Second)
		state(at(0), "", day, at(0))
		time.Sleep(time.Second)
		state(at(day), "", 2*day, at(0), at(day))
		time.Sleep(2 * day)
		state(at(3*day), "", 4*day, at(day), at(2*day), at(3*day))

		// By hand, and the next is counted from it.
		time.Sleep(time.Hour)
		made, err := b.RunNow(ctx)
		check(t, err)
		hour := 3*day + time.Hour
		if made.Path != filepath.Join(folder, at(hour)) {
			t.Errorf("by hand: %+v", made)
		}
		state(at(hour), "", hour+day, at(2*day), at(3*day), at(hour))

		// The disk goes away: it is told, the old ones stay, and it is tried again.
		check(t, os.Rename(folder, folder+".away"))
		time.Sleep(day)
		synctest.Wait()
		made, next, failed := b.Latest()
		wantSentence(t, failed, folder, "finns inte")
		if filepath.Base(made.Path) != at(hour) || !next.Equal(begun.Add(hour+day+time.Hour)) {
			t.Errorf("failed: %+v, next %v", made, next)
		}
		if text := log.text.String(); !strings.Contains(text, "level=ERROR msg=\"backup failed\"") || strings.Count(text, "backup made") != 5 {
			t.Errorf("log\n%s", text)
		}
		if _, err := os.Stat(folder); err == nil {
			t.Error("the folder was made")
		}
		check(t, os.Rename(folder+".away", folder))
		time.Sleep(time.Hour)
		again := hour + day + time.Hour
		state(at(again), "", again+day, at(3*day), at(hour), at(again))

		stop()
		running.Wait()
		// At the next start the newest is found, and is not too old yet.
		b = NewBackups(s, folder, day, 3, time.Now, slog.New(slog.DiscardHandler))
		state(at(again), "", again+day, at(3*day), at(hour), at(again))
		time.Sleep(3 * day)
		if _, next, _ := b.Latest(); next.After(time.Now()) {
			t.Errorf("too old, but next is %v", next)
		}
		// A copy from the future says nothing of when the next is due.
		future := begun.Add(1000 * day).Format(backupName)
		for _, suffix := range []string{"", ".sha256"} {
			data, err := os.ReadFile(filepath.Join(folder, at(again)+suffix))
			check(t, err)
			check(t, os.WriteFile(filepath.Join(folder, future+suffix), data, 0o600))
		}
		b = NewBackups(s, folder, day, 3, time.Now, slog.New(slog.DiscardHandler))
		if _, next, _ := b.Latest(); !next.Equal(time.Now()) {
			t.Errorf("next is %v", next)
		}
	})
}

// What was stopped from outside is no failure of the backups.
func TestBackupsStopped(t *testing.T) {
	s, _ := fresh(t)
	b := NewBackups(s, t.TempDir(), time.Hour, 1, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := b.RunNow(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	b.Run(gone) // returns
	if made, _, failed := b.Latest(); made.Path != "" || failed != nil {
		t.Errorf("%+v %v", made, failed)
	}
	// Asked for by many at once, each gets an outcome.
	var many sync.WaitGroup
	for range 4 {
		many.Go(func() {
			b.RunNow(ctx)
			b.Latest()
		})
	}
	many.Wait()
	if made, _, _ := b.Latest(); made.Path == "" {
		t.Error("no copy was made")
	}
}
