import { Fragment, memo, useMemo, useRef, useState } from 'react'
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { KindCount } from '../../worker/protocol.ts'
import { useFeed } from '../engine/hooks.ts'
import { Icon, KindIcon } from '../icons/Icon.tsx'
import { useLayout } from '../state/layout.ts'
import type { TableTarget } from '../state/layout.ts'
import { groupKinds } from './kind-groups.ts'
import type { KindGroup } from './kind-groups.ts'
import styles from './KindsPanel.module.css'

const NAMESPACES = { feed: 'table', group: '', version: 'v1', resource: 'namespaces' } as const

/** The tree of kinds with live counts; choosing one lists its objects in the dock. */
export function KindsPanel() {
  const { t } = useTranslation('shell')
  const { data: kinds } = useFeed({ feed: 'kinds' })
  const table = useLayout((state) => state.table)
  const set = useLayout((state) => state.set)
  return (
    <nav className={styles.panel} aria-label={t('kinds.title')}>
      <NamespaceChoice value={table.namespace} onChange={(namespace) => set({ table: { ...table, namespace } })} />
      {kinds === undefined ? (
        <p className="notice">{t('kinds.loading')}</p>
      ) : (
        <Tree kinds={kinds} current={table} onChoose={listKind} />
      )}
    </nav>
  )
}

/** Lists the kind in the dock, in the namespace that is chosen. */
function listKind(kind: KindCount): void {
  const { set, openDock, table } = useLayout.getState()
  set({ table: { ...targetOf(kind), namespace: table.namespace }, kindsSheet: false })
  openDock('table')
}

function targetOf({ group, version, resource, kind, namespaced }: KindCount): Omit<TableTarget, 'namespace'> {
  return { group, version, resource, kind, namespaced }
}

function NamespaceChoice({ value, onChange }: { readonly value: string; readonly onChange: (namespace: string) => void }) {
  const { t } = useTranslation('shell')
  const snapshot = useFeed(NAMESPACES)
  const names = useMemo(() => [...(snapshot.data?.rows.keys() ?? [])].toSorted(), [snapshot])
  const shown = value === '' || names.includes(value) ? names : [...names, value]
  return (
    <label className={styles.namespace}>
      <span className="visually-hidden">{t('kinds.namespace')}</span>
      <select className="field" value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{t('kinds.allNamespaces')}</option>
        {shown.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

interface TreeProps {
  readonly kinds: readonly KindCount[]
  readonly current: TableTarget
  readonly onChoose: (kind: KindCount) => void
}

/** Arrow keys move, left folds a heading, right unfolds it, Enter chooses. One item is in the tab order. */
function Tree({ kinds, current, onChoose }: TreeProps) {
  const { t } = useTranslation('shell')
  const sections = useMemo(() => groupKinds(kinds), [kinds])
  const [folded, setFolded] = useState<ReadonlySet<KindGroup>>(new Set<KindGroup>(['other']))
  const [active, setActive] = useState<string>('workloads')
  const tree = useRef<HTMLUListElement>(null)
  const fold = (group: KindGroup, away: boolean): void => {
    const next = new Set(folded)
    if (away) next.add(group)
    else next.delete(group)
    setFolded(next)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const items = [...(tree.current?.querySelectorAll<HTMLElement>('[data-item]') ?? [])]
    const at = items.findIndex((item) => item === document.activeElement)
    const group = sections.find((section) => section.group === items[at]?.dataset['item'])?.group
    if (event.key === 'ArrowDown') items[at + 1]?.focus()
    else if (event.key === 'ArrowUp') items[at - 1]?.focus()
    else if (event.key === 'Home') items[0]?.focus()
    else if (event.key === 'End') items.at(-1)?.focus()
    else if (event.key === 'ArrowLeft' && group !== undefined) fold(group, true)
    else if (event.key === 'ArrowRight' && group !== undefined) fold(group, false)
    else if (event.key === 'ArrowLeft')
      items
        .slice(0, at)
        .findLast((item) => item.hasAttribute('aria-expanded'))
        ?.focus()
    else if (event.key === 'Enter' || event.key === ' ') items[at]?.click()
    else return
    event.preventDefault()
  }
  return (
    <ul ref={tree} role="tree" aria-label={t('kinds.title')} className={styles.tree} onKeyDown={onKeyDown}>
      {sections.map(({ group, kinds: members }) => {
        const open = !folded.has(group)
        return (
          <li key={group} role="none">
            <div
              role="treeitem"
              data-item={group}
              aria-expanded={open}
              aria-level={1}
              tabIndex={active === group ? 0 : -1}
              className={styles.heading}
              onFocus={() => setActive(group)}
              onClick={() => fold(group, open)}
            >
              <Icon name={open ? 'down' : 'right'} size={12} />
              {t(`kinds.${group}`)}
            </div>
            {open && (
              <ul role="group">
                {members.map((kind) => {
                  const id = `${kind.group}/${kind.resource}`
                  return (
                    <KindItem
                      key={id}
                      id={id}
                      kind={kind}
                      chosen={kind.resource === current.resource && kind.group === current.group}
                      inTabOrder={active === id}
                      onFocus={setActive}
                      onChoose={onChoose}
                    />
                  )
                })}
              </ul>
            )}
          </li>
        )
      })}
    </ul>
  )
}

interface KindItemProps {
  readonly id: string
  readonly kind: KindCount
  readonly chosen: boolean
  readonly inTabOrder: boolean
  readonly onFocus: (id: string) => void
  readonly onChoose: (kind: KindCount) => void
}

const KindItem = memo(
  function KindItem({ id, kind, chosen, inTabOrder, onFocus, onChoose }: KindItemProps) {
    const { t } = useTranslation('shell')
    return (
      <li
        role="treeitem"
        data-item={id}
        aria-level={2}
        aria-selected={chosen}
        aria-label={t('kinds.count', { kind: kind.kind, count: kind.count })}
        tabIndex={inTabOrder ? 0 : -1}
        className={styles.kind}
        data-empty={kind.count === 0 || undefined}
        onFocus={() => onFocus(id)}
        onClick={() => onChoose(kind)}
      >
        <KindIcon kind={kind.kind} />
        <span className={styles.kindName}>
          {kind.kind.split(/(?<=[a-z])(?=[A-Z])/).map((word) => (
            <Fragment key={word}>
              {word}
              <wbr />
            </Fragment>
          ))}
        </span>
        <span className={styles.count}>{kind.count}</span>
      </li>
    )
  },
  (a, b) => a.chosen === b.chosen && a.inTabOrder === b.inTabOrder && a.kind.count === b.kind.count && a.onChoose === b.onChoose,
)
