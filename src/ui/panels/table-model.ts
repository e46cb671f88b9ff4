import type { TableColumn, TableRow } from '../../worker/protocol.ts'
import type { GridColumn } from './DataGrid.tsx'

const MAX_CHARS = 48
/** Widths are taken from this many rows; more would not change them much. */
const SAMPLE = 200
/** Room for a state's shape before its word. */
const BADGE_CHARS = 3

/** Index into TableRow.cells; -1 stands for the namespace, which is not a cell. */
export interface ShownColumn extends GridColumn {
  readonly cell: number
}

/** kubectl's columns: NAMESPACE first when several are listed, and those of priority 0, or all with -o wide. */
export function shownColumns(
  columns: readonly TableColumn[],
  rows: readonly TableRow[],
  wide: boolean,
  withNamespace: boolean,
): readonly ShownColumn[] {
  const shown: ShownColumn[] = []
  if (withNamespace)
    shown.push({ id: 'namespace', title: 'NAMESPACE', cell: -1, chars: width('NAMESPACE', rows, (row) => row.namespace) })
  columns.forEach((column, cell) => {
    if (column.priority > 0 && !wide) return
    const title = column.name.toUpperCase()
    shown.push({
      id: column.name,
      title,
      hint: column.description,
      cell,
      chars: width(title, rows, (row) => cellText(row, cell)) + (title === 'STATUS' ? BADGE_CHARS : 0),
    })
  })
  return shown
}

function width(title: string, rows: readonly TableRow[], text: (row: TableRow) => string): number {
  let longest = title.length + 1
  for (const row of rows.slice(0, SAMPLE)) longest = Math.max(longest, text(row).length + 1)
  return Math.min(MAX_CHARS, longest)
}

/** A cell as kubectl prints it. */
export function cellText(row: TableRow, cell: number): string {
  if (cell < 0) return row.namespace
  const value = row.cells[cell]
  return value === null || value === undefined ? '' : String(value)
}

/** Rows in kubectl's order (namespace, then name) that hold every word of the filter. */
export function shownRows(rows: Iterable<TableRow>, filter: string): readonly TableRow[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const matching = [...rows].filter((row) => {
    if (words.length === 0) return true
    const text = `${row.namespace} ${row.cells.join(' ')}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  return matching.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name))
}

/** By code point, as the API server orders keys. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
