package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// hashed is a password hashed with other parameters than today's.
func hashed(password string, memory, passes uint32, threads uint8, salt string, length int) string {
	return phc{memory, passes, threads, []byte(salt), argon2.IDKey([]byte(password), []byte(salt), passes, memory, threads, uint32(length))}.String()
}

func TestPasswords(t *testing.T) {
	ctx := t.Context()
	const password = "rönn gärdsgård 🌲 kaffe"
	stored, err := hashPassword(ctx, password)
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(stored, "kaffe") {
		t.Fatalf("%q %v", stored, err)
	}
	if again, _ := hashPassword(ctx, password); again == stored {
		t.Error("the same password twice gives the same text: there is no salt")
	}
	salt := strings.Repeat("s", saltLength)
	for _, x := range []struct {
		name, stored, password string
		right, stale           bool
	}{
		{"right", stored, password, true, false},
		{"the same letters, written in another way", stored, norm.NFD.String(password), true, false},
		{"wrong", stored, password + " ", false, false},
		{"empty", stored, "", false, false},
		{"today's", hashed("a", hashMemory, hashPasses, hashThreads, salt, hashLength), "a", true, false},
		{"less memory", hashed("a", 1024, hashPasses, hashThreads, salt, hashLength), "a", true, true},
		{"less memory, wrong", hashed("a", 1024, hashPasses, hashThreads, salt, hashLength), "b", false, false},
		{"more passes", hashed("a", hashMemory, 3, hashThreads, salt, hashLength), "a", true, true},
		{"more threads", hashed("a", hashMemory, hashPasses, 2, salt, hashLength), "a", true, true},
		{"short salt", hashed("a", hashMemory, hashPasses, hashThreads, "12345678", hashLength), "a", true, true},
		{"short sum", hashed("a", hashMemory, hashPasses, hashThreads, salt, 16), "a", true, true},
	} {
		right, stale, err := checkPassword(ctx, x.stored, x.password)
		if right != x.right || stale != x.stale || err != nil {
			t.Errorf("%s: %v, stale %v, %v", x.name, right, stale, err)
		}
	}
}

// What is not a password of ours lets nobody in, and costs what one of ours does.
func TestPasswordsMalformed(t *testing.T) {
	good := hashed("a", hashMemory, hashPasses, hashThreads, "1234567890123456", hashLength)
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not in %s", old, good)
		}
		return strings.Replace(good, old, new, 1)
	}
	cut := strings.LastIndex(good, "$") + 1
	for _, stored := range []string{
		"", "$", "$$$$$", "a", good[1:], good + "$", good + "$x", good[:cut], good[:cut] + "AAAA", good[:len(good)-30], good + "!", " " + good, good + "\n",
		swap("argon2id", "argon2i"), swap("v=19", "v=16"), swap("m=19456", "m=0"), swap("m=19456", "m=-1"), swap("m=19456", "m=+19456"),
		swap("m=19456", "m=1048577"), swap("m=19456", "m=4294967295"), swap("m=19456", "m=99999999999999999999"),
		swap("t=2", "t=0"), swap("t=2", "t=1000000"), swap("p=1", "p=0"), swap("p=1", "p=255"), swap("p=1", "p=256"), swap("p=1", "p=1,x=1"), swap("p=1", "p=1 "),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		right, stale, err := checkPassword(t.Context(), stored, "a")
		runtime.ReadMemStats(&after)
		if right || stale || err != nil {
			t.Errorf("%q: %v, stale %v, %v", stored, right, stale, err)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) / 1024; used < hashMemory || used > 2*hashMemory {
			t.Errorf("%q: %d KiB used, and today's passwords use %d", stored, used, hashMemory)
		}
	}
	if right, _, _ := checkPassword(t.Context(), nobody.String(), ""); right {
		t.Error("the hash of nobody opens")
	}
}

// Too many at once wait, and give up with their request.
func TestPasswordsWait(t *testing.T) {
	for range cap(hashing) {
		hashing <- struct{}{}
	}
	defer func() {
		for range cap(hashing) {
			<-hashing
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hashPassword(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("hashed though all places were taken: %v", err)
	}
	if right, _, err := checkPassword(ctx, "", "a"); right || !errors.Is(err, context.Canceled) {
		t.Errorf("checked though all places were taken: %v, %v", right, err)
	}
}

func TestPasswordProblem(t *testing.T) {
	for want, passwords := range map[string][]string{
		"": {
			"rönn gärdsgård kaffe", "🌲🌊🚲🧀🥁🎈🪁🍄🦔🐝🌵🍋", "correct horse battery staple", "Tr0ub4dor&3xyzzy", "            mellanslag",
			"x7Qp2m9Lw4Zk", "sommarregn över taken", "bokhylla med lösa brädor", "tre gula cyklar i regn", "en bok om boende",
			"hemligt möte vid ån", "123456 gröna flaskor på hyllan", "Anna gillar inte spenat", "regn över exempelstad",
		},
		"minst 12":  {"", "kort", "elva tecken", "åäöåäöåäöåä", norm.NFD.String("rönngärdsgå")},
		"högst 200": {strings.Repeat("ett två tre fyra ", 12)},
		"upprepas": {
			"aaaaaaaaaaaa", "abcabcabcabc", "abcabcabcabca", "123456789012", "9876543210987", "abcdefghijkl", "lösenordlösenord", "aaaaaaaaaaa1",
			"qwertyuiopås", "abcd1234qwer", "121212121212", "Abc123Abc123", "zxcvbnm12345!", "åååååååååååå", "🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲", "qwertyuiop12", "123qweasdzxc",
		},
		"utifrån ditt namn": {
			"anna anna katt", "LINDQVIST 2026 27", "Anna.Lindqvist1", "min åkesson 1", "min akesson 1", norm.NFD.String("min åkesson 1"), "exempelstad 1622",
			"Kravverk2026!", "anna i kravverk",
		},
		"vanligaste": {
			"password1234", "password1234!", "Password2026", "P@ssw0rd2026", "sommar2026!!", "Sommar-2026-", "vinter202627", "höst20262027", "vår2026höst27",
			"våren2026!!!", "lösenord1234", "losenord1234", "L0senord!2026", "hemligt12345", "välkommen2026", "Välkommen123!", "göteborg2026", "2026stockholm",
			"!!!sommar2026", "1qaz2wsx3edc", "1qaz2wsx3edc!", "unbelievable", "Finalfantasy7", "sommarvinter", "sommar2026vinter", "Lösenord1 hemligt", "VälkommenHöst26",
		},
	} {
		for _, x := range passwords {
			if got := passwordProblem(x, "anna.lindqvist@exempelstad.se", "Anna Bo Lindqvist-Åkesson"); want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("%q: %q, want %q", x, got, want)
			}
		}
	}
}

// ASVS 5.0 6.2.4 asks for the 3000 most common that are long enough.
func TestCommonPasswords(t *testing.T) {
	manifest, err := os.ReadFile("MANIFEST")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(packedPasswords); !bytes.Contains(manifest, []byte(" "+hex.EncodeToString(sum[:])+"\n")) {
		t.Errorf("passwords.txt.gz is not the file of the manifest: it has sha256 %x", sum)
	}
	long := 0
	for x := range commonPasswords() {
		if len(x) < shortestPassword {
			continue
		}
		long++
		if passwordProblem(x) == "" {
			t.Errorf("%q is common", x)
		}
	}
	if long < 3000 {
		t.Errorf("%d common passwords are long enough, want 3000", long)
	}
}
