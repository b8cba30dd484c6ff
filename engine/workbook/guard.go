package workbook

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds on a file that somebody sends in. Ours are far below them.
const (
	maxFile     = 20 << 20
	maxPart     = 32 << 20
	maxUnpacked = 64 << 20
	maxRatio    = 200 // of what is larger than a megabyte
	maxParts    = 200
	maxColumn   = 100
	maxRow      = 20_000
	maxCells    = 400_000 // counted from the left edge, which is what excelize makes
	maxMerged   = 1_000
)

// guard looks a file through before excelize sees it. It unpacks one part at a
// time, never more than the bounds, whatever sizes the file claims.
func guard(data []byte) error {
	if err := guardFormat(data); err != nil {
		return err
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return RefusedDamaged
	}
	if len(z.File) > maxParts {
		return RefusedParts
	}
	seen := map[string]bool{}
	var claimed uint64
	for _, f := range z.File {
		name := strings.ToLower(f.Name)
		if seen[name] || strings.Contains(name, `\`) || !fs.ValidPath(strings.TrimSuffix(name, "/")) {
			return RefusedParts
		}
		seen[name] = true
		if err := guardName(name); err != nil {
			return err
		}
		claimed += f.UncompressedSize64
		if f.UncompressedSize64 > maxPart || claimed > maxUnpacked {
			return RefusedUnpacked
		}
		if f.UncompressedSize64 > 1<<20 && f.UncompressedSize64/max(f.CompressedSize64, 1) > maxRatio {
			return RefusedUnpacked
		}
	}
	if !seen["[content_types].xml"] || !seen["xl/workbook.xml"] {
		return RefusedOther
	}
	for _, f := range z.File {
		if err := guardPart(f); err != nil {
			return err
		}
	}
	return nil
}

// guardFormat tells by the first bytes what a file is.
func guardFormat(data []byte) error {
	switch {
	case len(data) == 0:
		return RefusedEmpty
	case len(data) > maxFile:
		return RefusedSize
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")): // OLE
		if bytes.Contains(data, []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")) {
			return RefusedPassword
		}
		return RefusedOldFormat
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return nil
	case isText(data):
		return RefusedText
	}
	return RefusedOther
}

func isText(data []byte) bool {
	head := data[:min(len(data), 4096)]
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) || bytes.HasPrefix(head, []byte("%PDF")) {
		return head[0] != '%'
	}
	return !bytes.ContainsRune(head, 0) && (utf8.Valid(head) || bytes.ContainsAny(head, ";,\t"))
}

func guardName(name string) error {
	for _, x := range []struct {
		part string
		why  Refusal
	}{
		{"vbaproject", RefusedMacros}, {"xl/macrosheets/", RefusedMacros}, {"xl/dialogsheets/", RefusedMacros},
		{"xl/externallinks/", RefusedLinks}, {"xl/connections", RefusedLinks}, {"xl/querytables/", RefusedLinks},
		{"xl/embeddings/", RefusedEmbedded}, {"xl/activex/", RefusedEmbedded}, {"xl/ctrlprops/", RefusedEmbedded}, {"xl/webextensions/", RefusedEmbedded},
	} {
		if strings.Contains(name, x.part) {
			return x.why
		}
	}
	return nil
}

var encoding = regexp.MustCompile(`^\s*<\?xml[^>]*encoding\s*=\s*["']([^"']*)["']`)

// guardPart unpacks one part and looks at what it says.
func guardPart(f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return RefusedDamaged
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxPart+1))
	switch {
	case len(data) > maxPart:
		return RefusedUnpacked
	case err != nil:
		return RefusedDamaged // also when it is larger than it claimed
	}
	name := strings.ToLower(f.Name)
	if !strings.HasSuffix(name, ".xml") && !strings.HasSuffix(name, ".rels") && !strings.HasSuffix(name, ".vml") {
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if m := encoding.FindSubmatch(data); m != nil && !strings.EqualFold(string(m[1]), "utf-8") && !strings.EqualFold(string(m[1]), "us-ascii") {
		return RefusedXML
	}
	if bytes.Contains(data, []byte("<!DOCTYPE")) || bytes.Contains(data, []byte("<!ENTITY")) || bytes.ContainsRune(data, 0) {
		return RefusedXML
	}
	switch {
	case name == "[content_types].xml":
		if bytes.Contains(bytes.ToLower(data), []byte("macroenabled")) {
			return RefusedMacros
		}
	case strings.HasSuffix(name, ".rels"):
		return guardLinks(data)
	case strings.HasPrefix(name, "xl/worksheets/"):
		return guardSheet(data)
	}
	return nil
}

// guardLinks lets hyperlinks out of the file, which Excel makes of any address
// that is typed, and nothing else.
func guardLinks(data []byte) error {
	return elements(data, func(e xml.StartElement) error {
		var kind, mode string
		for _, a := range e.Attr {
			switch a.Name.Local {
			case "Type":
				kind = a.Value
			case "TargetMode":
				mode = a.Value
			}
		}
		if strings.EqualFold(mode, "External") && !strings.HasSuffix(kind, "/hyperlink") {
			return RefusedLinks
		}
		return nil
	})
}

// guardSheet counts cells as excelize would make them: a row is filled up from
// the left, and rows from the top.
func guardSheet(data []byte) error {
	row, column, cells, merged := 0, 0, 0, 0
	return elements(data, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "row":
			row, column = row+1, 0
			if n, err := strconv.Atoi(attribute(e, "r")); err == nil {
				row = n
			}
		case "c":
			was := column
			column++
			if c, r, ok := reference(attribute(e, "r")); ok {
				column, row = c, r
			}
			cells += max(column-was, 1)
		case "mergeCell":
			merged++
		}
		if row > maxRow || row < 0 || column > maxColumn || cells > maxCells || merged > maxMerged {
			return RefusedBounds
		}
		return nil
	})
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// reference reads B12 as column 2, row 12.
func reference(s string) (column, row int, ok bool) {
	i := 0
	for ; i < len(s) && i < 4; i++ {
		c := s[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		column = column*26 + int(c-'A') + 1
	}
	row, err := strconv.Atoi(s[i:])
	return column, row, err == nil && column > 0
}

// elements goes through an XML part without building anything of it.
func elements(data []byte, see func(xml.StartElement) error) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		t, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return RefusedXML
		}
		if e, ok := t.(xml.StartElement); ok {
			if err := see(e); err != nil {
				return err
			}
		}
	}
}
