package workbook

import (
	"archive/zip"
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
	"time"
)

// pack writes an Excel file's parts anew, in a fixed order and without times,
// so that the same content gives the same bytes. The types of the parts come
// first: mail gateways look there.
func pack(raw []byte) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(z.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(f.Name, "xl/worksheets/") {
			data = loosen(data)
		}
		to, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: time.Time{}})
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// loosen mends what excelize cannot be told. Row heights are ours only until
// the text changes: with customHeight a row would not grow with its answer.
// Formulas give numbers, not text. And no filter is on from the start.
func loosen(sheet []byte) []byte {
	for _, x := range [][2]string{
		{` customHeight="true"`, ``},
		{` t="str"><f>`, `><f>`},
		{` filterMode="true"`, ``},
	} {
		sheet = bytes.ReplaceAll(sheet, []byte(x[0]), []byte(x[1]))
	}
	return sheet
}
