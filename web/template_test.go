package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"html/template"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
)

// pageTypes is what each page's template is given, in the one place that says
// so. "page/part" is a part that a handler answers htmx with.
var pageTypes = map[string]reflect.Type{
	"account":        reflect.TypeFor[accountPage](),
	"administration": reflect.TypeFor[overviewPage](),
	"units":          reflect.TypeFor[unitsPage](),
	"unit":           reflect.TypeFor[unitPage](),
	"people":         reflect.TypeFor[peoplePage](),
	"newpeople":      reflect.TypeFor[newPeoplePage](),
	"invitations":    reflect.TypeFor[invitationsPage](),
	"person":         reflect.TypeFor[personPage](),
	"roles":          reflect.TypeFor[rolesPage](),
	"provider":       reflect.TypeFor[providerPage](),
	"sessions":       reflect.TypeFor[sessionsPage](),
	"operation":      reflect.TypeFor[operationPage](),
	"movesystem":     reflect.TypeFor[movePage](),
	"commitments":    reflect.TypeFor[commitmentsPage](),
	"approval":       reflect.TypeFor[approvalPage](),
	"ask":            reflect.TypeFor[askPage](),
	"accessibility":  reflect.TypeFor[aboutPage](),
	"case":           reflect.TypeFor[casePage](),
	"cases":          reflect.TypeFor[casesPage](),
	"comments":       reflect.TypeFor[commentsPage](),
	"coverage":       reflect.TypeFor[coveragePage](),
	"framework":      reflect.TypeFor[frameworkPage](),
	"law":            reflect.TypeFor[lawPage](),
	"lawshelf":       reflect.TypeFor[lawShelfPage](),
	"protocol":       reflect.TypeFor[protocolPage](),
	"revisions":      reflect.TypeFor[revisionsPage](),
	"practice":       reflect.TypeFor[practicePage](),
	"practices":      reflect.TypeFor[practicesPage](),
	"rule":           reflect.TypeFor[rulePage](),
	"search":         reflect.TypeFor[searchPage](),
	"catalog":        reflect.TypeFor[catalogPage](),
	"catalogs":       reflect.TypeFor[catalogsPage](),
	"delegate":       reflect.TypeFor[delegatePage](),
	"export":         reflect.TypeFor[exportPage](),
	"history":        reflect.TypeFor[historyPage](),
	"traces":         reflect.TypeFor[tracesPage](),
	"undo":           reflect.TypeFor[undoPage](),
	"information":    reflect.TypeFor[informationPage](),
	"invitation":     reflect.TypeFor[invitationPage](),
	"laws":           reflect.TypeFor[lawsPage](),
	"newsystem":      reflect.TypeFor[newSystemPage](),
	"privacy":        reflect.TypeFor[aboutPage](),
	"problem":        reflect.TypeFor[problemPage](),
	"questions":      reflect.TypeFor[questionsPage](),
	"raise":          reflect.TypeFor[raisePage](),
	"requirement":    reflect.TypeFor[requirementPage](),
	"requirements":   reflect.TypeFor[requirementsPage](),
	"signin":         reflect.TypeFor[signInPage](),
	"start":          reflect.TypeFor[startPage](),
	"stop":           reflect.TypeFor[stopPage](),
	"system":         reflect.TypeFor[systemPage](),
	"tie":            reflect.TypeFor[tiePage](),
	"systems":        reflect.TypeFor[systemsPage](),
	"tasks":          reflect.TypeFor[tasksPage](),
	"whatif":         reflect.TypeFor[whatifPage](),

	"tailoring":  reflect.TypeFor[tailoringPage](),
	"tailor":     reflect.TypeFor[tailorPage](),
	"tenders":    reflect.TypeFor[tendersPage](),
	"reading":    reflect.TypeFor[readingPage](),
	"tender":     reflect.TypeFor[tenderPage](),
	"comparison": reflect.TypeFor[comparisonPage](),

	"leave":           reflect.TypeFor[leavePage](),
	"begin":           reflect.TypeFor[beginPage](),
	"verify":          reflect.TypeFor[verifyPage](),
	"verify/rowsaved": reflect.TypeFor[rowSaved](),
	"accept":          reflect.TypeFor[acceptPage](),
	"respond":         reflect.TypeFor[respondPage](),
	"sources":         reflect.TypeFor[sourcesPage](),
	"platform":        reflect.TypeFor[platformPage](),
	"plan":            reflect.TypeFor[planPage](),
	"action":          reflect.TypeFor[actionPage](),
	"suppliers":       reflect.TypeFor[suppliersPage](),
	"supplierlink":    reflect.TypeFor[supplierLinkPage](),
	"answering":       reflect.TypeFor[answeringPage](),
	"linkgone":        reflect.TypeFor[gonePage](),
	"planread":        reflect.TypeFor[planReadPage](),
	"actions":         reflect.TypeFor[myActionsPage](),
	"deviation":       reflect.TypeFor[deviationPage](),
	"agreements":      reflect.TypeFor[agreementsPage](),
	"hows":            reflect.TypeFor[howsPage](),
	"how":             reflect.TypeFor[howPage](),
	"agreement":       reflect.TypeFor[agreementPage](),

	"ask/card":           reflect.TypeFor[askPage](),
	"whatif/tried":       reflect.TypeFor[whatifPage](),
	"information/verkan": reflect.TypeFor[informationPage](),
	"raise/verkan":       reflect.TypeFor[raisePage](),
	"questions/question": reflect.TypeFor[question](),
	"questions/swapped":  reflect.TypeFor[questionsPage](),
	"questions/saved":    reflect.TypeFor[question](),
}

func loadForTest(t *testing.T) (pages, template.FuncMap) {
	t.Helper()
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	p, err := loadPages(a)
	if err != nil {
		t.Fatal(err)
	}
	return p, templateFuncs(a)
}

func TestTemplateTypes(t *testing.T) {
	all, funcs := loadForTest(t)
	called := map[string]bool{}
	for name, typ := range pageTypes {
		base, part, ok := strings.Cut(name, "/")
		if !ok {
			part = "frame"
		}
		if all[base] == nil {
			t.Errorf("%s: no such template", name)
			continue
		}
		c := checker{lookup: treesOf(all[base]), funcs: funcs, seen: map[string]bool{}}
		c.template(part, typ)
		for _, e := range c.errs {
			t.Errorf("%s: %s", name, e)
		}
		for key := range c.seen {
			part, _, _ := strings.Cut(key, " ")
			called[base+"/"+part] = true
			called[part] = true
		}
	}
	for base, set := range all {
		if pageTypes[base] == nil {
			t.Errorf("%s has no type in pageTypes", base)
		}
		for name, tree := range treesOf(set) {
			// A shared part need only be called by some page.
			if !called[base+"/"+name] && !(called[name] && tree.ParseName != base+".html") {
				t.Errorf("%s: the part %q is never called", tree.ParseName, name)
			}
		}
	}
	// What the handlers render is what is checked.
	for _, name := range rendered(t) {
		if pageTypes[name] == nil {
			t.Errorf("%s is rendered, and has no type in pageTypes", name)
		}
	}
}

// A checker that finds nothing must be known to find things.
func TestCheckerFindsMistakes(t *testing.T) {
	_, funcs := loadForTest(t)
	for source, want := range map[string]string{
		`{{.Titel}}`:                             "no field or method Titel",
		`{{range .Rows}}{{.Sytem.Title}}{{end}}`: "no field or method Sytem",
		`{{with .Row}}{{$x := .Levels}}{{range $x}}{{.Nmae}}{{end}}{{end}}`: "no field or method Nmae",
		`{{range $i, $r := .Rows}}{{$r.Bsae}}{{end}}`:                       "no field or method Bsae",
		`{{template "part" .Row}}{{define "part"}}{{.Query}}{{end}}`:        "no field or method Query",
		`{{if eq .All "tre"}}{{end}}`:                                       "eq compares int with string",
		`{{count .Query "en" "två"}}`:                                       "argument 1 of count is string, not int",
		`{{lower .Query .Query}}`:                                           "lower takes 1 arguments, not 2",
		`{{.Rows | upper}}`:                                                 "argument 1 of upper is []web.systemRow, not string",
		`{{nofunc .}}`:                                                      "not defined",
		`{{.Row}}`:                                                          "prints a web.systemRow",
		`{{range .Query}}{{end}}`:                                           "ranges over string",
		`{{index .Rows "a"}}`:                                               "index of []web.systemRow with string",
		`{{$.Rwo}}`:                                                         "no field or method Rwo",
		`{{(index .Rows 0).Bas}}`:                                           "no field or method Bas",
	} {
		type wrong struct {
			page
			Row   systemRow
			Rows  []systemRow
			Query string
			All   int
		}
		set, err := template.New("x").Funcs(funcs).Parse(source)
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", source, err)
			}
			continue
		}
		c := checker{lookup: treesOf(set), funcs: funcs, seen: map[string]bool{}}
		c.template("x", reflect.TypeFor[wrong]())
		if len(c.errs) != 1 || !strings.Contains(c.errs[0], want) {
			t.Errorf("%s: got %q, want one with %q", source, c.errs, want)
		}
	}
}

func TestNoLoosePageData(t *testing.T) {
	for name, typ := range pageTypes {
		if typ.Kind() != reflect.Struct {
			t.Errorf("%s is given %s: a page has a struct of its own", name, typ)
		}
	}
}

// rendered lists what the handlers hand to render and renderPart.
func rendered(t *testing.T) (names []string) {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "render" && sel.Sel.Name != "renderPart" {
				return true
			}
			text := func(i int) (string, bool) {
				lit, ok := call.Args[i].(*ast.BasicLit)
				if !ok {
					return "", false
				}
				s, err := strconv.Unquote(lit.Value)
				return s, err == nil
			}
			if base, ok := text(2); ok {
				if part, ok := text(3); ok && sel.Sel.Name == "renderPart" {
					base += "/" + part
				}
				names = append(names, base)
			}
			return true
		})
	}
	if len(names) < 20 {
		t.Errorf("only %d renderings found: has render changed its name?", len(names))
	}
	return names
}

func treesOf(set *template.Template) map[string]*parse.Tree {
	out := map[string]*parse.Tree{}
	for _, x := range set.Templates() {
		if x.Tree != nil && !parse.IsEmptyTree(x.Tree.Root) {
			out[x.Name()] = x.Tree
		}
	}
	return out
}

// checker walks templates with the types that they will meet.
type checker struct {
	lookup map[string]*parse.Tree
	funcs  template.FuncMap
	seen   map[string]bool // part and type, so that recursion ends
	errs   []string
	tree   *parse.Tree
}

// unknown is a type that only the truth of is asked: of and, or, and nil.
type unknown struct{}

var (
	anyType    = reflect.TypeFor[unknown]()
	boolType   = reflect.TypeFor[bool]()
	intType    = reflect.TypeFor[int]()
	stringType = reflect.TypeFor[string]()
	errorType  = reflect.TypeFor[error]()
	stringer   = reflect.TypeFor[fmt.Stringer]()
)

func (c *checker) errorf(n parse.Node, format string, args ...any) reflect.Type {
	where, _ := c.tree.ErrorContext(n)
	c.errs = append(c.errs, where+": "+fmt.Sprintf(format, args...))
	return nil
}

// scope is the variables, innermost last. A nil type has been complained of.
type scope []variable

type variable struct {
	name string
	typ  reflect.Type
}

func (c *checker) template(name string, dot reflect.Type) {
	key := name + " " + dot.String()
	if c.seen[key] {
		return
	}
	c.seen[key] = true
	tree, outer := c.lookup[name], c.tree
	if tree == nil {
		c.errs = append(c.errs, "no part "+name)
		return
	}
	c.tree = tree
	c.walk(tree.Root, dot, &scope{{"$", dot}})
	c.tree = outer
}

func (c *checker) walk(node parse.Node, dot reflect.Type, vars *scope) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, x := range n.Nodes {
			c.walk(x, dot, vars)
		}
	case *parse.ActionNode:
		typ := c.pipe(n.Pipe, dot, vars)
		if len(n.Pipe.Decl) == 0 && typ != nil && !printable(typ) {
			c.errorf(n, "%s prints a %s", n, typ)
		}
	case *parse.IfNode:
		c.branch(dot, vars, func(inner *scope) { c.pipe(n.Pipe, dot, inner); c.walk(n.List, dot, inner) })
		c.branch(dot, vars, func(inner *scope) { c.walk(n.ElseList, dot, inner) })
	case *parse.WithNode:
		c.branch(dot, vars, func(inner *scope) {
			if typ := c.pipe(n.Pipe, dot, inner); typ != nil {
				c.walk(n.List, typ, inner)
			}
		})
		c.branch(dot, vars, func(inner *scope) { c.walk(n.ElseList, dot, inner) })
	case *parse.RangeNode:
		c.branch(dot, vars, func(inner *scope) { c.rangeOver(n, dot, inner) })
		c.branch(dot, vars, func(inner *scope) { c.walk(n.ElseList, dot, inner) })
	case *parse.TemplateNode:
		if n.Pipe == nil {
			c.errorf(n, "part %s is called without its argument", n.Name)
		} else if typ := c.pipe(n.Pipe, dot, vars); typ != nil {
			c.template(n.Name, typ)
		}
	}
}

func (c *checker) branch(_ reflect.Type, vars *scope, f func(*scope)) {
	inner := slices.Clone(*vars)
	f(&inner)
}

func (c *checker) rangeOver(n *parse.RangeNode, dot reflect.Type, vars *scope) {
	decl := n.Pipe.Decl
	bare := *n.Pipe
	bare.Decl = nil
	typ := c.pipe(&bare, dot, vars)
	if typ == nil {
		return
	}
	typ = indirect(typ)
	key := intType
	switch typ.Kind() {
	case reflect.Slice, reflect.Array:
	case reflect.Map:
		key = typ.Key()
	default:
		c.errorf(n, "ranges over %s", typ)
		return
	}
	elem := typ.Elem()
	switch len(decl) {
	case 1:
		*vars = append(*vars, variable{decl[0].Ident[0], elem})
	case 2:
		*vars = append(*vars, variable{decl[0].Ident[0], key}, variable{decl[1].Ident[0], elem})
	}
	c.walk(n.List, elem, vars)
}

// pipe gives the type of a pipeline, nil when it has been complained of.
func (c *checker) pipe(p *parse.PipeNode, dot reflect.Type, vars *scope) reflect.Type {
	var typ reflect.Type
	for i, cmd := range p.Cmds {
		var last []reflect.Type
		if i > 0 {
			last = []reflect.Type{typ}
		}
		if typ = c.command(cmd, dot, vars, last); typ == nil {
			break
		}
	}
	for _, v := range p.Decl {
		*vars = append(*vars, variable{v.Ident[0], typ})
	}
	return typ
}

func (c *checker) command(cmd *parse.CommandNode, dot reflect.Type, vars *scope, last []reflect.Type) reflect.Type {
	var args []reflect.Type
	for _, a := range cmd.Args[1:] {
		typ := c.operand(a, dot, vars)
		if typ == nil {
			return nil
		}
		args = append(args, typ)
	}
	args = append(args, last...)
	switch n := cmd.Args[0].(type) {
	case *parse.FieldNode:
		return c.fields(n, dot, n.Ident, args)
	case *parse.ChainNode:
		typ := c.operand(n.Node, dot, vars)
		return c.fields(n, typ, n.Field, args)
	case *parse.VariableNode:
		return c.fields(n, c.variable(n, vars), n.Ident[1:], args)
	case *parse.IdentifierNode:
		return c.call(n, n.Ident, args)
	}
	if len(args) > 0 {
		return c.errorf(cmd, "%s takes no arguments", cmd.Args[0])
	}
	return c.operand(cmd.Args[0], dot, vars)
}

func (c *checker) operand(node parse.Node, dot reflect.Type, vars *scope) reflect.Type {
	switch n := node.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return c.fields(n, dot, n.Ident, nil)
	case *parse.ChainNode:
		return c.fields(n, c.operand(n.Node, dot, vars), n.Field, nil)
	case *parse.VariableNode:
		return c.fields(n, c.variable(n, vars), n.Ident[1:], nil)
	case *parse.IdentifierNode:
		return c.call(n, n.Ident, nil)
	case *parse.PipeNode:
		return c.pipe(n, dot, vars)
	case *parse.StringNode:
		return stringType
	case *parse.NumberNode:
		return intType
	case *parse.BoolNode:
		return boolType
	}
	return c.errorf(node, "%s is not understood here", node)
}

func (c *checker) variable(n *parse.VariableNode, vars *scope) reflect.Type {
	for _, v := range slices.Backward(*vars) {
		if v.name == n.Ident[0] {
			return v.typ
		}
	}
	return c.errorf(n, "no variable %s", n.Ident[0])
}

func (c *checker) fields(n parse.Node, typ reflect.Type, names []string, args []reflect.Type) reflect.Type {
	for i, name := range names {
		if typ == nil {
			return nil
		}
		var given []reflect.Type
		if i == len(names)-1 {
			given = args
		}
		typ = c.field(n, typ, name, given)
	}
	return typ
}

func (c *checker) field(n parse.Node, typ reflect.Type, name string, args []reflect.Type) reflect.Type {
	if m, ok := typ.MethodByName(name); ok {
		in := m.Type
		return c.apply(n, name, in, args, 1)
	}
	typ = indirect(typ)
	if m, ok := typ.MethodByName(name); ok {
		return c.apply(n, name, m.Type, args, 1)
	}
	switch typ.Kind() {
	case reflect.Struct:
		if f, ok := typ.FieldByName(name); ok && f.IsExported() {
			if len(args) > 0 {
				return c.errorf(n, "field %s takes no arguments", name)
			}
			return f.Type
		}
	case reflect.Map:
		if typ.Key().Kind() == reflect.String {
			return typ.Elem()
		}
	}
	return c.errorf(n, "no field or method %s in %s", name, typ)
}

// call checks a function of the language or of ours.
func (c *checker) call(n parse.Node, name string, args []reflect.Type) reflect.Type {
	switch name {
	case "and", "or":
		for _, a := range args {
			if a != args[0] {
				return anyType
			}
		}
		return args[0]
	case "not":
		return boolType
	case "len":
		if k := indirect(args[0]).Kind(); k != reflect.Slice && k != reflect.Map && k != reflect.String && k != reflect.Array {
			return c.errorf(n, "len of %s", args[0])
		}
		return intType
	case "index":
		typ := indirect(args[0])
		for _, at := range args[1:] {
			switch {
			case typ.Kind() == reflect.Map && at.AssignableTo(typ.Key()), (typ.Kind() == reflect.Slice || typ.Kind() == reflect.Array) && at == intType:
				typ = typ.Elem()
			default:
				return c.errorf(n, "index of %s with %s", typ, at)
			}
		}
		return typ
	case "eq", "ne", "lt", "le", "gt", "ge":
		for _, a := range args[1:] {
			if a.Kind() != args[0].Kind() || !a.Comparable() {
				return c.errorf(n, "%s compares %s with %s", name, args[0], a)
			}
		}
		return boolType
	case "print", "printf", "html", "urlquery":
		return stringType
	}
	f := c.funcs[name]
	if f == nil {
		return c.errorf(n, "no function %s", name)
	}
	return c.apply(n, name, reflect.TypeOf(f), args, 0)
}

func (c *checker) apply(n parse.Node, name string, f reflect.Type, args []reflect.Type, skip int) reflect.Type {
	if f.NumIn()-skip != len(args) {
		return c.errorf(n, "%s takes %d arguments, not %d", name, f.NumIn()-skip, len(args))
	}
	for i, a := range args {
		if want := f.In(i + skip); !a.AssignableTo(want) {
			return c.errorf(n, "argument %d of %s is %s, not %s", i+1, name, a, want)
		}
	}
	if f.NumOut() == 0 || f.NumOut() > 2 || f.NumOut() == 2 && f.Out(1) != errorType {
		return c.errorf(n, "%s gives nothing that a template can use", name)
	}
	return f.Out(0)
}

func indirect(typ reflect.Type) reflect.Type {
	if typ.Kind() == reflect.Pointer {
		return typ.Elem()
	}
	return typ
}

func printable(typ reflect.Type) bool {
	switch typ.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return true
	}
	return typ.Implements(stringer)
}

// The content security policy forbids what stands inline, and so does taste.
var inline = regexp.MustCompile(`(?i)<style|\sstyle\s*=|<script(?:\s[^>]*)?>\s*[^<\s]|<script>|\son[a-z]+\s*=|hx-on|javascript:|<base\b|\starget=`)

func TestNothingInline(t *testing.T) {
	for _, bad := range []string{`<p style="x">`, `<a onclick="x">`, `<script>x</script>`, `<b hx-on:click="x">`, `<a href="javascript:x">`} {
		if !inline.MatchString(bad) {
			t.Errorf("%s is let through", bad)
		}
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, _ := files.ReadFile(name)
		if found := inline.Find(data); found != nil {
			t.Errorf("%s: %s", name, found)
		}
	}
}

func TestSizes(t *testing.T) {
	css, _ := files.ReadFile("static/style.css")
	if len(css) >= 30_000 {
		t.Errorf("style.css is %d bytes; stay under 30 kB", len(css))
	}
	script, _ := files.ReadFile("static/kravverk.js")
	if n := strings.Count(string(script), "\n"); n >= 200 {
		t.Errorf("kravverk.js is %d lines; stay under 200", n)
	}
}

// What others have written is here unchanged, and its licence is known.
func TestManifests(t *testing.T) {
	for folder, pattern := range map[string]string{"static": "*.min.js", "testdata": "*.js"} {
		data, err := os.ReadFile(filepath.Join(folder, "MANIFEST"))
		if err != nil {
			t.Fatal(err)
		}
		listed := map[string]bool{}
		for line := range strings.Lines(string(data)) {
			f := strings.Fields(line)
			if len(f) == 0 || f[0] == "#" {
				continue
			}
			if len(f) != 4 {
				t.Errorf("%s/MANIFEST: a line is name, version, licence and sha256: %s", folder, line)
				continue
			}
			listed[f[0]] = true
			content, err := os.ReadFile(filepath.Join(folder, f[0]))
			if err != nil {
				t.Error(err)
				continue
			}
			if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != f[3] {
				t.Errorf("%s/%s is not the file of the manifest: it has sha256 %x", folder, f[0], sum)
			}
		}
		found, _ := filepath.Glob(filepath.Join(folder, pattern))
		for _, name := range found {
			if !listed[filepath.Base(name)] {
				t.Errorf("%s is not in the manifest", name)
			}
		}
		if len(listed) == 0 {
			t.Errorf("%s/MANIFEST lists nothing: %v", folder, slices.Collect(maps.Keys(listed)))
		}
	}
}
