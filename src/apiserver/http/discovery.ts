import { hashText } from '../../sim/random.ts'
import type { JsonObject } from '../../apimachinery/resource.ts'
import data from '../bootstrap/data.json' with { type: 'json' }
import type { ResourceInfo, ResourceTable, SubresourceInfo } from '../resources.ts'
import { CHECKS } from './health.ts'

/** The group and version of subresource bodies that are not their resource's. */
const SUBRESOURCE_KINDS: {
  readonly [name: string]: { group?: string; version?: string; kind: string; verbs?: readonly string[] }
} = {
  scale: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  eviction: { group: 'policy', version: 'v1', kind: 'Eviction' },
  token: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  binding: { kind: 'Binding' },
  'pods/attach': { kind: 'PodAttachOptions', verbs: ['create', 'get'] },
  'pods/exec': { kind: 'PodExecOptions', verbs: ['create', 'get'] },
  'pods/portforward': { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
  'pods/proxy': { kind: 'PodProxyOptions' },
  'services/proxy': { kind: 'ServiceProxyOptions' },
  'nodes/proxy': { kind: 'NodeProxyOptions' },
}
const PROXY_VERBS = ['create', 'delete', 'get', 'patch', 'update']
const API_EXTENSIONS = new Set(['admissionregistration.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io'])

interface GroupVersion {
  readonly group: string
  readonly version: string
}

/** Groups and their versions, in the order of the aggregator: by priority, then by name. */
export function groupVersions(resources: ResourceTable): { readonly group: string; readonly versions: readonly string[] }[] {
  const known = new Map(data.apiservices.map((s) => [`${s.group}/${s.version}`, s]))
  const groups = new Map<string, Set<string>>()
  const computed = new Map<string, number>()
  for (const { group, version, computed: info } of resources.all()) {
    groups.set(group, (groups.get(group) ?? new Set()).add(version))
    if (info) computed.set(group, info.groupPriority)
  }
  const priority = ({ group, version }: GroupVersion) =>
    group === 'apiregistration.k8s.io'
      ? 20_000
      : (known.get(`${group}/${version}`)?.groupPriorityMinimum ?? computed.get(group) ?? 1000)
  const versionPriority = (group: string) => (version: string) => known.get(`${group}/${version}`)?.versionPriority ?? 100
  return [...groups]
    .map(([group, set]) => {
      const rank = versionPriority(group)
      const versions = [...set].sort((a, b) => rank(b) - rank(a) || compareVersions(a, b))
      return { group, versions, priority: priority({ group, version: versions[0] ?? '' }) }
    })
    .sort((a, b) => b.priority - a.priority || (a.group < b.group ? -1 : 1))
}

/** v2 before v1 before v1beta1. k8s 1.36: version.CompareKubeAwareVersionStrings, newest first. */
export function compareVersions(a: string, b: string): number {
  const parse = (text: string) => /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text)
  const [x, y] = [parse(a), parse(b)]
  if (!x || !y) return x ? -1 : y ? 1 : a < b ? -1 : 1
  const stage = (m: RegExpExecArray) => (m[2] === 'alpha' ? 0 : m[2] === 'beta' ? 1 : 2)
  return stage(y) - stage(x) || Number(y[1]) - Number(x[1]) || Number(y[3] ?? 0) - Number(x[3] ?? 0)
}

const groupVersionText = (group: string, version: string) => (group === '' ? version : `${group}/${version}`)

function sortedResources(resources: ResourceTable, group: string, version: string): ResourceInfo[] {
  return [...resources.all()]
    .filter((info) => info.group === group && info.version === version)
    .sort((a, b) => (a.resource < b.resource ? -1 : 1))
}

const singular = (info: ResourceInfo) => info.custom?.singular ?? (info.computed ? '' : info.kind.toLowerCase())

function categoriesOf(info: ResourceInfo): readonly string[] | undefined {
  return info.strategy.categories ?? (API_EXTENSIONS.has(info.group) ? ['api-extensions'] : undefined)
}

function subresourceOf(info: ResourceInfo, sub: SubresourceInfo) {
  const special = SUBRESOURCE_KINDS[`${info.resource}/${sub.name}`] ?? SUBRESOURCE_KINDS[sub.name]
  const verbs = special?.verbs ?? (sub.name === 'proxy' ? PROXY_VERBS : sub.verbs)
  return { ...special, kind: special?.kind ?? info.kind, verbs: [...verbs].sort() }
}

/** GET /apis/GROUP/VERSION: APIResourceList. Undefined when there is none. */
export function resourceList(resources: ResourceTable, group: string, version: string): JsonObject | undefined {
  const infos = sortedResources(resources, group, version)
  if (infos.length === 0) return undefined
  const list = infos.flatMap((info) => {
    const base = { singularName: '', namespaced: info.namespaced }
    const subs = [...info.subresources.values()].map((sub) => ({
      ...base,
      name: `${info.resource}/${sub.name}`,
      ...subresourceOf(info, sub),
    }))
    return [resourceEntry(info), ...subs.sort((a, b) => (a.name < b.name ? -1 : 1))]
  })
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: groupVersionText(group, version),
    resources: list,
  }
}

function resourceEntry(info: ResourceInfo): JsonObject {
  const { shortNames } = info.strategy
  const categories = categoriesOf(info)
  return {
    name: info.resource,
    singularName: singular(info),
    namespaced: info.namespaced,
    kind: info.kind,
    verbs: [...info.verbs].sort(),
    ...(shortNames?.length ? { shortNames } : {}),
    ...(categories?.length ? { categories } : {}),
    ...(info.verbs.includes('update') ? { storageVersionHash: storageHash(info) } : {}),
  }
}

/** An opaque token that is equal as long as the storage version is. */
function storageHash(info: ResourceInfo): string {
  const hash = hashText(`${info.storage.apiVersion}/${info.kind}`).toString(16).padStart(8, '0')
  return `${hash.slice(0, 8)}Kub=`
}

function groupEntry(group: string, versions: readonly string[]): JsonObject {
  const entries = versions.map((version) => ({ groupVersion: groupVersionText(group, version), version }))
  return { name: group, versions: entries, preferredVersion: entries[0] }
}

/** GET /apis: APIGroupList. */
export function groupList(resources: ResourceTable): JsonObject {
  const groups = groupVersions(resources).filter(({ group }) => group !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(({ group, versions }) => groupEntry(group, versions)) }
}

/** GET /apis/GROUP: APIGroup. Undefined when there is none. */
export function oneGroup(resources: ResourceTable, name: string): JsonObject | undefined {
  const found = groupVersions(resources).find(({ group }) => group === name && group !== '')
  return found && { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found.group, found.versions) }
}

/** GET /api: APIVersions. */
export function coreVersions(serverAddress: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

/** Everything of /api or /apis in one answer. k8s 1.36: apidiscovery.k8s.io/v2. */
export function aggregatedDiscovery(resources: ResourceTable, core: boolean): JsonObject {
  const groups = groupVersions(resources).filter(({ group }) => (group === '') === core)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versions.map((version) => ({
        version,
        resources: sortedResources(resources, group, version).map(discoveredResource),
        freshness: 'Current',
      })),
    })),
  }
}

function discoveredResource(info: ResourceInfo): JsonObject {
  const { shortNames } = info.strategy
  const categories = categoriesOf(info)
  const subresources = [...info.subresources.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((sub) => {
      const { group = '', version = '', kind, verbs } = subresourceOf(info, sub)
      return { subresource: sub.name, responseKind: { group, version, kind }, verbs }
    })
  const { group, version } = info.custom || info.computed ? info : { group: '', version: '' }
  return {
    resource: info.resource,
    responseKind: { group, version, kind: info.kind },
    scope: info.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular(info),
    verbs: [...info.verbs].sort(),
    ...(shortNames?.length ? { shortNames } : {}),
    ...(categories?.length ? { categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  }
}

const OTHER_PATHS = [
  '/.well-known/openid-configuration',
  '/api',
  '/api/v1',
  '/apis',
  '/apis/',
  '/flagz',
  '/healthz',
  '/livez',
  '/metrics',
  '/metrics/slis',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/',
  '/openid/v1/jwks',
  '/readyz',
  '/statusz',
  '/version',
]

/** GET /: all paths. */
export function rootPaths(resources: ResourceTable): JsonObject {
  const groups = groupVersions(resources).filter(({ group }) => group !== '')
  const paths = [
    ...OTHER_PATHS,
    ...groups.flatMap(({ group, versions }) => [`/apis/${group}`, ...versions.map((version) => `/apis/${group}/${version}`)]),
    ...Object.entries(CHECKS).flatMap(([kind, checks]) => checks.map((check) => `/${kind}/${check}`)),
  ]
  return { paths: paths.sort() }
}

/** GET /version. */
export const VERSION: JsonObject = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.2',
  gitCommit: '$Format:%H$',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'go1.26.10',
  compiler: 'gc',
  platform: 'linux/amd64',
}
