import type { Ingress } from '../../apimachinery/generated/types.ts'

const PREFIX = 'nginx.ingress.kubernetes.io/'
const MIB = 1024 * 1024

/**
 * What an Ingress asks of nginx by annotations, with the defaults of ingress-nginx 1.x. SIMPLIFIED: annotations for
 * authentication, rate limits, session affinity, CORS and snippets have no effect.
 */
export interface Settings {
  readonly rewriteTarget: string
  readonly useRegex: boolean
  readonly sslRedirect: boolean
  readonly forceSslRedirect: boolean
  /** Bytes; 0: no limit. */
  readonly bodySize: number
  readonly bodySizeText: string
  readonly connectTimeoutMs: number
  readonly readTimeoutMs: number
  readonly allowedSources: readonly string[]
  readonly permanentRedirect: string
  readonly permanentRedirectCode: number
  readonly temporalRedirect: string
  readonly appRoot: string
  readonly upstreamHost: string
  readonly secureBackend: boolean
  readonly aliases: readonly string[]
  /** Not null: the Ingress only takes a part of the traffic of another one. */
  readonly canary: Canary | null
}

export interface Canary {
  readonly weight: number
  readonly weightTotal: number
  readonly header: string
  readonly headerValue: string
  readonly headerPattern: string
  readonly cookie: string
}

/** Reads the annotations; unreadable values keep their defaults, as the controller does. */
export function readSettings({ metadata }: Ingress): Settings {
  const get = (name: string): string => metadata.annotations?.[PREFIX + name] ?? ''
  const flag = (name: string, fallback: boolean): boolean => {
    const text = get(name)
    return text === 'true' || (text !== 'false' && fallback)
  }
  const number = (name: string, fallback: number): number => (/^\d+$/.test(get(name)) ? Number(get(name)) : fallback)
  const list = (name: string): readonly string[] =>
    get(name)
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
  const bodySizeText = /^\d+[kKmMgG]?$/.test(get('proxy-body-size')) ? get('proxy-body-size') : '1m'
  return {
    rewriteTarget: get('rewrite-target'),
    useRegex: flag('use-regex', false),
    sslRedirect: flag('ssl-redirect', true),
    forceSslRedirect: flag('force-ssl-redirect', false),
    bodySize: bytesOf(bodySizeText),
    bodySizeText,
    connectTimeoutMs: number('proxy-connect-timeout', 5) * 1000,
    readTimeoutMs: number('proxy-read-timeout', 60) * 1000,
    allowedSources: get('allowlist-source-range') ? list('allowlist-source-range') : list('whitelist-source-range'),
    permanentRedirect: get('permanent-redirect'),
    permanentRedirectCode: number('permanent-redirect-code', 301),
    temporalRedirect: get('temporal-redirect'),
    appRoot: get('app-root'),
    upstreamHost: get('upstream-vhost'),
    secureBackend: get('backend-protocol').toUpperCase() === 'HTTPS',
    aliases: list('server-alias'),
    canary: flag('canary', false)
      ? {
          weight: number('canary-weight', 0),
          weightTotal: number('canary-weight-total', 100),
          header: get('canary-by-header'),
          headerValue: get('canary-by-header-value'),
          headerPattern: get('canary-by-header-pattern'),
          cookie: get('canary-by-cookie'),
        }
      : null,
  }
}

function bytesOf(text: string): number {
  const unit = { k: 1024, m: MIB, g: 1024 * MIB }[text.slice(-1).toLowerCase()] ?? 1
  return Number.parseInt(text, 10) * unit
}
