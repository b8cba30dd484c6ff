package web

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestPasswords(t *testing.T) {
	ctx := context.Background()
	const secret = "tre gula cyklar i r\u00e5gn"
	stored, err := hashPassword(ctx, secret)
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(stored, "cyklar") {
		t.Fatalf("%q %v", stored, err)
	}
	if again, _ := hashPassword(ctx, secret); again == stored {
		t.Error("the same password twice gives the same text: there is no salt")
	}
	for password, want := range map[string]bool{
		secret: true, "tre gula cyklar i ra\u030agn": true, // the same letters, written in another way
		"Tre gula cyklar i r\u00e5gn": false, secret + " ": false, "": false,
	} {
		if right, stale, err := checkPassword(ctx, stored, password); right != want || stale || err != nil {
			t.Errorf("%q: %v %v %v", password, right, stale, err)
		}
	}
	// One hashed with less is right, and is to be hashed anew.
	sum, err := argon(ctx, "x", []byte("saltsaltsalt"), 64, 1, 1, 32)
	if err != nil {
		t.Fatal(err)
	}
	if right, stale, _ := checkPassword(ctx, phc{64, 1, 1, []byte("saltsaltsalt"), sum}.String(), "x"); !right || !stale {
		t.Errorf("an older hash: %v %v", right, stale)
	}
}

func TestMalformedPasswords(t *testing.T) {
	good, err := hashPassword(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string]string{
		"empty": "", "plain text": "x", "another kind": strings.Replace(good, "argon2id", "argon2i", 1), "another version": strings.Replace(good, "v=19", "v=16", 1),
		"much memory": strings.Replace(good, "m=19456", "m=4194304", 1), "many passes": strings.Replace(good, "t=2", "t=999999", 1),
		"no memory": strings.Replace(good, "m=19456", "m=0", 1), "no threads": strings.Replace(good, "p=1", "p=0", 1), "negative": strings.Replace(good, "t=2", "t=-2", 1),
		"cut": good[:len(good)-30], "no hash": good[:strings.LastIndex(good, "$")+1], "more": good + "$x", "bad base64": strings.Replace(good, "p=1$", "p=1$*", 1),
	} {
		if right, stale, err := checkPassword(context.Background(), stored, "x"); right || stale || err != nil {
			t.Errorf("%s: %v %v %v", name, right, stale, err)
		}
	}
	// The hash of nobody is no password's.
	if right, _, _ := checkPassword(context.Background(), nobody.String(), ""); right {
		t.Error("the hash of nobody opens")
	}
}

// Too many at once wait, and give up with their request.
func TestHashingWaits(t *testing.T) {
	for range cap(hashing) {
		hashing <- struct{}{}
	}
	defer func() {
		for range cap(hashing) {
			<-hashing
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := hashPassword(ctx, "x"); err != context.DeadlineExceeded {
		t.Errorf("hashed though all places were taken: %v", err)
	}
	if right, _, err := checkPassword(ctx, "", "x"); right || err != context.DeadlineExceeded {
		t.Errorf("checked though all places were taken: %v", err)
	}
}

func TestPasswordProblem(t *testing.T) {
	for password, want := range map[string]string{
		"tre gula cyklar i regn": "", "åäöåäöÅÄÖ😀😀xyz": "", "korrekt häst batteri": "", "Maria gillar inte spenat": "", strings.Repeat("ord och ", 24): "",
		"kort": "minst 12", "elva tecken": "minst 12", "åäöåäöåäö": "minst 12", strings.Repeat("x y ", 51): "högst 200",
		"aaaaaaaaaaaa": "upprepas", "abcabcabcabc": "upprepas", "123456789012": "upprepas", "abcdefghijkl": "upprepas", "9876543210987": "upprepas",
		"marialindqvist": "gissa", "Maria.Lindqvist1": "gissa", "kravverk2026!": "gissa", "sommar2026!!!": "gissa", "Lösenord12345": "gissa", "password1234!": "gissa", "qwertyuiop12": "gissa", "VälkommenHöst26": "gissa",
	} {
		if got := passwordProblem(password, "maria", "Maria Lindqvist"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
}
