import { useId, useRef } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'
import styles from './Tabs.module.css'

interface TabsProps {
  readonly label: string
  readonly value: string
  /** Also called for the chosen tab: that unfolds a folded dock. */
  readonly onChange: (value: string) => void
  readonly tabs: readonly { readonly id: string; readonly title: string }[]
  /** Stands at the end of the tab row. */
  readonly end?: ReactNode
  /** The content of the chosen tab; absent when there is nothing to show (a folded dock). */
  readonly children?: ReactNode
}

/** A row of tabs and the chosen one's content. The row is one stop in the tab order; arrow keys, Home and End choose. */
export function Tabs({ label, value, onChange, tabs, end, children }: TabsProps) {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((tab) => tab.id === value)
    const next = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }[event.key]
    const tab = next === undefined ? undefined : tabs[next]
    if (next === undefined || tab === undefined) return
    event.preventDefault()
    onChange(tab.id)
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus()
  }
  return (
    <div className={styles.root}>
      <div className={styles.row}>
        <div ref={list} role="tablist" className={styles.list} aria-label={label} onKeyDown={onKeyDown}>
          {tabs.map((tab) => (
            <button
              key={tab.id}
              type="button"
              role="tab"
              id={`${id}-${tab.id}`}
              className={styles.tab}
              aria-selected={tab.id === value}
              aria-controls={children === undefined ? undefined : `${id}-panel`}
              tabIndex={tab.id === value ? 0 : -1}
              onClick={() => onChange(tab.id)}
            >
              {tab.title}
            </button>
          ))}
        </div>
        {end}
      </div>
      {children !== undefined && (
        <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`} className={styles.content}>
          {children}
        </div>
      )}
    </div>
  )
}
