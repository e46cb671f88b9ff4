/** Warnings about pods and pod templates. Source: k8s 1.36 pkg/api/pod/warnings.go. */
import type {
  Container,
  EphemeralContainer,
  NodeSelectorTerm,
  ObjectMeta,
  PodAffinity,
  PodSpec,
} from '../../../apimachinery/generated/types.ts'
import { isValidLabelValue } from '../../../apimachinery/names.ts'
import { milliValue } from '../../../apimachinery/quantity.ts'
import type { StringMap } from './checks.ts'
import { ipWarnings } from './ip.ts'
import { APPARMOR, appArmorOf, seccompKeys } from './pod-annotations.ts'
import type { ContainerAt } from './pod-containers.ts'
import { containersOf } from './pod-containers.ts'
import { jsonEqual } from '../../../apimachinery/equal.ts'
import { overlapWarnings } from './volume-overlaps.ts'

const DEPRECATED_NODE_LABELS: StringMap = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
}

/** Why a label of nodes should not be used any more, if so. */
export function nodeLabelDeprecation(key: string): string | undefined {
  return DEPRECATED_NODE_LABELS[key]
}

export function nodeTermWarnings(term: NodeSelectorTerm, checkValues: boolean, field: string): string[] {
  return (term.matchExpressions ?? []).flatMap((e, i) => {
    const message = nodeLabelDeprecation(e.key)
    const path = `${field}.matchExpressions[${i}]`
    const own = message === undefined ? [] : [`${path}.key: ${e.key} is ${message}`]
    if (!checkValues) return own
    const values = (e.values ?? []).flatMap((v, j) =>
      isValidLabelValue(v).map((m) => `${path}.values[${j}]: ${v} is invalid, ${m}`),
    )
    return [...own, ...values]
  })
}

const DEPRECATED_ANNOTATIONS: StringMap = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

const DEPRECATED_VOLUMES: StringMap = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}

const isFractional = (text: string | undefined): text is string => text !== undefined && milliValue(text) % 1000 !== 0

/** Bytes come whole. */
export function fractionWarnings(list: StringMap | undefined, names: readonly string[], field: string): string[] {
  return names
    .filter((name) => isFractional(list?.[name]))
    .map((name) => `${field}[${name}]: fractional byte value ${JSON.stringify(list?.[name])} is invalid, must be an integer`)
}

function placementWarnings(spec: PodSpec, field: string): string[] {
  const warnings: string[] = []
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const message = nodeLabelDeprecation(key)
    if (message !== undefined) warnings.push(`${field}.nodeSelector[${key}]: ${message}`)
  }
  const node = spec.affinity?.nodeAffinity
  const path = `${field}.affinity.nodeAffinity`
  for (const [i, term] of (node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).entries()) {
    const at = `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`
    warnings.push(...nodeTermWarnings(term, false, at))
  }
  for (const [i, term] of (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`
    warnings.push(...nodeTermWarnings(term.preference, true, at))
  }
  for (const [i, c] of (spec.topologySpreadConstraints ?? []).entries()) {
    const at = `${field}.topologySpreadConstraints[${i}]`
    const message = nodeLabelDeprecation(c.topologyKey)
    if (message !== undefined) warnings.push(`${at}.topologyKey: ${c.topologyKey} is ${message}`)
    if (c.labelSelector === undefined) warnings.push(`${at}.labelSelector: a null labelSelector results in matching no pod`)
  }
  return warnings
}

function volumeWarnings(spec: PodSpec, field: string): string[] {
  const warnings: string[] = []
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    const at = `${field}.volumes[${i}]`
    for (const [name, message] of Object.entries(DEPRECATED_VOLUMES)) {
      // The path of one differs from its JSON name, as in Kubernetes.
      const shown = name === 'storageos' ? 'storageOS' : name
      if (volume[name as keyof typeof volume] !== undefined) warnings.push(`${at}.${shown}: ${message}`)
    }
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec
    warnings.push(
      ...fractionWarnings(claim?.resources?.requests, ['storage'], `${at}.ephemeral.volumeClaimTemplate.spec.resources.requests`),
    )
  }
  return [...warnings, ...overlapWarnings(spec.volumes ?? [])]
}

function repeated<T>(
  items: readonly T[] | undefined,
  key: (item: T) => string,
  text: (index: number, key: string) => string,
): string[] {
  const seen = new Set<string>()
  return (items ?? []).flatMap((item, i) => {
    const k = key(item)
    if (seen.has(k)) return [text(i, k)]
    seen.add(k)
    return []
  })
}

function envWarnings(container: Container | EphemeralContainer, field: string): string[] {
  const seen = new Set<string>()
  return (container.env ?? []).flatMap(({ name, value = '', valueFrom }, i) => {
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    const ref = `$(${name})`
    const extending = valueFrom === undefined && value !== ref && value.includes(ref)
    const text = `${field}.env[${i}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`
    return extending ? [] : [text]
  })
}

function containerWarnings({ container, field }: ContainerAt, spec: PodSpec, meta: ObjectMeta, prefix: string): string[] {
  const annotations = meta.annotations ?? {}
  const at = `${prefix}metadata.annotations`
  const warnings: string[] = []
  const seccomp = seccompKeys.container + container.name
  if (container.securityContext?.seccompProfile === undefined && annotations[seccomp] !== undefined) {
    warnings.push(`${at}[${seccomp}]: non-functional in v1.27+; use the "seccompProfile" field instead`)
  }
  const apparmor = annotations[APPARMOR + container.name]
  if (prefix !== '' && container.securityContext?.appArmorProfile === undefined && apparmor !== undefined) {
    const ofPod = spec.securityContext?.appArmorProfile
    if (ofPod === undefined || !jsonEqual(ofPod, appArmorOf(apparmor))) {
      warnings.push(`${at}[${APPARMOR}${container.name}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
    }
  }
  const { limits, requests } = container.resources ?? {}
  for (const name of ['memory', 'ephemeral-storage']) {
    warnings.push(...fractionWarnings(limits, [name], `${field}.resources.limits`))
    warnings.push(...fractionWarnings(requests, [name], `${field}.resources.requests`))
  }
  return [...warnings, ...envWarnings(container, field)]
}

function portWarnings(containers: readonly ContainerAt[]): string[] {
  const ports = containers.flatMap(({ container, field }) =>
    (container.ports ?? []).map((port, i) => ({ field: `${field}.ports[${i}]`, hostPort: 0, hostIP: '', ...port })),
  )
  const warnings: string[] = []
  for (const [i, port] of ports.entries()) {
    if (port.hostIP !== '' && port.hostPort === 0) {
      const { name = '', containerPort, protocol, hostIP } = port
      warnings.push(
        `${port.field}: hostIP set without hostPort: {Name:${name} HostPort:0 ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`,
      )
    }
    for (const other of ports.slice(0, i)) {
      if (other.containerPort !== port.containerPort || other.protocol !== port.protocol) continue
      if (port.hostIP === other.hostIP && port.hostPort === other.hostPort) {
        warnings.push(`${port.field}: duplicate port definition with ${other.field}`)
      } else if (port.hostPort === 0 || other.hostPort === 0) {
        warnings.push(`${port.field}: overlapping port definition with ${other.field}`)
      } else if (port.hostPort === other.hostPort && (port.hostIP === '') !== (other.hostIP === '')) {
        warnings.push(`${port.field}: dangerously ambiguous port definition with ${other.field}`)
      }
    }
  }
  const named = new Map<string, string>()
  for (const { name = '', field } of ports) {
    const other = named.get(name)
    if (name === '') continue
    if (other === undefined) named.set(name, field)
    else {
      const text = `duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`
      warnings.push(`${field}: ${text}`)
    }
  }
  return warnings
}

function podAffinityWarnings(affinity: PodAffinity | undefined, field: string): string[] {
  const text = 'a null labelSelector results in matching no pod'
  const needed = (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((t, i) =>
    t.labelSelector === undefined ? [`${field}.requiredDuringSchedulingIgnoredDuringExecution[${i}].labelSelector: ${text}`] : [],
  )
  const wanted = (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((t, i) => {
    const at = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm.labelSelector`
    return t.podAffinityTerm?.labelSelector === undefined ? [`${at}: ${text}`] : []
  })
  return [...needed, ...wanted]
}

function listWarnings(spec: PodSpec, field: string): string[] {
  const secrets = `${field}.imagePullSecrets`
  return [
    ...repeated(
      spec.hostAliases,
      (a) => a.ip,
      (i, ip) => `${field}.hostAliases[${i}].ip: duplicate ip ${JSON.stringify(ip)}`,
    ),
    ...repeated(
      spec.imagePullSecrets,
      (s) => s.name ?? '',
      (i, name) => `${secrets}[${i}].name: duplicate name ${JSON.stringify(name)}`,
    ),
    ...(spec.imagePullSecrets ?? []).flatMap((s, i) => (s.name ? [] : [`${secrets}[${i}].name: invalid empty name ""`])),
    ...fractionWarnings(spec.overhead, ['memory', 'ephemeral-storage'], `${field}.overhead`),
  ]
}

/** `prefix` is '' for a pod, and the path of the template with a dot ('spec.template.') for a template. */
export function podWarnings(spec: PodSpec, meta: ObjectMeta, prefix = ''): string[] {
  const field = `${prefix}spec`
  const annotations = meta.annotations ?? {}
  const containers = containersOf(spec, field)
  const deprecated = Object.entries(DEPRECATED_ANNOTATIONS).filter(([key]) => annotations[key] !== undefined)
  const hasOldSeccomp = spec.securityContext?.seccompProfile === undefined && annotations[seccompKeys.pod] !== undefined
  const grace = spec.terminationGracePeriodSeconds ?? 0
  return [
    ...placementWarnings(spec, field),
    ...deprecated.map(([key, message]) => `${prefix}metadata.annotations[${key}]: ${message}`),
    ...volumeWarnings(spec, field),
    ...listWarnings(spec, field),
    ...(hasOldSeccomp
      ? [`${prefix}metadata.annotations[${seccompKeys.pod}]: non-functional in v1.27+; use the "seccompProfile" field instead`]
      : []),
    ...containers.flatMap((c) => containerWarnings(c, spec, meta, prefix)),
    ...portWarnings(containers),
    ...(grace < 0
      ? [`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...podAffinityWarnings(spec.affinity?.podAffinity, `${field}.affinity.podAffinity`),
    ...podAffinityWarnings(spec.affinity?.podAntiAffinity, `${field}.affinity.podAntiAffinity`),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, i) => ipWarnings(ip, `${field}.dnsConfig.nameservers[${i}]`)),
    ...(spec.hostAliases ?? []).flatMap((alias, i) => ipWarnings(alias.ip, `${field}.hostAliases[${i}].ip`)),
  ]
}
