package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
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
// would cost far more than any of ours.
func parsePHC(s string) (p phc, ok bool) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return p, false
	}
	fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.threads)
	p.salt, _ = base64.RawStdEncoding.DecodeString(parts[4])
	p.sum, _ = base64.RawStdEncoding.DecodeString(parts[5])
	ok = p.String() == s && p.memory >= 8 && p.memory <= 256*1024 && p.passes >= 1 && p.passes <= 10 && p.threads >= 1 && p.threads <= 8 &&
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
	return right, right && (p.memory != hashMemory || p.passes != hashPasses || p.threads != hashThreads || len(p.salt) != saltLength || len(p.sum) != hashLength), nil
}

// How long a password may be, in characters.
const (
	shortestPassword = 12
	longestPassword  = 200
)

// passwordProblem says what to do about a password that is too easy to guess,
// with what is known of its owner; "" when it will do.
func passwordProblem(password string, about ...string) string {
	switch n := utf8.RuneCountInString(norm.NFC.String(password)); {
	case n < shortestPassword:
		return fmt.Sprintf("Lösenordet behöver minst %d tecken. Lägg till ett ord eller två", shortestPassword)
	case n > longestPassword:
		return fmt.Sprintf("Korta lösenordet till högst %d tecken", longestPassword)
	}
	plain := plainly(password)
	switch {
	case repeats(plain) || runs(plain):
		return "Lösenordet är ett mönster som upprepas eller en rad i ordning. Välj några ord som inte hör ihop"
	case mostly(plain, append([]string{"kravverk"}, about...)):
		return "Lösenordet går att gissa utifrån ditt namn, ditt användarnamn eller Kravverk. Välj några ord som inte hör ihop"
	case guessedFirst(plain):
		return "Lösenordet går att gissa, för det hör till de vanligaste. Välj några ord som inte hör ihop"
	}
	return ""
}

// plainly is a text as somebody who guesses would try it: in lower case, and
// without the dots and rings of its letters.
func plainly(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}

func notLetter(r rune) bool       { return !unicode.IsLetter(r) }
func notAlphanumeric(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// repeats tells whether a text is a short piece over and over, as losenordlosenord,
// or has few characters, as aaaaaaaaaaa1.
func repeats(s string) bool {
	r := []rune(s)
	few := map[rune]bool{}
	for _, x := range r {
		few[x] = true
	}
	if len(few) < 5 {
		return true
	}
	for size := 1; size < shortestPassword && size*2 <= len(r); size++ {
		if slices.Equal(r[size:], r[:len(r)-size]) {
			return true
		}
	}
	return false
}

// rows are what fingers and minds follow, in both directions.
var rows = []string{
	"01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm",
	"09876543210", "zyxwvutsrqponmlkjihgfedcba", "poiuytrewq", "lkjhgfdsa", "mnbvcxz",
}

// runs tells whether a text is pieces of rows and little else, as abcd1234qwer.
func runs(s string) bool {
	strays := 0
	for s != "" {
		longest := 0
		for n := 3; n <= len(s) && slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, s[:n]) }); n++ {
			longest = n
		}
		if longest == 0 {
			_, longest = utf8.DecodeRuneInString(s)
			strays++
		}
		s = s[longest:]
	}
	return strays <= 3
}

// mostly tells whether a text has any of the words in it and little else.
func mostly(s string, words []string) bool {
	left := s
	for _, word := range words {
		for _, part := range strings.FieldsFunc(plainly(word), notAlphanumeric) {
			if utf8.RuneCountInString(part) >= 3 { // two letters stand in any word
				left = strings.ReplaceAll(left, part, " ")
			}
		}
	}
	return left != s && utf8.RuneCountInString(strings.Join(strings.FieldsFunc(left, notAlphanumeric), "")) < 8
}

// digitsAsLetters undoes what p@ssw0rd does to a word.
var digitsAsLetters = strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "0", "o", "5", "s", "$", "s", "7", "t")

// guessedFirst tells whether a text is a common password, or one or two common
// words with little more than digits and signs around them.
func guessedFirst(s string) bool {
	words := commonPasswords()
	known := func(x string) bool { return words[x] || words[digitsAsLetters.Replace(x)] }
	for _, core := range []string{s, strings.TrimFunc(s, notAlphanumeric), strings.TrimRightFunc(s, notLetter), strings.TrimFunc(s, notLetter)} {
		if utf8.RuneCountInString(s)-utf8.RuneCountInString(core) > 10 {
			continue
		}
		if known(core) {
			return true
		}
		for i := range core {
			if known(core[:i]) && known(strings.TrimLeftFunc(core[i:], notLetter)) {
				return true
			}
		}
	}
	return false
}

//go:embed passwords.txt.gz
var packedPasswords []byte

// commonPasswords are those of the list and those that are near at hand here,
// written plainly.
var commonPasswords = sync.OnceValue(func() map[string]bool {
	packed, err := gzip.NewReader(bytes.NewReader(packedPasswords))
	if err != nil {
		panic(err)
	}
	list, err := io.ReadAll(packed)
	if err != nil {
		panic(err)
	}
	words := map[string]bool{}
	for _, x := range strings.Fields(string(list) + swedishPasswords) {
		words[plainly(x)] = true
	}
	return words
})

const swedishPasswords = `
lösenord lösenordet lösen hemlig hemligt hemligheten välkommen inloggning användare administratör byta bytmig klassning säkerhet
sommar sommaren vinter vintern vår våren höst hösten semester jul julafton midsommar påsk
januari februari mars april maj juni juli augusti september oktober november december
måndag tisdag onsdag torsdag fredag lördag söndag
sverige svensk kommun kommunen staden stadshuset region fotboll hockey ishockey hammarby djurgården hejsan hejhej älskling jagälskardig
stockholm göteborg malmö uppsala västerås örebro linköping helsingborg jönköping norrköping lund umeå gävle borås eskilstuna södertälje
karlstad växjö halmstad sundsvall luleå trollhättan östersund kalmar kristianstad karlskrona skellefteå uddevalla varberg
`
