import type {
  Container,
  LifecycleHandler,
  Pod,
  PodSpec,
  Probe,
  SecurityContext,
  Volume,
} from '../../../apimachinery/generated/types.ts'

/** What is wrong with a pod: a reason, and details in brackets. */
export interface Violation {
  readonly reason: string
  readonly detail: string
}

type Check = (spec: PodSpec, metadata: Pod['metadata']) => Violation | undefined

const quoted = (items: readonly string[]) => items.map((item) => `"${item}"`).join(', ')
const plural = (count: number, one: string, many = `${one}s`) => (count === 1 ? one : many)
const unique = (items: readonly string[]) => [...new Set(items)].sort()
const named = (what: string, names: readonly string[]) => `${plural(names.length, what)} ${quoted(names)}`

function containersOf(spec: PodSpec): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...((spec.ephemeralContainers ?? []) as readonly Container[])]
}

const isWindows = (spec: PodSpec) => spec.os?.name === 'windows'
/** Root inside a user namespace is nobody outside. k8s 1.36: relaxPolicyForUserNamespacePod. */
const hasUserNamespace = (spec: PodSpec) => spec.hostUsers === false

/** Who sets a bad value: the pod, and containers. */
function setters(spec: PodSpec, bad: (context: SecurityContext) => boolean): string[] {
  const containers = containersOf(spec).filter((c) => c.securityContext && bad(c.securityContext))
  return [
    ...(spec.securityContext && bad(spec.securityContext as SecurityContext) ? ['pod'] : []),
    ...(containers.length > 0
      ? [
          named(
            'container',
            containers.map((c) => c.name),
          ),
        ]
      : []),
  ]
}

const hostNamespaces: Check = (spec) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true)
  return used.length > 0 ? { reason: 'host namespaces', detail: used.map((name) => `${name}=true`).join(', ') } : undefined
}

const privileged: Check = (spec) => {
  const bad = containersOf(spec).filter((c) => c.securityContext?.privileged)
  if (bad.length === 0) return undefined
  return {
    reason: 'privileged',
    detail: `${named(
      'container',
      bad.map((c) => c.name),
    )} must not set securityContext.privileged=true`,
  }
}

const DEFAULT_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

const baselineCapabilities: Check = (spec) => {
  const extra = (c: Container) => (c.securityContext?.capabilities?.add ?? []).filter((name) => !DEFAULT_CAPABILITIES.has(name))
  const bad = containersOf(spec).filter((c) => extra(c).length > 0)
  if (bad.length === 0) return undefined
  const added = quoted(unique(bad.flatMap(extra)))
  const who = named(
    'container',
    bad.map((c) => c.name),
  )
  return { reason: 'non-default capabilities', detail: `${who} must not include ${added} in securityContext.capabilities.add` }
}

const hostPathVolumes: Check = (spec) => {
  const bad = (spec.volumes ?? []).filter((v) => v.hostPath)
  return bad.length > 0
    ? {
        reason: 'hostPath volumes',
        detail: named(
          'volume',
          bad.map((v) => v.name),
        ),
      }
    : undefined
}

const hostPorts: Check = (spec) => {
  const portsOf = (c: Container) => (c.ports ?? []).flatMap((p) => (p.hostPort ? [String(p.hostPort)] : []))
  const bad = containersOf(spec).filter((c) => portsOf(c).length > 0)
  if (bad.length === 0) return undefined
  const ports = unique(bad.flatMap(portsOf))
  const who = named(
    'container',
    bad.map((c) => c.name),
  )
  return {
    reason: 'hostPort',
    detail: `${who} ${plural(bad.length, 'uses', 'use')} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}`,
  }
}

const procMount: Check = (spec) => {
  if (hasUserNamespace(spec)) return undefined
  const mountOf = (c: Container) => c.securityContext?.procMount
  const bad = containersOf(spec).filter((c) => mountOf(c) !== undefined && mountOf(c) !== 'Default')
  if (bad.length === 0) return undefined
  const who = named(
    'container',
    bad.map((c) => c.name),
  )
  return {
    reason: 'procMount',
    detail: `${who} must not set securityContext.procMount to ${quoted(unique(bad.map((c) => mountOf(c) ?? '')))}`,
  }
}

const SELINUX_TYPES = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'])

const seLinuxOptions: Check = (spec) => {
  const options = [spec.securityContext, ...containersOf(spec).map((c) => c.securityContext)].flatMap(
    (c) => c?.seLinuxOptions ?? [],
  )
  const who = setters(spec, ({ seLinuxOptions: o }) => !!o && (!SELINUX_TYPES.has(o.type ?? '') || !!o.user || !!o.role))
  if (who.length === 0) return undefined
  const types = unique(options.map((o) => o.type ?? '').filter((type) => !SELINUX_TYPES.has(type)))
  const what = [
    ...(types.length > 0 ? [named('type', types)] : []),
    ...(options.some((o) => o.user) ? ['user may not be set'] : []),
    ...(options.some((o) => o.role) ? ['role may not be set'] : []),
  ]
  return {
    reason: 'seLinuxOptions',
    detail: `${who.join(' and ')} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
  }
}

const ALLOWED_PROFILES = ['RuntimeDefault', 'Localhost']
const badProfile = (type: string | undefined) => type !== undefined && !ALLOWED_PROFILES.includes(type)

const appArmor: Check = (spec) => {
  const who = setters(spec, (c) => badProfile(c.appArmorProfile?.type))
  if (who.length === 0) return undefined
  const types = [spec.securityContext, ...containersOf(spec).map((c) => c.securityContext)].map((c) => c?.appArmorProfile?.type)
  const values = unique(types.filter((type) => badProfile(type)).map((type) => type ?? ''))
  const reason = plural(values.length, 'forbidden AppArmor profile')
  return { reason, detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}` }
}

const seccompBaseline: Check = (spec) => {
  const who = setters(spec, (c) => badProfile(c.seccompProfile?.type))
  if (who.length === 0) return undefined
  const types = [spec.securityContext, ...containersOf(spec).map((c) => c.securityContext)].map((c) => c?.seccompProfile?.type)
  const values = unique(types.filter((type) => badProfile(type)).map((type) => type ?? ''))
  return {
    reason: 'seccompProfile',
    detail: `${who.join(' and ')} must not set securityContext.seccompProfile.type to ${quoted(values)}`,
  }
}

const SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
])

const sysctls: Check = (spec) => {
  const bad = (spec.securityContext?.sysctls ?? []).map((s) => s.name).filter((name) => !SYSCTLS.has(name))
  return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined
}

const windowsHostProcess: Check = (spec) => {
  const who = setters(spec, (c) => c.windowsOptions?.hostProcess === true)
  return who.length > 0
    ? { reason: 'hostProcess', detail: `${who.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true` }
    : undefined
}

const hostsOf = (handler: Probe | LifecycleHandler | undefined) =>
  [handler?.httpGet?.host, handler?.tcpSocket?.host].filter((host): host is string => !!host)

const probeHosts: Check = (spec) => {
  const hosts = (c: Container) =>
    [c.livenessProbe, c.readinessProbe, c.startupProbe, c.lifecycle?.postStart, c.lifecycle?.preStop].flatMap(hostsOf)
  const bad = containersOf(spec).filter((c) => hosts(c).length > 0)
  if (bad.length === 0) return undefined
  const list = unique(bad.flatMap(hosts))
  const who = named(
    'container',
    bad.map((c) => c.name),
  )
  return {
    reason: 'probe or lifecycle host',
    detail: `${who} ${plural(bad.length, 'uses', 'use')} ${plural(list.length, 'probe or lifecycle host')} ${quoted(list)}`,
  }
}

const noEscalation: Check = (spec) => {
  if (isWindows(spec)) return undefined
  const bad = containersOf(spec).filter((c) => c.securityContext?.allowPrivilegeEscalation !== false)
  if (bad.length === 0) return undefined
  const who = named(
    'container',
    bad.map((c) => c.name),
  )
  return { reason: 'allowPrivilegeEscalation != false', detail: `${who} must set securityContext.allowPrivilegeEscalation=false` }
}

const restrictedCapabilities: Check = (spec) => {
  if (isWindows(spec)) return undefined
  const containers = containersOf(spec)
  const keepers = containers.filter((c) => !c.securityContext?.capabilities?.drop?.includes('ALL'))
  const extra = (c: Container) => (c.securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE')
  const adders = containers.filter((c) => extra(c).length > 0)
  const details: string[] = []
  if (keepers.length > 0)
    details.push(
      `${named(
        'container',
        keepers.map((c) => c.name),
      )} must set securityContext.capabilities.drop=["ALL"]`,
    )
  if (adders.length > 0) {
    const added = quoted(unique(adders.flatMap(extra)))
    details.push(
      `${named(
        'container',
        adders.map((c) => c.name),
      )} must not include ${added} in securityContext.capabilities.add`,
    )
  }
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]
const typeOf = (volume: Volume) => Object.keys(volume).find((key) => key !== 'name') ?? 'unknown'

const restrictedVolumes: Check = (spec) => {
  const bad = (spec.volumes ?? []).filter((v) => !VOLUMES.includes(typeOf(v)))
  if (bad.length === 0) return undefined
  const types = unique(bad.map(typeOf))
  const who = named(
    'volume',
    bad.map((v) => v.name),
  )
  return {
    reason: 'restricted volume types',
    detail: `${who} ${plural(bad.length, 'uses', 'use')} ${plural(types.length, 'restricted volume type')} ${quoted(types)}`,
  }
}

const runAsNonRoot: Check = (spec) => {
  if (hasUserNamespace(spec)) return undefined
  const who = setters(spec, (c) => c.runAsNonRoot === false)
  const reason = 'runAsNonRoot != true'
  if (who.length > 0) return { reason, detail: `${who.join(' and ')} must not set securityContext.runAsNonRoot=false` }
  const silent = spec.securityContext?.runAsNonRoot
    ? []
    : containersOf(spec).filter((c) => c.securityContext?.runAsNonRoot === undefined)
  if (silent.length === 0) return undefined
  return {
    reason,
    detail: `pod or ${named(
      'container',
      silent.map((c) => c.name),
    )} must set securityContext.runAsNonRoot=true`,
  }
}

const runAsUser: Check = (spec) => {
  if (hasUserNamespace(spec)) return undefined
  const who = setters(spec, (c) => c.runAsUser === 0)
  return who.length > 0 ? { reason: 'runAsUser=0', detail: `${who.join(' and ')} must not set runAsUser=0` } : undefined
}

const seccompRestricted: Check = (spec, metadata) => {
  if (isWindows(spec)) return undefined
  const explicit = seccompBaseline(spec, metadata)
  if (explicit) return explicit
  const silent = spec.securityContext?.seccompProfile ? [] : containersOf(spec).filter((c) => !c.securityContext?.seccompProfile)
  if (silent.length === 0) return undefined
  const who = `pod or ${named(
    'container',
    silent.map((c) => c.name),
  )}`
  return {
    reason: 'seccompProfile',
    detail: `${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}

/** In the order of their IDs, as they are reported. */
const BASELINE: readonly Check[] = [
  appArmor,
  baselineCapabilities,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  probeHosts,
  privileged,
  procMount,
  seLinuxOptions,
  seccompBaseline,
  sysctls,
  windowsHostProcess,
]
/** The stricter ones stand in for their baseline forms. */
const RESTRICTED: readonly Check[] = [
  ...BASELINE.filter((check) => check !== baselineCapabilities && check !== hostPathVolumes && check !== seccompBaseline),
  noEscalation,
  restrictedCapabilities,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompRestricted,
]

/**
 * What the Pod Security Standard of this level finds wrong. k8s 1.36: pod-security-admission/policy.
 * SIMPLIFIED: every version of the standard is the latest one.
 */
export function violations(level: string, spec: PodSpec, metadata: Pod['metadata']): Violation[] {
  const checks = level === 'baseline' ? BASELINE : level === 'restricted' ? RESTRICTED : []
  return checks.flatMap((check) => check(spec, metadata) ?? [])
}
