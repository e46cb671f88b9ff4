import { useMemo, useState } from 'react'
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useFeed, useFeeds } from '../engine/hooks.ts'
import { Icon, KindIcon } from '../icons/Icon.tsx'
import { StateBadge } from '../panels/StateBadge.tsx'
import { useDialogs } from '../state/dialogs.ts'
import { useLayout } from '../state/layout.ts'
import { useSelection } from '../state/selection.ts'
import { VIEWS } from '../views/registry.ts'
import { Dialog } from './Dialog.tsx'
import { SEARCHED_TABLES, searchHits } from './search-model.ts'
import type { SearchHit } from './search-model.ts'
import styles from './SearchDialog.module.css'

/**
 * '/' finds objects, kinds and views; ':' kinds only, by kubectl's names. Arrow keys choose, Enter goes.
 * Not loaded lazily: what is typed right after the key must not be lost.
 */
export function SearchDialog({ kindsOnly }: { readonly kindsOnly: boolean }) {
  const { t } = useTranslation('shell')
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const hits = useHits(text, kindsOnly)
  const go = useGo()
  const at = Math.min(chosen, Math.max(0, hits.length - 1))

  const onKeyDown = (event: KeyboardEvent): void => {
    const hit = hits[at]
    if (event.key === 'ArrowDown') setChosen(Math.min(hits.length - 1, at + 1))
    else if (event.key === 'ArrowUp') setChosen(Math.max(0, at - 1))
    else if (event.key === 'Enter' && hit !== undefined) go(hit)
    else return
    event.preventDefault()
  }
  return (
    <Dialog title={t('search.title')} headless>
      <div className={styles.input}>
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label={t('search.title')}
          aria-expanded="true"
          aria-controls="search-hits"
          aria-activedescendant={hits.length > 0 ? `search-hit-${at}` : undefined}
          placeholder={t(kindsOnly ? 'search.kindPlaceholder' : 'search.placeholder')}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setChosen(0)
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <ul id="search-hits" role="listbox" aria-label={t('search.results')} className={styles.hits}>
        {hits.map((hit, index) => (
          <li
            key={keyOf(hit)}
            id={`search-hit-${index}`}
            role="option"
            aria-selected={index === at}
            className={styles.hit}
            ref={index === at ? scrollHere : undefined}
            onClick={() => go(hit)}
          >
            <HitText hit={hit} />
          </li>
        ))}
      </ul>
      {hits.length === 0 && <p className="notice">{t('search.none')}</p>}
    </Dialog>
  )
}

function scrollHere(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' })
}

function keyOf(hit: SearchHit): string {
  if (hit.type === 'kind') return `kind/${hit.kind.group}/${hit.kind.resource}`
  if (hit.type === 'view') return `view/${hit.id}`
  return `${hit.ref.group}/${hit.ref.resource}/${hit.ref.namespace}/${hit.ref.name}`
}

function HitText({ hit }: { readonly hit: SearchHit }) {
  const { t } = useTranslation('shell')
  if (hit.type === 'view') {
    return (
      <>
        <Icon name="inspector" size={18} />
        <span className={styles.name}>{hit.title}</span>
        <span className="muted">{t('search.views')}</span>
      </>
    )
  }
  if (hit.type === 'kind') {
    return (
      <>
        <KindIcon kind={hit.kind.kind} />
        <span className={styles.name}>
          {hit.kind.kind} <span className="mono muted">{hit.kind.shortNames.join(', ')}</span>
        </span>
        <span className="muted">{hit.kind.count}</span>
      </>
    )
  }
  return (
    <>
      <KindIcon kind={hit.ref.kind} />
      <span className={`mono ${styles.name}`}>{hit.ref.name}</span>
      {hit.state === undefined ? (
        <span>{hit.status}</span>
      ) : (
        <StateBadge state={hit.state} status={hit.status} surface="var(--surface-raised)" />
      )}
      <span className="mono muted">{hit.ref.namespace}</span>
    </>
  )
}

function useGo(): (hit: SearchHit) => void {
  const show = useDialogs((state) => state.show)
  const select = useSelection((state) => state.select)
  const { set, openDock, table } = useLayout()
  return (hit) => {
    show(null)
    if (hit.type === 'view') set({ view: hit.id })
    else if (hit.type === 'object') {
      select(hit.ref)
      set({ inspectorOpen: true })
    } else {
      const { group, version, resource, kind, namespaced } = hit.kind
      set({ table: { group, version, resource, kind, namespaced, namespace: table.namespace } })
      openDock('table')
    }
  }
}

const TABLES = SEARCHED_TABLES.map(({ group, version, resource }) => ({ feed: 'table', group, version, resource }) as const)
const NO_TABLES: typeof TABLES = []

function useHits(text: string, kindsOnly: boolean): readonly SearchHit[] {
  const { t } = useTranslation('shell')
  const { data: kinds } = useFeed({ feed: 'kinds' })
  const map = useFeed(kindsOnly ? null : { feed: 'map' })
  const tables = useFeeds(kindsOnly ? NO_TABLES : TABLES)
  const version = tables.reduce((sum, snapshot) => sum + snapshot.version, map.version)
  return useMemo(
    () =>
      searchHits(text, kindsOnly, {
        kinds: kinds ?? [],
        views: VIEWS.map((view) => ({ id: view.id, title: t(view.titleKey) })),
        tables: SEARCHED_TABLES.map((target, at) => ({ target, rows: tables[at]?.data?.rows.values() ?? [] })),
        nodes: map.data?.nodes.values() ?? [],
        pods: map.data?.pods.values() ?? [],
      }),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the version stands for all feeds
    [text, kindsOnly, kinds, version, t],
  )
}
