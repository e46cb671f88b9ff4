import { Tabs as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import styles from './Tabs.module.css'

interface TabsProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly tabs: readonly { readonly id: string; readonly title: string }[]
  /** Stands at the end of the tab row. */
  readonly end?: ReactNode
  /** The content of the chosen tab; absent when there is nothing to show (a folded dock). */
  readonly children?: ReactNode
}

/** A row of tabs and the chosen one's content; arrow keys move between tabs. */
export function Tabs({ label, value, onChange, tabs, end, children }: TabsProps) {
  return (
    <Radix.Root className={styles.root} value={value} onValueChange={onChange}>
      <div className={styles.row}>
        <Radix.List className={styles.list} aria-label={label}>
          {tabs.map((tab) => (
            // A click on the chosen tab counts too: it unfolds a folded dock.
            <Radix.Trigger key={tab.id} className={styles.tab} value={tab.id} onClick={() => onChange(tab.id)}>
              {tab.title}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {end}
      </div>
      {children !== undefined && (
        <Radix.Content className={styles.content} value={value} tabIndex={-1}>
          {children}
        </Radix.Content>
      )}
    </Radix.Root>
  )
}
