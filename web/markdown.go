package web

import (
	"bytes"
	"html/template"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/kravverk/kravverk/engine/catalog"
)

// markdown renders what catalogue authors write. Raw HTML is left out, and so
// is everything that the content security policy would stop.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone))),
	goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(ours{}, 100))),
)

var (
	// mention is a requirement's id in running text, not in a link or in code.
	mention  = regexp.MustCompile("(^|[^\\[`\\w/-])([A-Z]{2,4}-[0-9]{2})\\b")
	linkMark = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// prose renders a piece of a practice. The requirements that it mentions are
// led to.
func prose(c *catalog.Catalog, source string) (template.HTML, error) {
	source = mention.ReplaceAllStringFunc(source, func(s string) string {
		m := mention.FindStringSubmatch(s)
		if c.Requirement(m[2]) == nil {
			return s
		}
		return m[1] + "[" + m[2] + "](/krav/" + m[2] + ")"
	})
	var b bytes.Buffer
	if err := markdown.Convert([]byte(source), &b); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}

// ours makes a page's tree fit ours: links between pages lead to their
// addresses here, lists look like lists, and a table's cells know their column,
// so that it can be read on a narrow screen.
type ours struct{}

func (ours) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			if id := catalog.Page(string(n.Destination)); id != "" {
				n.Destination = []byte("/kartotek/" + id)
			}
		case *ast.List:
			n.SetAttributeString("class", []byte(map[bool]string{true: "nums", false: "bul"}[n.IsOrdered()]))
		case *east.Table:
			table(n, reader.Source())
		}
		return ast.WalkContinue, nil
	})
}

// table names each cell's column.
func table(t *east.Table, source []byte) {
	var titles []string
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		column := 0
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if row.Kind() == east.KindTableHeader {
				titles = append(titles, plain(cell, source))
				cell.SetAttributeString("scope", []byte("col"))
			} else if column < len(titles) {
				cell.SetAttributeString("data-l", []byte(titles[column]))
			}
			column++
		}
	}
}

// unmarked is Markdown as running text, for lists and search.
func unmarked(source string) string {
	return strings.Join(strings.Fields(marks.Replace(linkMark.ReplaceAllString(source, "$1"))), " ")
}

var marks = strings.NewReplacer("**", "", "`", "", "### ", "", "|", " ", "---", "")

// plain is a node's text without its marks.
func plain(n ast.Node, source []byte) string {
	var b bytes.Buffer
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}
