package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

const userHelp = `
  kravverk user add "Maria Lindqvist" --login maria --role administrator
  kravverk user reset maria
  kravverk user disable maria
  kravverk user enable maria
  kravverk user list

add lägger till en person och skriver ut en inbjudan: en länk som släpper in
henne en gång, för att välja lösenord eller logga in med kommunens konto. reset
stänger det gamla lösenordet, avslutar alla inloggningar och skriver ut en ny
inbjudan. disable stänger av kontot och avslutar alla inloggningar.

Personen anges med användarnamn eller id. Resten av administrationen finns i
webbverktyget.`

// invitationDays is how long an invitation can be used.
const invitationDays = 7

func user(e env, args []string) error {
	flags := newFlags("user")
	file := flags.String("db", "kravverk.db", "databasens `FIL`")
	login := flags.String("login", "", "`ANVÄNDARNAMN` för ett lokalt konto (utan valet: bara kommunens konto)")
	role := flags.String("role", "", "`ROLL` i hela organisationen, till exempel administrator")
	address := flags.String("url", "http://127.0.0.1:8080", "`ADRESS` där Kravverk nås, för länken")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return fmt.Errorf("skriv vad som ska göras: add, reset, disable, enable eller list. Kör kravverk user --help.")
	}
	if err := oneOf("role", *role, append(roleIDs(), "")...); err != nil {
		return err
	}
	db, err := openExisting(*file, rest[0] == "add")
	if err != nil {
		return err
	}
	defer db.Close()
	ctx := context.Background()
	invite := func(a engine.Account) error {
		until := time.Now().AddDate(0, 0, invitationDays)
		token, err := db.Invite(ctx, "", a.ID, until)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "Inbjudan till %s, gäller en gång och till och med %s:\n%s/inbjudan/%s\n", a.Name, until.Format(time.DateOnly), strings.TrimRight(*address, "/"), token)
		return nil
	}
	switch verb, rest := rest[0], rest[1:]; {
	case verb == "list" && len(rest) == 0:
		return listUsers(ctx, e, db)
	case !slices.Contains([]string{"add", "reset", "disable", "enable"}, verb):
		return fmt.Errorf("%q är inget som user kan göra. Kör kravverk user --help.", verb)
	case len(rest) != 1 || strings.TrimSpace(rest[0]) == "":
		return fmt.Errorf("skriv en person efter %s, med citattecken om namnet har mellanslag. Kör kravverk user --help.", verb)
	case verb == "add":
		a := engine.Account{Person: engine.Person{Name: rest[0]}, Login: *login}
		if *role != "" {
			a.Grants = []engine.Grant{{Unit: store.TopUnit, Role: *role}}
		}
		if a, err = db.AddAccount(ctx, "", a); err != nil {
			return err
		}
		return invite(a)
	default:
		a, err := findUser(ctx, db, rest[0])
		if err != nil {
			return err
		}
		if verb == "reset" {
			if err := db.SetPassword(ctx, "", a.ID, ""); err != nil {
				return err
			}
			return invite(a)
		}
		if err := db.SetDisabled(ctx, "", a.ID, verb == "disable"); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, map[bool]string{true: "%s är avstängd och utloggad.\n", false: "%s kan logga in igen.\n"}[verb == "disable"], a.Name)
		return nil
	}
}

// openExisting opens a database that is there, or with create makes one.
func openExisting(file string, create bool) (*store.Store, error) {
	if _, err := os.Stat(file); !create && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("databasen %s finns inte. Ange rätt fil med --db.", file)
	}
	return store.Open(file, time.Now)
}

func roleIDs() []string {
	var ids []string
	for _, r := range web.Roles {
		ids = append(ids, r.ID)
	}
	return ids
}

// findUser finds somebody by login or id.
func findUser(ctx context.Context, db *store.Store, name string) (engine.Account, error) {
	accounts, err := db.Accounts(ctx)
	if err != nil {
		return engine.Account{}, err
	}
	for _, a := range accounts {
		if a.ID == name || a.Login != "" && strings.EqualFold(a.Login, name) {
			return a, nil
		}
	}
	return engine.Account{}, fmt.Errorf("det finns ingen med användarnamnet %q. Kör kravverk user list.", name)
}

func listUsers(ctx context.Context, e env, db *store.Store) error {
	accounts, err := db.Accounts(ctx)
	if err != nil {
		return err
	}
	org, err := db.Organisation(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		var roles []string
		for _, g := range a.Grants {
			roles = append(roles, g.Role+" i "+org.Title(g.Unit))
		}
		state := ""
		if !a.Disabled.IsZero() {
			state = ", avstängd"
		}
		fmt.Fprintf(e.stdout, "%s  %s (%s%s): %s\n", a.ID, cmp.Or(a.Name, "utan namn"), cmp.Or(a.Login, "utan lokalt konto"), state, cmp.Or(strings.Join(roles, ", "), "ingen roll"))
	}
	return nil
}
