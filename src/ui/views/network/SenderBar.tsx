import { useId, useMemo, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { PACKET_PROTOCOLS, type NetTopology } from '../../../worker/network/protocol.ts'
import styles from './Sender.module.css'
import { hasPath, hasPort, likelySource, parseProtocol, presetsOf, questionOf, sourceId, targetSuggestions } from './sources.ts'
import type { Draft } from './store.ts'

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD']
const MOST_SUGGESTIONS = 400

interface SenderBarProps {
  readonly topology: NetTopology
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
  readonly onSend: (draft: Draft) => void
  /** Something is on its way already. */
  readonly busy: boolean
}

/** Who sends what to whom. */
export function SenderBar({ topology, draft, onChange, onSend, busy }: SenderBarProps) {
  const { t } = useTranslation('network')
  const listId = useId()
  const from = draft.from === '' ? likelySource(topology) : draft.from
  const full = { ...draft, from }
  const suggestions = useMemo(() => targetSuggestions(topology, from).slice(0, MOST_SUGGESTIONS), [topology, from])
  const presets = useMemo(() => presetsOf(topology), [topology])
  const change = (part: Partial<Draft>): void => onChange({ ...full, ...part })
  const isUrl = /^https?:\/\//.test(draft.to)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (questionOf(full)) onSend(full)
  }
  return (
    <form className={styles.sender} onSubmit={submit} aria-label={t('send.title')}>
      <label>
        <span>{t('send.from')}</span>
        <SourceSelect topology={topology} value={from} onChange={(next) => change({ from: next })} />
      </label>
      <label className={styles.target}>
        <span>{t('send.to')}</span>
        <input
          className="field mono"
          list={listId}
          value={draft.to}
          placeholder={t('send.toHint')}
          spellCheck={false}
          autoCapitalize="off"
          onChange={(event) => change({ to: event.target.value })}
        />
        <datalist id={listId}>
          {suggestions.map(({ value, about }, at) => (
            <option key={at} value={value}>
              {about}
            </option>
          ))}
        </datalist>
      </label>
      {!isUrl && (
        <label>
          <span>{t('send.protocol')}</span>
          <select
            className="field"
            value={draft.protocol}
            onChange={(event) => change({ protocol: parseProtocol(event.target.value) })}
          >
            {PACKET_PROTOCOLS.map((name) => (
              <option key={name} value={name}>
                {t(`send.protocols.${name}`)}
              </option>
            ))}
          </select>
        </label>
      )}
      {(isUrl || hasPath(draft.protocol)) && (
        <label>
          <span>{t('send.method')}</span>
          <select className="field" value={draft.method} onChange={(event) => change({ method: event.target.value })}>
            {METHODS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      {!isUrl && hasPort(draft.protocol) && (
        <label className={styles.port}>
          <span>{t('send.port')}</span>
          <input
            className="field mono"
            inputMode="numeric"
            value={draft.port}
            placeholder={t('send.usual')}
            onChange={(event) => change({ port: event.target.value.replaceAll(/\D/g, '').slice(0, 5) })}
          />
        </label>
      )}
      {!isUrl && hasPath(draft.protocol) && (
        <label className={styles.path}>
          <span>{t('send.path')}</span>
          <input
            className="field mono"
            value={draft.path}
            spellCheck={false}
            onChange={(event) => change({ path: event.target.value })}
          />
        </label>
      )}
      <button type="submit" className="btn primary" disabled={busy || questionOf(full) === null}>
        {t(busy ? 'send.busy' : 'send.button')}
      </button>
      <div className={styles.presets} role="group" aria-label={t('send.presets')}>
        <span className="muted">{t('send.presets')}</span>
        {presets.map(({ id, draft: preset }) => (
          <button
            key={id}
            type="button"
            className="btn"
            disabled={busy}
            title={`${preset.from} → ${preset.to}`}
            onClick={() => onSend(preset)}
          >
            {t(`send.preset.${id}`, { to: preset.to })}
          </button>
        ))}
      </div>
    </form>
  )
}

interface SourceSelectProps {
  readonly topology: NetTopology
  readonly value: string
  readonly onChange: (id: string) => void
}

/** Pods by namespace, machines, and the world outside. */
export function SourceSelect({ topology, value, onChange }: SourceSelectProps) {
  const { t } = useTranslation('network')
  const groups = useMemo(() => {
    const found = new Map<string, { id: string; text: string }[]>()
    for (const { namespace, name } of topology.pods) {
      const list = found.get(namespace) ?? []
      list.push({ id: sourceId({ kind: 'pod', namespace, name }), text: name })
      found.set(namespace, list)
    }
    const rank = (namespace: string): string => (namespace === 'kube-system' ? '~' : namespace)
    return [...found].toSorted(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
  }, [topology.pods])
  const known =
    value === 'outside' ||
    topology.nodes.some(({ name }) => `node:${name}` === value) ||
    groups.some(([, list]) => list.some(({ id }) => id === value))
  return (
    <select className={`field ${styles.source}`} value={value} onChange={(event) => onChange(event.target.value)}>
      {!known && <option value={value}>{t('send.goneSource', { name: value.replace(/^(pod|node):/, '') })}</option>}
      {groups.map(([namespace, list]) => (
        <optgroup key={namespace} label={t('send.podsIn', { namespace })}>
          {list.map(({ id, text }) => (
            <option key={id} value={id}>
              {text}
            </option>
          ))}
        </optgroup>
      ))}
      <optgroup label={t('send.machines')}>
        {topology.nodes.map(({ name }) => (
          <option key={name} value={`node:${name}`}>
            {name}
          </option>
        ))}
        <option value="outside">{t('source.outside')}</option>
      </optgroup>
    </select>
  )
}
