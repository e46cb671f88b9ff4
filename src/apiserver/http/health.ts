import type { HttpResponse } from './types.ts'
import type { Query } from './query.ts'

const hook = (name: string) => `poststarthook/${name}`

/** Start-up hooks in the order in which kube-apiserver runs and lists them. */
const HOOKS = [
  hook('start-apiserver-admission-initializer'),
  hook('generic-apiserver-start-informers'),
  hook('priority-and-fairness-config-consumer'),
  hook('priority-and-fairness-filter'),
  hook('storage-object-count-tracker-hook'),
  hook('start-apiextensions-informers'),
  hook('start-apiextensions-controllers'),
  hook('crd-informer-synced'),
  hook('start-system-namespaces-controller'),
  hook('peer-endpoint-reconciler-controller'),
  hook('start-cluster-authentication-info-controller'),
  hook('start-kube-apiserver-identity-lease-controller'),
  hook('start-kube-apiserver-identity-lease-garbage-collector'),
  hook('storage-readiness'),
  hook('start-legacy-token-tracking-controller'),
  hook('start-service-ip-repair-controllers'),
  hook('rbac/bootstrap-roles'),
  hook('scheduling/bootstrap-system-priority-classes'),
  hook('priority-and-fairness-config-producer'),
  hook('bootstrap-controller'),
  hook('start-kubernetes-service-cidr-controller'),
  hook('aggregator-reload-proxy-client-cert'),
  hook('start-kube-aggregator-informers'),
  hook('apiservice-status-local-available-controller'),
  hook('apiservice-status-remote-available-controller'),
  hook('apiservice-registration-controller'),
  hook('apiservice-wait-for-first-sync'),
  hook('apiservice-discovery-controller'),
  hook('kube-apiserver-autoregistration'),
  'autoregister-completion',
  hook('apiservice-openapi-controller'),
  hook('apiservice-openapiv3-controller'),
]

/** The checks behind each health path, in their order. */
export const CHECKS: { readonly [path: string]: readonly string[] } = {
  healthz: ['ping', 'log', 'loopback-serving-certificate', 'etcd', ...HOOKS],
  livez: ['ping', 'log', 'loopback-serving-certificate', 'etcd', ...HOOKS],
  readyz: ['ping', 'log', 'informer-sync', ...HOOKS, 'shutdown'],
}

export function textResponse(code: number, body: string): HttpResponse {
  return { kind: 'response', code, headers: { 'content-type': 'text/plain; charset=utf-8' }, body }
}

export const pageNotFound = () => textResponse(404, '404 page not found\n')

/** GET /healthz, /livez, /readyz and their single checks. A server that answers is well. */
export function health(path: string, query: Query): HttpResponse | undefined {
  const [, kind = '', ...rest] = path.replace(/\/$/, '').split('/')
  const checks = CHECKS[kind]
  if (!checks) return undefined
  const one = rest.join('/')
  if (one !== '') return checks.includes(one) ? textResponse(200, 'ok') : pageNotFound()
  if (query.get('verbose') === undefined) return textResponse(200, 'ok')
  const excluded = query.all('exclude')
  const lines = checks.map((check) => `[+]${check} ${excluded.includes(check) ? 'excluded: ok' : 'ok'}\n`)
  const unknown = excluded.filter((check) => !checks.includes(check))
  const warning =
    unknown.length > 0
      ? `warn: some health checks cannot be excluded: no matches for ${unknown.map((u) => JSON.stringify(u)).join(',')}\n`
      : ''
  return textResponse(200, `${lines.join('')}${warning}${kind} check passed\n`)
}
