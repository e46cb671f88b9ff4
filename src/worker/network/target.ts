import { canonicalAddress } from '../../network/address.ts'
import type { PacketProtocol, PacketQuestion } from './protocol.ts'

/** Where a question goes, with everything that was left open filled in. */
export interface Target {
  readonly protocol: PacketProtocol
  readonly host: string
  readonly port: number
  readonly path: string
}

const USUAL_PORT: { readonly [protocol in PacketProtocol]: number } = { http: 80, https: 443, tcp: 80, udp: 53, dns: 53, icmp: 0 }
const HOST = /^(?:\[([0-9a-fA-F:.]+)\]|([^/?#:[\]\s]+)|([0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*))(?::(\d{1,5}))?$/

/** Reads a name, an address ('10.96.0.1:443', '[fd00::1]:80') or a URL. A text says what is wrong with it. */
export function parseTarget({ target, protocol, port, path }: PacketQuestion): Target | string {
  const text = target.trim()
  const url = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)([^#]*)/.exec(text)
  const scheme = url?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') return `curl: (1) Protocol "${scheme}" not supported`
  const [authority = '', rest = ''] = url ? [url[2], url[3]] : splitPath(text)
  const parts = HOST.exec(authority.replace(/^[^@]*@/, ''))
  const host = parts?.[1] ?? parts?.[2] ?? parts?.[3]
  if (host === undefined || !isHost(host)) return `curl: (3) URL rejected: Bad hostname: ${text}`
  const chosen: PacketProtocol = scheme ?? protocol
  const number = Number(parts?.[4] ?? 0) || (url ? 0 : port) || USUAL_PORT[chosen]
  if (number > 65_535) return 'curl: (3) URL rejected: Port number was not a decimal number between 0 and 65535'
  const full = rest !== '' ? rest : url ? '/' : path
  return { protocol: chosen, host, port: number, path: full.startsWith('/') ? full : `/${full}` }
}

function splitPath(text: string): readonly [string, string] {
  const slash = text.indexOf('/')
  return slash === -1 ? [text, ''] : [text.slice(0, slash), text.slice(slash)]
}

function isHost(host: string): boolean {
  if (/^[0-9.]+$/.test(host) || host.includes(':')) return canonicalAddress(host) !== undefined
  return host.length <= 253 && /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]*[a-zA-Z0-9_])?\.?$/.test(host)
}
