import { useTranslation } from 'react-i18next'
import type { ObjectView } from '../../../worker/protocol.ts'
import { Tabs } from '../../app/Tabs.tsx'
import { useFeed } from '../../engine/hooks.ts'
import { Icon, KindIcon } from '../../icons/Icon.tsx'
import { INSPECTOR_TABS, useLayout } from '../../state/layout.ts'
import type { InspectorTab } from '../../state/layout.ts'
import { useSelection } from '../../state/selection.ts'
import type { ObjectRef } from '../../state/selection.ts'
import { StateBadge } from '../StateBadge.tsx'
import { Actions } from './Actions.tsx'
import styles from './Inspector.module.css'
import { EventsTab, RelatedTab } from './ObjectLists.tsx'
import { SchedulingLink } from './SchedulingLink.tsx'
import { SummaryTab } from './SummaryTab.tsx'
import { useNodeRow, usePodRow } from './use-map-rows.ts'
import { YamlTab } from './YamlTab.tsx'

/** What is known about the selected object, and what can be done with it. */
export function Inspector() {
  const { t } = useTranslation('shell')
  const selected = useSelection((state) => state.selected)
  return (
    <aside className={styles.inspector} aria-label={t('inspector.title')}>
      {selected === null ? (
        <div className="notice">
          <h2>{t('inspector.nothing')}</h2>
          <p className="muted">{t('inspector.nothingHint')}</p>
        </div>
      ) : (
        <Selected selected={selected} />
      )}
    </aside>
  )
}

function Selected({ selected }: { readonly selected: ObjectRef }) {
  const { t } = useTranslation('shell')
  const { group, version, resource, namespace, name } = selected
  const { data: view, error } = useFeed({ feed: 'object', group, version, resource, namespace, name })
  const tab = useLayout((state) => state.inspectorTab)
  const set = useLayout((state) => state.set)
  return (
    <>
      <Head selected={selected} />
      {view !== undefined && view.object === null && <Gone selected={selected} />}
      <Actions key={`${group}/${resource}/${namespace}/${name}`} selected={selected} object={view?.object ?? null} />
      <SchedulingLink selected={selected} object={view?.object ?? null} />
      <Tabs
        label={t('inspector.title')}
        value={tab}
        onChange={(inspectorTab) => set({ inspectorTab: inspectorTab as InspectorTab })}
        tabs={INSPECTOR_TABS.map((id) => ({ id, title: t(`inspector.${id}`) }))}
      >
        {view === undefined ? (
          <p className="notice">{error === '' ? t('inspector.loading', { name }) : error}</p>
        ) : (
          <Content tab={tab} view={view} selected={selected} />
        )}
      </Tabs>
    </>
  )
}

function Content({
  tab,
  view,
  selected,
}: {
  readonly tab: InspectorTab
  readonly view: ObjectView
  readonly selected: ObjectRef
}) {
  switch (tab) {
    case 'summary':
      return <SummaryTab object={view.object} where={view.where} />
    case 'yaml':
      return <YamlTab yaml={view.yaml} selected={selected} />
    case 'events':
      return <EventsTab events={view.events} />
    case 'related':
      return <RelatedTab links={view.links} />
  }
}

function Head({ selected }: { readonly selected: ObjectRef }) {
  const { t } = useTranslation('shell')
  const select = useSelection((state) => state.select)
  return (
    <div className={styles.head}>
      <KindIcon kind={selected.kind} size={28} />
      <div className={styles.names}>
        <p className={styles.kind}>
          {selected.kind}
          {selected.namespace !== '' && <span className="mono"> {selected.namespace}</span>}
          <State selected={selected} />
        </p>
        <h2 className={`mono wrap-anywhere ${styles.name}`}>{selected.name}</h2>
      </div>
      <button type="button" className="btn bare icon" aria-label={t('inspector.close')} title="Esc" onClick={() => select(null)}>
        <Icon name="close" />
      </button>
    </div>
  )
}

/** The word that kubectl get has for it, with a pod's shape. */
function State({ selected }: { readonly selected: ObjectRef }) {
  const pod = usePodRow(selected)
  const node = useNodeRow(selected)
  if (pod !== undefined) return <StateBadge state={pod.state} status={pod.status} />
  return node === undefined ? null : <span>{node.status}</span>
}

function Gone({ selected }: { readonly selected: ObjectRef }) {
  const { t } = useTranslation('shell')
  return (
    <div className={`notice ${styles.gone}`} role="status">
      <p>{t('inspector.gone', { kind: selected.kind, name: selected.name })}</p>
      <p className="muted">{t('inspector.goneHint')}</p>
    </div>
  )
}
