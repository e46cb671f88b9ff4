/** Defaults of pods and pod templates. Source: k8s 1.36 core/v1 defaults.go and zz_generated.defaults.go. */
import type {
  Container,
  ContainerPort,
  EnvVar,
  EphemeralContainer,
  HTTPGetAction,
  LifecycleHandler,
  ObjectMeta,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
} from '../../../apimachinery/generated/types.ts'
import { omitZero, orDefault, patch } from './compact.ts'
import { aggregateContainers } from './qos.ts'
import { canonicalResources, withMissing } from './quantities.ts'
import { isOvercommitAllowed, isHugePages, isPodLevelResource } from './resources.ts'
import { defaultFieldRef, defaultPullPolicy, defaultResourceFieldRef, defaultVolume } from './volume-defaults.ts'

function defaultEnv(variable: EnvVar): EnvVar {
  const from = variable.valueFrom
  const clean = omitZero(variable, ['value'])
  if (from === undefined) return clean
  const valueFrom = {
    ...from,
    ...patch(from, 'fieldRef', defaultFieldRef),
    ...patch(from, 'resourceFieldRef', defaultResourceFieldRef),
    ...patch(from, 'fileKeyRef', (ref) => ({ ...ref, optional: ref.optional ?? false })),
  }
  return { ...clean, valueFrom }
}

function defaultHttpGet(action: HTTPGetAction): HTTPGetAction {
  return { ...action, path: orDefault(action.path, '/'), scheme: orDefault(action.scheme, 'HTTP') }
}

function defaultProbe(probe: Probe): Probe {
  return {
    ...omitZero(probe, ['initialDelaySeconds']),
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
    ...patch(probe, 'httpGet', defaultHttpGet),
    ...patch(probe, 'grpc', (action) => ({ ...action, service: action.service ?? '' })),
  }
}

const defaultHandler = (handler: LifecycleHandler): LifecycleHandler => ({
  ...handler,
  ...patch(handler, 'httpGet', defaultHttpGet),
})

const canonicalRequirements = (r: ResourceRequirements): ResourceRequirements => ({
  ...omitZero(r, ['limits', 'requests', 'claims']),
  ...(r.limits && Object.keys(r.limits).length > 0 ? { limits: canonicalResources(r.limits) } : {}),
  ...(r.requests && Object.keys(r.requests).length > 0 ? { requests: canonicalResources(r.requests) } : {}),
})

const CONTAINER_OMITEMPTY = [
  'args',
  'command',
  'env',
  'envFrom',
  'ports',
  'resizePolicy',
  'stdin',
  'stdinOnce',
  'tty',
  'volumeDevices',
  'volumeMounts',
  'workingDir',
] as const

const defaultPort = (port: ContainerPort): ContainerPort => ({
  ...omitZero(port, ['name', 'hostPort', 'hostIP']),
  protocol: orDefault(port.protocol, 'TCP'),
})

function defaultContainer<T extends Container | EphemeralContainer>(container: T): T {
  const c: Container = omitZero<Container>(container, CONTAINER_OMITEMPTY)
  return {
    ...(c as T),
    ...patch(c, 'ports', (ports) => ports.map(defaultPort)),
    ...patch(c, 'env', (env) => env.map(defaultEnv)),
    ...patch(c, 'volumeMounts', (mounts) => mounts.map((m) => omitZero(m, ['readOnly', 'subPath', 'subPathExpr']))),
    resources: canonicalRequirements(c.resources ?? {}),
    ...patch(c, 'livenessProbe', defaultProbe),
    ...patch(c, 'readinessProbe', defaultProbe),
    ...patch(c, 'startupProbe', defaultProbe),
    ...patch(c, 'lifecycle', (l) => ({
      ...l,
      ...patch(l, 'postStart', defaultHandler),
      ...patch(l, 'preStop', defaultHandler),
    })),
    ...patch(c, 'securityContext', (s) => ({ ...s, ...patch(s, 'procMount', (p) => orDefault(p, 'Default')) })),
    terminationMessagePath: orDefault(c.terminationMessagePath, '/dev/termination-log'),
    terminationMessagePolicy: orDefault(c.terminationMessagePolicy, 'File'),
    imagePullPolicy: orDefault(c.imagePullPolicy, defaultPullPolicy(c.image)),
  }
}

const SPEC_OMITEMPTY = [
  'ephemeralContainers',
  'hostAliases',
  'hostIPC',
  'hostNetwork',
  'hostPID',
  'hostname',
  'imagePullSecrets',
  'initContainers',
  'nodeName',
  'nodeSelector',
  'overhead',
  'priorityClassName',
  'readinessGates',
  'resourceClaims',
  'schedulingGates',
  'serviceAccount',
  'serviceAccountName',
  'subdomain',
  'tolerations',
  'topologySpreadConstraints',
  'volumes',
] as const

/** The deprecated name of the field always repeats the real one. */
function accountNames(spec: PodSpec): Pick<PodSpec, 'serviceAccount' | 'serviceAccountName'> {
  const name = spec.serviceAccountName || spec.serviceAccount
  return name ? { serviceAccountName: name, serviceAccount: name } : {}
}

/** What pods and templates have in common. */
export function defaultPodSpec(given: PodSpec | undefined): PodSpec {
  const spec = omitZero<PodSpec>(given ?? { containers: [] }, SPEC_OMITEMPTY)
  return {
    ...spec,
    ...patch(spec, 'volumes', (volumes) => volumes.map(defaultVolume)),
    ...patch(spec, 'initContainers', (list) => list.map(defaultContainer)),
    containers: (spec.containers ?? []).map(defaultContainer),
    ...patch(spec, 'ephemeralContainers', (list) => list.map(defaultContainer)),
    restartPolicy: orDefault(spec.restartPolicy, 'Always'),
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: orDefault(spec.dnsPolicy, 'ClusterFirst'),
    ...accountNames(spec),
    securityContext: spec.securityContext ?? {},
    schedulerName: orDefault(spec.schedulerName, 'default-scheduler'),
    ...patch(spec, 'overhead', canonicalResources),
    ...patch(spec, 'resources', canonicalRequirements),
  }
}

/** A template's metadata keeps no nulls; it is there even when empty. */
function templateMetadata(meta: ObjectMeta | undefined): ObjectMeta {
  return omitZero(meta ?? {}, [
    'labels',
    'annotations',
    'finalizers',
    'ownerReferences',
    'name',
    'namespace',
    'creationTimestamp',
  ])
}

/** Defaults of a pod template. The host ports that the host's network implies are filled in pods only. */
export function defaultPodTemplate(template: PodTemplateSpec | undefined): PodTemplateSpec {
  return { ...template, metadata: templateMetadata(template?.metadata), spec: defaultPodSpec(template?.spec) }
}

const requestLimits = (c: Container): Container =>
  c.resources?.limits === undefined
    ? c
    : { ...c, resources: { ...c.resources, requests: withMissing(c.resources.requests, c.resources.limits) } }

/** Requests and limits of the pod as a whole that follow from its containers and from one another. */
function podLevelResources(spec: PodSpec): PodSpec {
  const own = spec.resources
  if (own === undefined) return spec
  let { limits, requests } = own
  if (Object.keys({ ...limits, ...requests }).length > 0) {
    const huge = Object.entries(aggregateContainers(spec, 'limits')).filter(
      ([n]) => isHugePages(n) && requests?.[n] === undefined,
    )
    if (huge.length > 0) limits = withMissing(limits, Object.fromEntries(huge))
  }
  if (limits !== undefined && Object.keys(limits).length > 0) {
    const asked = Object.entries(aggregateContainers(spec, 'requests'))
    const known = Object.fromEntries(asked.filter(([n]) => isPodLevelResource(n) && isOvercommitAllowed(n)))
    const limited = Object.fromEntries(Object.entries(limits).filter(([n]) => isPodLevelResource(n)))
    requests = withMissing(withMissing(requests, known), limited)
  }
  return { ...spec, resources: { ...own, ...(limits && { limits }), ...(requests && { requests }) } }
}

/** On the host's network every container port is a host port. */
function withHostPorts(spec: PodSpec): PodSpec {
  const open = (list: readonly Container[]) =>
    list.map((c) => ({
      ...c,
      ...patch(c, 'ports', (ports) => ports.map((p) => ({ ...p, hostPort: p.hostPort || p.containerPort }))),
    }))
  return { ...spec, containers: open(spec.containers ?? []), ...patch(spec, 'initContainers', open) }
}

/** What only pods get, not templates: requests from limits, service links, pod-level resources. */
export function defaultPod(given: PodSpec | undefined): PodSpec {
  const plain = defaultPodSpec(given)
  const spec = plain.hostNetwork === true ? withHostPorts(plain) : plain
  return podLevelResources({
    ...spec,
    containers: spec.containers.map(requestLimits),
    ...patch(spec, 'initContainers', (list) => list.map(requestLimits)),
    enableServiceLinks: spec.enableServiceLinks ?? true,
  })
}
