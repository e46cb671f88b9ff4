import { useRef, useState } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useSettings } from '../state/settings.ts'
import styles from './DataGrid.module.css'
import { useVirtualRows } from './use-virtual.ts'

export interface GridColumn {
  readonly id: string
  readonly title: string
  /** Explains the column, as the API server words it. */
  readonly hint?: string
  /** Width in characters that the column's texts need; it may shrink to a third. */
  readonly chars: number
  /** Takes what is left of the width. */
  readonly grow?: boolean
}

interface DataGridProps<Row> {
  readonly label: string
  readonly columns: readonly GridColumn[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly cell: (row: Row, column: number) => ReactNode
  readonly isSelected: (row: Row) => boolean
  readonly onSelect: (row: Row) => void
}

/** A table of any length: only rows in sight are drawn. Up, down, Home, End and PageUp/Down move, Enter selects. */
export function DataGrid<Row>({ label, columns, rows, keyOf, cell, isSelected, onSelect }: DataGridProps<Row>) {
  const rowHeightPx = useSettings((state) => state.enlarged) ? 32 : 24
  const { from, to, attach, reveal } = useVirtualRows(rows.length, rowHeightPx, rowHeightPx)
  const [activeKey, setActiveKey] = useState<string | null>(null)
  const body = useRef<HTMLDivElement>(null)
  const found = rows.findIndex((row) => keyOf(row) === activeKey)
  const active = found < 0 ? 0 : found
  const template = columns.map((column) => (column.grow ? `minmax(${column.chars}ch, 1fr)` : `${column.chars}ch`)).join(' ')

  const move = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to))
    const row = rows[next]
    if (row === undefined) return
    setActiveKey(keyOf(row))
    reveal(next)
    requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[aria-rowindex="${next + 2}"]`)?.focus())
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[active]
    if (event.key === 'ArrowDown') move(active + 1)
    else if (event.key === 'ArrowUp') move(active - 1)
    else if (event.key === 'PageDown') move(active + 10)
    else if (event.key === 'PageUp') move(active - 10)
    else if (event.key === 'Home') move(0)
    else if (event.key === 'End') move(rows.length - 1)
    else if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) onSelect(row)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  // Row 1 is the head. Exactly one drawn row stands in the tab order.
  const tabStop = active >= from && active < to ? active : from
  return (
    <div ref={attach} className={styles.scroll}>
      <div
        ref={body}
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        className={styles.grid}
        style={{ ['--columns' as string]: template }}
        onKeyDown={onKeyDown}
      >
        <div role="row" aria-rowindex={1} className={`${styles.row} ${styles.head}`}>
          {columns.map((column) => (
            <span key={column.id} role="columnheader" title={column.hint}>
              {column.title}
            </span>
          ))}
        </div>
        <div role="presentation" style={{ height: from * rowHeightPx }} />
        {rows.slice(from, to).map((row, offset) => {
          const index = from + offset
          const key = keyOf(row)
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={isSelected(row)}
              tabIndex={index === tabStop ? 0 : -1}
              className={styles.row}
              onFocus={() => setActiveKey(key)}
              onClick={() => onSelect(row)}
            >
              {columns.map((column, at) => (
                <span key={column.id} role="gridcell">
                  {cell(row, at)}
                </span>
              ))}
            </div>
          )
        })}
        <div role="presentation" style={{ height: (rows.length - to) * rowHeightPx }} />
      </div>
    </div>
  )
}
