/** What nginx serves, worked out of Ingress objects. Source: ingress-nginx 1.x, internal/ingress/controller. */
import type { EndpointSlice, Ingress, IngressBackend, Secret, Service } from '../../apimachinery/generated/types.ts'
import { readSettings, type Canary, type Settings } from './annotations.ts'

/** The server that takes hosts which no Ingress names. */
export const CATCH_ALL = '_'
const DEFAULT_UPSTREAM = 'upstream-default-backend'

export interface Location {
  readonly path: string
  readonly pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific'
  /** 'namespace/name'; '' for what nginx itself answers. */
  readonly ingress: string
  readonly service: string
  readonly port: string
  readonly upstream: string
  /** Upstreams of canaries for the same path. */
  readonly alternatives: readonly Alternative[]
  readonly settings: Settings
}
export interface Alternative {
  readonly upstream: string
  readonly canary: Canary
}
export interface Server {
  readonly host: string
  readonly aliases: readonly string[]
  /** 'namespace/name' of the certificate's Secret; undefined: the default certificate. */
  readonly certificate: string | undefined
  /** Whether an Ingress asks for TLS on this host, with a certificate or the default one. */
  readonly tls: boolean
  /** All paths are regular expressions, because one of them is. */
  readonly regex: boolean
  readonly locations: readonly Location[]
}
export interface Upstream {
  readonly name: string
  readonly endpoints: readonly { readonly address: string; readonly port: number }[]
}
export interface NginxModel {
  readonly servers: readonly Server[]
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** Ports that are passed on as they are. */
  readonly streams: readonly { readonly port: number; readonly protocol: 'tcp' | 'udp'; readonly upstream: string }[]
  /** What was wrong and is served otherwise: log lines. */
  readonly warnings: readonly string[]
}

/** What the controller reads. */
export interface IngressWorld {
  service(namespace: string, name: string): Service | undefined
  slices(namespace: string, service: string): readonly EndpointSlice[]
  secret(namespace: string, name: string): Secret | undefined
}

export interface StreamMap {
  readonly protocol: 'tcp' | 'udp'
  /** '8000' -> 'luffy/eladmin-api:8000' */
  readonly entries: { readonly [port: string]: string }
}

const DEFAULT_SETTINGS = readSettings({ metadata: {} })

/** `ingresses`: those of this controller's classes. `defaultBackend`: 'namespace/name' of --default-backend-service. */
export function buildModel(
  ingresses: readonly Ingress[],
  world: IngressWorld,
  streamMaps: readonly StreamMap[] = [],
  defaultBackend = '',
): NginxModel {
  return new Builder(world, defaultBackend).build(ingresses, streamMaps)
}

interface Draft {
  readonly aliases: Set<string>
  readonly locations: Map<string, Location>
  certificate: string | undefined
  tls: boolean
}

class Builder {
  private readonly world: IngressWorld
  private readonly servers = new Map<string, Draft>()
  private readonly upstreams = new Map<string, Upstream>()
  private readonly warnings: string[] = []
  private readonly defaultBackend: string

  constructor(world: IngressWorld, defaultBackend: string) {
    this.world = world
    this.defaultBackend = defaultBackend
  }

  build(ingresses: readonly Ingress[], streamMaps: readonly StreamMap[]): NginxModel {
    // The older one keeps a path that two ask for.
    const sorted = ingresses.toSorted((a, b) => compare(ageKey(a), ageKey(b)))
    this.addDefault()
    for (const ingress of sorted) if (!readSettings(ingress).canary) this.addIngress(ingress)
    for (const ingress of sorted) this.addCanary(ingress)
    for (const ingress of sorted) this.addTls(ingress)
    const streams = streamMaps.flatMap((map) => this.streamsOf(map))
    const servers = [...this.servers].map(([host, draft]) => finished(host, draft)).sort((a, b) => compare(a.host, b.host))
    return { servers, upstreams: this.upstreams, streams, warnings: this.warnings }
  }

  private addDefault(): void {
    const [namespace = '', name = ''] = this.defaultBackend.split('/')
    const service = name === '' ? undefined : this.world.service(namespace, name)
    const endpoints = service ? this.endpointsOf(namespace, name, String(service.spec?.ports?.[0]?.port ?? 80)) : []
    this.upstreams.set(DEFAULT_UPSTREAM, { name: DEFAULT_UPSTREAM, endpoints })
    this.draft(CATCH_ALL).locations.set('Prefix /', {
      path: '/',
      pathType: 'Prefix',
      ingress: '',
      service: '',
      port: '',
      upstream: DEFAULT_UPSTREAM,
      alternatives: [],
      settings: { ...DEFAULT_SETTINGS, sslRedirect: false },
    })
  }

  private addIngress(ingress: Ingress): void {
    const settings = readSettings(ingress)
    const { defaultBackend, rules = [] } = ingress.spec ?? {}
    if (defaultBackend) this.addDefaultOf(ingress, defaultBackend, settings)
    for (const rule of rules) {
      const draft = this.draft(rule.host || CATCH_ALL)
      for (const alias of settings.aliases) draft.aliases.add(alias)
      for (const { path = '/', pathType, backend } of rule.http?.paths ?? [])
        this.place(draft, this.location(ingress, path || '/', pathType, backend, settings))
    }
  }

  /** The backend of an Ingress for what its rules leave over; without rules, for everything. */
  private addDefaultOf(ingress: Ingress, backend: IngressBackend, settings: Settings): void {
    const hosts = new Set((ingress.spec?.rules ?? []).map(({ host }) => host || CATCH_ALL))
    for (const host of hosts.size === 0 ? [CATCH_ALL] : hosts) {
      const location = this.location(ingress, '/', 'Prefix', backend, settings)
      const draft = this.draft(host)
      if (host === CATCH_ALL) draft.locations.delete('Prefix /')
      this.place(draft, location)
    }
  }

  private place(draft: Draft, location: Location): void {
    const key = `${location.pathType} ${location.path}`
    const present = draft.locations.get(key)
    if (present && present.ingress !== '') return
    draft.locations.set(key, location)
  }

  private location(ingress: Ingress, path: string, pathType: string, backend: IngressBackend, settings: Settings): Location {
    const { namespace = '', name = '' } = ingress.metadata
    const { upstream, service, port } = this.upstreamOf(namespace, backend)
    return {
      path,
      pathType: pathType as Location['pathType'],
      ingress: `${namespace}/${name}`,
      service,
      port,
      upstream,
      alternatives: [],
      settings,
    }
  }

  /** Puts a canary's backend beside that of the Ingress with the same host and path. */
  private addCanary(ingress: Ingress): void {
    const { canary } = readSettings(ingress)
    if (!canary) return
    const { namespace = '', name = '' } = ingress.metadata
    for (const rule of ingress.spec?.rules ?? []) {
      const draft = this.servers.get(rule.host || CATCH_ALL)
      for (const { path = '/', pathType, backend } of rule.http?.paths ?? []) {
        const key = `${pathType} ${path || '/'}`
        const main = draft?.locations.get(key)
        if (!draft || !main || main.ingress === '') {
          this.warnings.push(
            `Cannot merge alternative backend of canary ingress ${namespace}/${name} into hostname ${rule.host ?? ''} that does not exist`,
          )
          continue
        }
        const { upstream } = this.upstreamOf(namespace, backend)
        draft.locations.set(key, { ...main, alternatives: [...main.alternatives, { upstream, canary }] })
      }
    }
  }

  private addTls(ingress: Ingress): void {
    const { namespace = '' } = ingress.metadata
    for (const { hosts = [], secretName = '' } of ingress.spec?.tls ?? []) {
      const named = hosts.length > 0 ? hosts : (ingress.spec?.rules ?? []).map(({ host }) => host ?? '')
      for (const host of named) {
        const draft = this.servers.get(host || CATCH_ALL)
        if (!draft) continue
        draft.tls = true
        if (secretName !== '') draft.certificate ??= this.certificate(namespace, secretName)
      }
    }
  }

  private certificate(namespace: string, name: string): string | undefined {
    const key = `${namespace}/${name}`
    const secret = this.world.secret(namespace, name)
    const why = !secret
      ? `local SSL certificate ${key} was not found`
      : secret.data?.['tls.crt'] && secret.data['tls.key']
        ? undefined
        : `secret "${key}" contains no keypair or CA certificate`
    if (why === undefined) return key
    this.warnings.push(`Error getting SSL certificate "${key}": ${why}. Using default certificate`)
    return undefined
  }

  private upstreamOf(namespace: string, { service }: IngressBackend): { upstream: string; service: string; port: string } {
    const name = service?.name ?? ''
    const port = String(service?.port?.name ?? service?.port?.number ?? '')
    const upstream = `${namespace}-${name}-${port}`
    if (!this.upstreams.has(upstream))
      this.upstreams.set(upstream, { name: upstream, endpoints: this.endpointsOf(namespace, name, port) })
    return { upstream, service: name, port }
  }

  private endpointsOf(namespace: string, name: string, port: string): Upstream['endpoints'] {
    const service = this.world.service(namespace, name)
    if (!service) {
      this.warnings.push(
        `Error obtaining Endpoints for Service "${namespace}/${name}": no object matching key "${namespace}/${name}" in local store`,
      )
      return []
    }
    if (service.spec?.type === 'ExternalName') {
      const target = Number(port)
      return Number.isNaN(target) ? [] : [{ address: service.spec.externalName ?? '', port: target }]
    }
    const found = service.spec?.ports?.find((each) => each.name === port || String(each.port) === port)
    if (!found) return []
    return this.world
      .slices(namespace, name)
      .flatMap(({ ports, endpoints }) => {
        const target = ports?.find((each) => (each.name ?? '') === (found.name ?? ''))?.port
        const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
        return target === undefined ? [] : ready.map(({ addresses }) => ({ address: addresses[0] ?? '', port: target }))
      })
      .sort((a, b) => compare(a.address, b.address))
  }

  private streamsOf({ protocol, entries }: StreamMap): NginxModel['streams'] {
    return Object.entries(entries).flatMap(([port, target]) => {
      const match = /^([^/]+)\/([^:]+):([^:]+)/.exec(target)
      if (!match || !/^\d+$/.test(port)) {
        this.warnings.push(`Invalid Service reference "${target}" for ${protocol.toUpperCase()} port ${port}`)
        return []
      }
      const [, namespace = '', name = '', servicePort = ''] = match
      const upstream = `${protocol}-${namespace}-${name}-${servicePort}`
      this.upstreams.set(upstream, { name: upstream, endpoints: this.endpointsOf(namespace, name, servicePort) })
      return [{ port: Number(port), protocol, upstream }]
    })
  }

  private draft(host: string): Draft {
    let draft = this.servers.get(host)
    if (!draft) {
      draft = { aliases: new Set(), locations: new Map(), certificate: undefined, tls: false }
      this.servers.set(host, draft)
    }
    return draft
  }
}

/** Locations in nginx's order of the file; without a '/' of its own a host's rest goes to the default backend. */
function finished(host: string, draft: Draft): Server {
  const listed = [...draft.locations.values()]
  if (!listed.some(({ path }) => path === '/'))
    listed.push({
      path: '/',
      pathType: 'Prefix',
      ingress: '',
      service: '',
      port: '',
      upstream: DEFAULT_UPSTREAM,
      alternatives: [],
      settings: { ...DEFAULT_SETTINGS, sslRedirect: false },
    })
  const regex = listed.some(
    ({ settings, path }) => settings.useRegex || (settings.rewriteTarget !== '' && settings.rewriteTarget !== path),
  )
  const locations = listed.sort((a, b) => b.path.length - a.path.length || compare(b.path, a.path))
  return { host, aliases: [...draft.aliases], certificate: draft.certificate, tls: draft.tls, regex, locations }
}

function ageKey({ metadata }: Ingress): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
