import type { TFunction } from 'i18next'
import type { PacketSource, PacketStep, Station, StationKind } from '../../../worker/network/protocol.ts'
import type { Column } from './columns.ts'
import { changedHeaders, withPort } from './headers.ts'

export type Translate = TFunction<'network'>

/** What a station is called: kernel words stay as they are. */
export function stationTitle({ kind, name, place }: Station, t: Translate): string {
  switch (kind) {
    case 'hook':
      return name
    case 'device':
    case 'encapsulate':
    case 'decapsulate':
      return place.device ?? name
    default:
      return t(`station.${kind}`)
  }
}

/** What happened there, in one line: the translation if there was one, else what decided. */
export function stationEffect(station: Station, t: Translate): string {
  const { before, after, kind, looked, detail } = station
  if (kind === 'encapsulate' && after.outer)
    return t('effect.wrap', { kind: after.outer.kind, destination: after.outer.destination })
  if (kind === 'decapsulate') return t('effect.unwrap')
  const changed = changedHeaders(before, after)
  if (changed.includes('destination') || changed.includes('destinationPort'))
    return t('effect.dnat', { to: withPort(after.destination, after.destinationPort) })
  if (changed.includes('source') || changed.includes('sourcePort'))
    return t('effect.snat', { to: withPort(after.source, after.sourcePort) })
  if (kind === 'hook') return looked > 0 ? t('effect.looked', { count: looked }) : t('effect.nothing')
  // A socket's address, a process's name, the two ends of a wire: in no language.
  if (kind === 'socket') return withPort(after.source, after.sourcePort)
  if (kind === 'delivered') return station.name
  if (kind === 'wire') return detail.replace(' to ', ' → ')
  if (kind === 'device') return ''
  if (kind === 'route') return detail.split(' proto ')[0]?.split(' scope ')[0] ?? detail
  return detail
}

export const KIND_GLYPHS: { readonly [kind in StationKind]: string } = {
  process: 'M4 4h8v8H4z',
  socket: 'M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10z',
  dns: 'M3 5h10M3 8h10M3 11h6',
  hook: 'M8 2l6 6-6 6-6-6z',
  conntrack: 'M3 6h9l-2-2M13 10H4l2 2',
  route: 'M3 13V8h7V3M7.5 5.5L10 3l2.5 2.5',
  neighbour: 'M3 8h10M10 5l3 3-3 3',
  device: 'M3 5h10v6H3zM6 11v2M10 11v2',
  encapsulate: 'M2.5 4h11v8h-11zM6 6.5h4v3H6z',
  decapsulate: 'M2.5 4h11v8h-11zM6 6.5h4v3H6z',
  wire: 'M2 8h12',
  policy: 'M8 2l5 2v4c0 3-2.5 5-5 6-2.5-1-5-3-5-6V4z',
  delivered: 'M3 8.5l3.5 3.5L13 4.5',
  dropped: 'M4 4l8 8M12 4l-8 8',
  rejected: 'M10 3L5 8l5 5M5 8h8',
}

export function columnTitle({ kind, name }: Column, t: Translate): string {
  if (kind === 'wire') return t('place.wire')
  if (kind === 'outside') return t('place.outside')
  return kind === 'pod' ? name.slice(name.indexOf('/') + 1) : name
}

/** Under the name: what the place is. */
export function columnAbout({ kind, name, node }: Column, t: Translate): string {
  if (kind === 'pod') return t('place.podOn', { namespace: name.slice(0, Math.max(0, name.indexOf('/'))), node })
  return kind === 'node' ? t('place.node') : ''
}

export function stepTitle({ kind, summary, retry }: PacketStep, t: Translate): string {
  const word = t(`packet.${kind}`)
  const text = summary === '' || summary === word ? word : `${word}: ${summary}`
  return retry > 0 ? `${text} (${t('packet.again', { count: retry })})` : text
}

export function sourceText(source: PacketSource, t: Translate): string {
  switch (source.kind) {
    case 'pod':
      return `${source.namespace}/${source.name}`
    case 'node':
      return t('source.node', { name: source.name })
    case 'outside':
      return t('source.outside')
  }
}
