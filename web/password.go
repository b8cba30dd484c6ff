package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// What a password is hashed with: argon2id by the OWASP Password Storage Cheat
// Sheet, 19 MiB of memory, two passes, one thread.
const (
	hashMemory  = 19 * 1024 // KiB
	hashPasses  = 2
	hashThreads = 1
	hashLength  = 32
	saltLength  = 16
)

// hashing holds how many hash at once, so that a crowd at the door does not
// take all the memory.
var hashing = make(chan struct{}, 4)

func argon(ctx context.Context, password string, salt []byte, memory, passes uint32, threads uint8, length int) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, passes, memory, threads, uint32(length)), nil
}

// hashPassword gives a PHC string. The error is the context's.
func hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	rand.Read(salt)
	sum, err := argon(ctx, password, salt, hashMemory, hashPasses, hashThreads, hashLength)
	if err != nil {
		return "", err
	}
	return phc{hashMemory, hashPasses, hashThreads, salt, sum}.String(), nil
}

// phc is a stored password: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
type phc struct {
	memory, passes uint32
	threads        uint8
	salt, sum      []byte
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.threads, b64(p.salt), b64(p.sum))
}

// parsePHC reads a stored password; false for one that is malformed, or that
// would cost more than any of ours.
func parsePHC(s string) (p phc, ok bool) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.threads); n != 3 || err != nil {
		return p, false
	}
	var errs [2]error
	p.salt, errs[0] = base64.RawStdEncoding.DecodeString(parts[4])
	p.sum, errs[1] = base64.RawStdEncoding.DecodeString(parts[5])
	ok = errs == [2]error{} && p.memory >= 8 && p.memory <= 256*1024 && p.passes >= 1 && p.passes <= 10 && p.threads >= 1 && p.threads <= 8 &&
		len(p.salt) >= 8 && len(p.salt) <= 64 && len(p.sum) >= 16 && len(p.sum) <= 64
	return p, ok
}

// nobody is hashed with where there is no password to compare with, so that
// the answer takes as long.
var nobody = phc{hashMemory, hashPasses, hashThreads, make([]byte, saltLength), make([]byte, hashLength)}

// checkPassword tells whether a password is the stored one, and whether that
// is hashed in another way than new ones are. One that is empty or malformed
// is nobody's. The error is the context's.
func checkPassword(ctx context.Context, stored, password string) (right, stale bool, err error) {
	p, known := parsePHC(stored)
	if !known {
		p = nobody
	}
	sum, err := argon(ctx, password, p.salt, p.memory, p.passes, p.threads, len(p.sum))
	if err != nil {
		return false, false, err
	}
	right = subtle.ConstantTimeCompare(sum, p.sum) == 1 && known
	return right, right && (p.memory != hashMemory || p.passes != hashPasses || p.threads != hashThreads || len(p.sum) != hashLength), nil
}

// How long a password may be, in characters.
const (
	shortestPassword = 12
	longestPassword  = 200
)

// passwordProblem says what to do about a password that is too easy to guess,
// with what is known of its owner; "" when it will do.
func passwordProblem(password string, about ...string) string {
	password = norm.NFC.String(password)
	switch n := utf8.RuneCountInString(password); {
	case n < shortestPassword:
		return fmt.Sprintf("Lösenordet behöver minst %d tecken. Lägg till ett ord eller två", shortestPassword)
	case n > longestPassword:
		return fmt.Sprintf("Korta lösenordet till högst %d tecken", longestPassword)
	}
	if repeats(strings.ToLower(password)) {
		return "Lösenordet är ett mönster som upprepas. Välj några ord som inte hör ihop"
	}
	// What is left without the words that anybody would try first.
	left := strings.ToLower(password)
	for _, word := range slices.Concat(strings.Fields(strings.ToLower(norm.NFC.String(strings.Join(about, " ")))), guessable) {
		if utf8.RuneCountInString(word) >= 3 {
			left = strings.ReplaceAll(left, word, "")
		}
	}
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, left)
	if utf8.RuneCountInString(letters) < 6 && left != strings.ToLower(password) {
		return "Lösenordet går att gissa utifrån namnet eller vanliga ord. Välj några ord som inte hör ihop"
	}
	return ""
}

// guessable is what passwords are made of first of all, here.
var guessable = []string{
	"kravverk", "klassning", "kommun", "lösenord", "losenord", "password", "hemligt", "hemlig", "välkommen", "valkommen", "welcome",
	"sommar", "vinter", "vår", "höst", "host", "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december",
	"måndag", "tisdag", "onsdag", "torsdag", "fredag", "qwerty", "asdfgh", "zxcvbn", "qwertyuiop", "abcdef", "admin", "administrator", "sverige", "stockholm", "göteborg", "malmö",
	"iloveyou", "letmein", "football", "fotboll", "monkey", "dragon", "princess", "superman", "batman",
}

// repeats tells whether a text is a short piece over and over, or a run of
// neighbours: aaaaaaaaaaaa, abcabcabcabc, 123456789012.
func repeats(s string) bool {
	r := []rune(s)
	for size := 1; size <= 4 && size*2 < len(r); size++ {
		same := true
		for i := size; i < len(r); i++ {
			same = same && r[i] == r[i-size]
		}
		if same {
			return true
		}
	}
	neighbours := 0
	for i := 1; i < len(r); i++ {
		if d := r[i] - r[i-1]; d == 1 || d == -1 || d == 0 || d == '0'-'9' {
			neighbours++
		}
	}
	return neighbours*4 >= (len(r)-1)*3
}
