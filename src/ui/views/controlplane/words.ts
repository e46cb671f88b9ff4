import type { TFunction } from 'i18next'
import type { TraceEntry } from '../../../worker/control-plane/protocol.ts'
import type { ObjectRef } from '../../state/selection.ts'

/** A controller's name where its process is named beside it. */
export function shortController(name: string): string {
  return name.replace(/-controller$/, '')
}

/** A station's name, in full. Ids carry what is needed: 'kubelet:n1'. */
export function stationName(id: string, t: TFunction<'controlplane'>): string {
  const colon = id.indexOf(':')
  if (colon < 0) return t(`station.${id}`)
  const name = id.slice(colon + 1)
  return id.startsWith('kubelet:') ? t('station.kubelet', { name }) : name
}

/** Who did it: people by their own name, components by the component's. */
export function whoText({ station, user }: Pick<TraceEntry, 'station' | 'user'>, t: TFunction<'controlplane'>): string {
  if (station === 'user') return user
  if (station === 'other') return user.replace(/^system:serviceaccount:/, '')
  return stationName(station, t)
}

export function verbText({ type, verb }: Pick<TraceEntry, 'type' | 'verb'>, t: TFunction<'controlplane'>): string {
  return type === 'turn' ? t('verb.turn') : verb
}

/** 'Pod/binding default/web-1'; the resource where the kind is not known. */
export function objectText({ object, subresource }: Pick<TraceEntry, 'object' | 'subresource'>): string {
  const { kind, resource, namespace, name } = object
  const what = `${kind || resource}${subresource === '' ? '' : `/${subresource}`}`
  const path = [namespace, name].filter((part) => part !== '').join('/')
  return [what, path].filter((part) => part !== '').join(' ')
}

/** 'rev 812 · 4 ms', '409 · Operation cannot be fulfilled…' */
export function resultText(entry: TraceEntry, t: TFunction<'controlplane'>): string {
  const parts: string[] = []
  if (entry.code > 0) parts.push(String(entry.code))
  if (entry.revision > 0) parts.push(t('result.revision', { revision: entry.revision }))
  if (entry.type === 'turn') parts.push(entry.message === '' ? t('result.ok') : t('result.retry', { message: entry.message }))
  else if (entry.message !== '') parts.push(entry.message)
  const ms = durationMs(entry)
  if (entry.type !== 'write' && (ms > 0 || entry.type === 'turn')) parts.push(t('result.ms', { ms }))
  return parts.join(' · ')
}

/** From the wish to send to the answer's arrival; for events and turns from their beginning to their end. */
export function durationMs(entry: TraceEntry): number {
  const back = entry.type === 'request' ? entry.transitMs + entry.writeMs : 0
  return Math.round((entry.timeMs - entry.startMs + back) * 100) / 100
}

export function entryText(entry: TraceEntry, t: TFunction<'controlplane'>): string {
  return `${whoText(entry, t)}: ${actText(entry, t)}`
}

/** The same without who did it. */
export function actText(entry: TraceEntry, t: TFunction<'controlplane'>): string {
  return `${verbText(entry, t)} ${objectText(entry)} — ${resultText(entry, t)}`
}

/** The object as the rest of the page names it, if it is one. */
export function refOf({ group, version, resource, kind, namespace, name }: TraceEntry['object']): ObjectRef | null {
  if (resource === '' || name === '' || kind === '') return null
  return { group, version, resource, kind, namespace, name }
}
