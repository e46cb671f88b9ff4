/** Probes and lifecycle hooks. Source: k8s 1.36 core validation (validateProbe, validateHandler, validateLifecycle). */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid, required } from '../../../apimachinery/field-errors.ts'
import type {
  Container,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  PodOS,
  Probe,
} from '../../../apimachinery/generated/types.ts'
import { isHttpHeaderName } from '../../../apimachinery/names.ts'
import { checkNotNegative, checkOneOf, checkPort, checkRequired, invalids } from './checks.ts'

/** Seconds that a stopping pod has, for sleep hooks. */
type Grace = number | undefined

function checkHttpGet(action: HTTPGetAction, field: string): FieldError[] {
  return [
    ...checkRequired(action.path, `${field}.path`),
    ...checkPort(action.port, `${field}.port`),
    ...checkOneOf(action.scheme ?? '', ['HTTP', 'HTTPS'], `${field}.scheme`),
    ...(action.httpHeaders ?? []).flatMap((h) => invalids(`${field}.httpHeaders`, h.name ?? '', isHttpHeaderName(h.name ?? ''))),
  ]
}

function checkSleep(seconds: number, grace: Grace, field: string): FieldError[] {
  if (grace === undefined || (seconds >= 0 && seconds <= grace)) return []
  return [invalid(field, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`)]
}

/** Exactly one of the actions of a probe or hook. */
function checkHandler(handler: Probe & LifecycleHandler, grace: Grace, field: string): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  const actions: { readonly [name: string]: (path: string) => FieldError[] } = {
    ...(exec && { exec: (p: string) => ((exec.command ?? []).length === 0 ? [required(`${p}.command`)] : []) }),
    ...(httpGet && { httpGet: (p: string) => checkHttpGet(httpGet, p) }),
    ...(tcpSocket && { tcpSocket: (p: string) => checkPort(tcpSocket.port, `${p}.port`) }),
    ...(grpc && { grpc: (p: string) => checkPort(grpc.port, `${p}.port`) }),
    ...(sleep && { sleep: (p: string) => checkSleep(sleep.seconds ?? 0, grace, p) }),
  }
  const given = Object.entries(actions)
  if (given.length === 0) return [required(field, 'must specify a handler type')]
  return given.flatMap(([name, check], i) =>
    i === 0 ? check(`${field}.${name}`) : [forbidden(`${field}.${name}`, 'may not specify more than 1 handler type')],
  )
}

const COUNTS = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const

function checkProbe(probe: Probe, grace: Grace, field: string): FieldError[] {
  const errors = checkHandler(probe, grace, field)
  for (const name of COUNTS) errors.push(...checkNotNegative(probe[name], `${field}.${name}`))
  const own = probe.terminationGracePeriodSeconds
  if (own !== undefined && own <= 0) errors.push(invalid(`${field}.terminationGracePeriodSeconds`, own, 'must be greater than 0'))
  return errors
}

/** A probe that ends with a kill: one success is all it can need. */
function checkKillingProbe(probe: Probe | undefined, grace: Grace, field: string): FieldError[] {
  if (probe === undefined) return []
  const errors = checkProbe(probe, grace, field)
  if (probe.successThreshold !== 1) errors.push(invalid(`${field}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'))
  return errors
}

function checkReadinessProbe(probe: Probe | undefined, grace: Grace, field: string): FieldError[] {
  if (probe === undefined) return []
  const errors = checkProbe(probe, grace, field)
  const own = probe.terminationGracePeriodSeconds
  if (own !== undefined) {
    errors.push(invalid(`${field}.terminationGracePeriodSeconds`, own, 'must not be set for readinessProbes'))
  }
  return errors
}

const RT_SIGNALS = [
  ...Array.from({ length: 15 }, (_, i) => `SIGRTMIN+${i + 1}`),
  ...Array.from({ length: 14 }, (_, i) => `SIGRTMAX-${14 - i}`),
]
const LINUX_SIGNALS = [
  ...'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM'.split(' '),
  ...'TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'.split(' '),
]
  .map((s) => `SIG${s}`)
  .concat(RT_SIGNALS)
  .toSorted()

function checkStopSignal(signal: string, os: PodOS | undefined, field: string): FieldError[] {
  if (os === undefined) return [forbidden(field, 'may not be set for containers with empty `spec.os.name`')]
  if (os.name === 'windows') return checkOneOf(signal, ['SIGKILL', 'SIGTERM'], field)
  return os.name === 'linux' ? checkOneOf(signal, LINUX_SIGNALS, field) : []
}

function checkLifecycle(lifecycle: Lifecycle, grace: Grace, os: PodOS | undefined, field: string): FieldError[] {
  const { postStart, preStop, stopSignal } = lifecycle
  return [
    ...(postStart ? checkHandler(postStart, grace, `${field}.postStart`) : []),
    ...(preStop ? checkHandler(preStop, grace, `${field}.preStop`) : []),
    ...(stopSignal !== undefined ? checkStopSignal(stopSignal, os, `${field}.stopSignal`) : []),
  ]
}

/** Hooks and probes of a container that keeps running: regular ones and sidecars. */
export function checkHooksAndProbes(c: Container, grace: Grace, os: PodOS | undefined, field: string): FieldError[] {
  return [
    ...(c.lifecycle ? checkLifecycle(c.lifecycle, grace, os, `${field}.lifecycle`) : []),
    ...checkKillingProbe(c.livenessProbe, grace, `${field}.livenessProbe`),
    ...checkReadinessProbe(c.readinessProbe, grace, `${field}.readinessProbe`),
    ...checkKillingProbe(c.startupProbe, grace, `${field}.startupProbe`),
  ]
}

/** An init container that ends by itself has none of them. */
export function checkNoHooksAndProbes(c: Container, field: string): FieldError[] {
  const names = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const
  return names
    .filter((name) => c[name] !== undefined)
    .map((name) => forbidden(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always'))
}
