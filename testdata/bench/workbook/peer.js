// The peer: writes the table of a kravbilaga with ExcelJS. One line of JSON in
// for each table, one line out with how long it took and what became of it.
'use strict';
const ExcelJS = require('exceljs');
const readline = require('readline');

const line = { style: 'thin', color: { argb: 'FFDFDACE' } };
const border = { left: line, top: line, right: line, bottom: line };
const font = { name: 'Arial', size: 10, color: { argb: 'FF18211F' } };
const align = { wrapText: true, vertical: 'top' };

// One object for each look: ExcelJS remembers a style by its object, and a cell
// that is given its font, border and fill one by one has its style looked up anew.
const closed = { font, border, alignment: align, numFmt: '@', protection: { locked: true }, fill: { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FFF7F5EF' } } };
const opened = { font, border, alignment: align, numFmt: '@', protection: { locked: false } };

async function write(table) {
  const book = new ExcelJS.Workbook();
  book.creator = 'Kravverk';
  const sheet = book.addWorksheet('Krav', { views: [{ state: 'frozen', ySplit: 1 }], pageSetup: { orientation: 'landscape', paperSize: 9, fitToPage: true, fitToWidth: 1, fitToHeight: 0 } });
  sheet.columns = table.columns.map((c) => ({ header: c.title, width: c.width, hidden: c.hidden }));
  sheet.getRow(1).eachCell((cell) => {
    cell.font = { ...font, bold: true, color: { argb: 'FFFFFFFF' } };
    cell.fill = { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FF0E5350' } };
    cell.border = border;
    cell.alignment = align;
  });
  for (const cells of table.rows) {
    const row = sheet.addRow(cells);
    cells.forEach((text, i) => {
      const cell = row.getCell(i + 1);
      cell.style = table.columns[i].open ? opened : closed;
      if (i === 2) {
        const at = text.indexOf('\n');
        cell.value = { richText: [{ font: { ...font, bold: true }, text: text.slice(0, at) }, { font, text: text.slice(at) }] };
      }
      if (i === 8) cell.dataValidation = { type: 'list', allowBlank: true, formulae: ['"Ja,Nej"'] };
    });
  }
  sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: table.rows.length + 1, column: 12 } };
  await sheet.protect('', { autoFilter: true, formatColumns: true, formatRows: true, spinCount: 1 });
  return book.xlsx.writeBuffer();
}

readline.createInterface({ input: process.stdin }).on('line', async (text) => {
  const table = JSON.parse(text);
  const from = process.hrtime.bigint();
  const data = await write(table);
  const ns = Number(process.hrtime.bigint() - from);
  process.stdout.write(JSON.stringify({ ns, bytes: data.byteLength }) + '\n');
});
