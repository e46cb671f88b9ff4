/** Starting one container. Source: k8s 1.36 kuberuntime startContainer, doBackOff. */
import { formatGoDuration } from '../apimachinery/duration.ts'
import type { Container, Pod, VolumeMount } from '../apimachinery/generated/types.ts'
import { milliValue, value } from '../apimachinery/quantity.ts'
import type { Task } from '../sim/task.ts'
import type { Backoff } from './backoff.ts'
import { isCriError, type ContainerConfig, type CriMount, type CriPod, type VolumeFiles } from './cri.ts'
import { containerEnv, expand, type EnvSources } from './env.ts'
import { runHook } from './hooks.ts'
import { containerPath, StartFailure, type ImageManager } from './image-manager.ts'
import { oomScore } from './oom-score.ts'
import { formatPod, newest, specHash } from './pod-facts.ts'
import { killContainer, type Killer } from './pod-kill.ts'
import { volumeModes } from './volume-modes.ts'

export interface Starter extends Killer {
  readonly images: ImageManager
  readonly crashes: Backoff
}

export interface StartContext {
  readonly pod: Pod
  readonly cri: CriPod | undefined
  readonly sandboxId: string
  readonly env: EnvSources
  readonly volumes: ReadonlyMap<string, VolumeFiles>
  readonly hasPullSecrets: boolean
  readonly etcFiles: () => VolumeFiles
  /** The restart count that the API knew, for containers that the runtime has forgotten. */
  readonly knownRestarts: (name: string) => number
}

/** Throws StartFailure while a crashed container has to wait. */
function checkBackoff(starter: Starter, { pod, cri }: StartContext, container: Container): void {
  const { sim, recorder, crashes } = starter
  const ended = cri?.containers.find((c) => c.name === container.name && c.state === 'exited')
  if (!ended) return
  const key = `${formatPod(pod)}_${specHash(container)}`
  if (crashes.isWaitingSince(key, ended.finishedMs, sim.now)) {
    const text = `restarting failed container`
    recorder.event(
      pod,
      'Warning',
      'BackOff',
      `Back-off ${text} ${container.name} in pod ${formatPod(pod)}`,
      containerPath(pod, container),
    )
    const delayMs = crashes.get(key)
    throw new StartFailure(
      'CrashLoopBackOff',
      `back-off ${formatGoDuration(delayMs)} ${text}=${container.name} pod=${formatPod(pod)}`,
      ended.finishedMs + delayMs,
    )
  }
  crashes.next(key, ended.finishedMs, sim.now)
}

/** k8s 1.36: kubelet makeMounts. */
function subPathOf(pod: Pod, mount: VolumeMount, env: { readonly [name: string]: string }): string {
  const { subPathExpr, subPath = '' } = mount
  const fail = (message: string) => new StartFailure('CreateContainerConfigError', message)
  if (subPathExpr) {
    const missing = [...subPathExpr.matchAll(/(?<!\$)\$\(([^()]+)\)/g)].filter(([, name = '']) => env[name] === undefined)
    if (missing.length > 0) throw fail(`missing value for ${missing.map(([, name]) => name).join(', ')}`)
  }
  const path = subPathExpr ? expand(subPathExpr, env) : subPath
  if (path.startsWith('/')) throw fail(`error SubPath \`${path}\` must not be an absolute path`)
  if (path.split('/').includes('..')) throw fail(`unable to provision SubPath \`${path}\`: must not contain '..'`)
  return path
}

function mountsOf(container: Container, context: StartContext, env: { readonly [name: string]: string }): CriMount[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const volume = context.pod.spec?.volumes?.find((v) => v.name === mount.name)
    const modes = volume && volumeModes(context.pod, volume)
    return {
      name: mount.name,
      containerPath: mount.mountPath.length > 1 ? mount.mountPath.replace(/\/$/, '') : mount.mountPath,
      subPath: subPathOf(context.pod, mount, env),
      readOnly: mount.readOnly ?? false,
      files: context.volumes.get(mount.name) ?? new Map(),
      ...(modes ? { modes } : {}),
    }
  })
}

/** /etc/hosts, /etc/hostname and /etc/resolv.conf, unless the pod brings its own; written when somebody looks. */
function etcMounts(container: Container, { etcFiles }: StartContext): CriMount[] {
  let files: VolumeFiles | undefined
  const mounts: CriMount[] = []
  for (const name of ['hosts', 'hostname', 'resolv.conf']) {
    const containerPath = `/etc/${name}`
    if (container.volumeMounts?.some((m) => m.mountPath === containerPath)) continue
    mounts.push({
      name: `etc-${name}`,
      containerPath,
      subPath: name,
      readOnly: false,
      get files() {
        return (files ??= etcFiles())
      },
    })
  }
  return mounts
}

/** The kernel's parameters that the pod sets, as the files that they are. */
function sysctlMounts(pod: Pod): CriMount[] {
  const sysctls = pod.spec?.securityContext?.sysctls ?? []
  if (sysctls.length === 0) return []
  const files: VolumeFiles = new Map(sysctls.map(({ name, value }) => [name.replaceAll('.', '/'), value]))
  return [{ name: 'sysctls', containerPath: '/proc/sys', subPath: '', readOnly: false, files }]
}

/** What the kernel tells of the first process. */
function processMount(container: Container, { pod, env }: StartContext): CriMount {
  const files: VolumeFiles = new Map([['oom_score_adj', `${oomScore(pod, container, env.node.memoryBytes)}\n`]])
  return { name: 'process', containerPath: '/proc/1', subPath: '', readOnly: true, files }
}

function configOf(container: Container, context: StartContext, attempt: number): ContainerConfig {
  const { pod } = context
  const env = containerEnv(pod, container, context.env)
  const { limits, requests } = container.resources ?? {}
  const podContext = pod.spec?.securityContext
  const user = container.securityContext?.runAsUser ?? podContext?.runAsUser
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot
  if (nonRoot && (user === 0 || user === undefined))
    throw new StartFailure(
      'CreateContainerConfigError',
      user === 0
        ? `container's runAsUser breaks non-root policy (pod: "${formatPod(pod)}", container: ${container.name})`
        : `container has runAsNonRoot and image will run as root (pod: "${formatPod(pod)}", container: ${container.name})`,
    )
  return {
    name: container.name,
    attempt,
    image: container.image ?? '',
    command: container.command?.map((word) => expand(word, env)),
    args: container.args?.map((word) => expand(word, env)),
    env: { ...env, HOSTNAME: pod.spec?.hostname ?? pod.metadata.name ?? '' },
    workingDir: container.workingDir ?? '',
    mounts: [
      ...mountsOf(container, context, env),
      ...etcMounts(container, context),
      ...sysctlMounts(pod),
      processMount(container, context),
    ],
    memoryLimitBytes: limits?.['memory'] ? value(limits['memory']) : 0,
    cpuLimitMilli: limits?.['cpu'] ? milliValue(limits['cpu']) : 0,
    cpuRequestMilli: requests?.['cpu'] ? milliValue(requests['cpu']) : 0,
    ...(container.stdin ? { stdin: true, tty: container.tty === true } : {}),
    terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
    terminationMessageFromLogs: container.terminationMessagePolicy === 'FallbackToLogsOnError',
    runAsUser: user,
    runAsGroup: container.securityContext?.runAsGroup ?? podContext?.runAsGroup,
    groups: [...(podContext?.fsGroup === undefined ? [] : [podContext.fsGroup]), ...(podContext?.supplementalGroups ?? [])],
    mayEscalate: container.securityContext?.allowPrivilegeEscalation ?? true,
    readOnlyRoot: container.securityContext?.readOnlyRootFilesystem ?? false,
    specHash: specHash(container),
  }
}

/** Pulls, creates and starts; then the postStart hook. Throws StartFailure. */
export function* startContainer(starter: Starter, context: StartContext, container: Container): Task {
  const { recorder, runtime } = starter
  const { pod, cri } = context
  checkBackoff(starter, context, container)
  const path = containerPath(pod, container)
  const failed = (message: string) => recorder.event(pod, 'Warning', 'Failed', `Error: ${message}`, path)
  try {
    yield* starter.images.ensure(pod, container, context.hasPullSecrets)
  } catch (error) {
    if (error instanceof StartFailure) failed(error.reason)
    throw error
  }
  const last = newest(cri, container.name)
  const attempt = last ? last.attempt + 1 : context.knownRestarts(container.name)
  let config: ContainerConfig
  try {
    config = configOf(container, context, attempt)
  } catch (error) {
    if (error instanceof StartFailure) failed(error.message)
    throw error
  }
  let id: string
  try {
    id = yield* runtime.createContainer(context.sandboxId, config)
  } catch (error) {
    if (!isCriError(error)) throw error
    failed(bare(error.message))
    throw new StartFailure('CreateContainerError', bare(error.message))
  }
  recorder.event(pod, 'Normal', 'Created', 'Container created', path)
  try {
    yield* runtime.startContainer(id)
  } catch (error) {
    if (!isCriError(error)) throw error
    failed(bare(error.message))
    throw new StartFailure('RunContainerError', bare(error.message))
  }
  recorder.event(pod, 'Normal', 'Started', 'Container started', path)
  yield* postStart(starter, context, container, id)
}

function* postStart(starter: Starter, { pod }: StartContext, container: Container, id: string): Task {
  const hook = container.lifecycle?.postStart
  if (!hook) return
  const cri = starter.runtime.pod(pod.metadata.uid ?? '')?.containers.find((c) => c.id === id)
  if (!cri) return
  const failure = yield* runHook(starter.runtime, pod, container, cri, hook)
  if (failure === undefined) return
  starter.recorder.event(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', containerPath(pod, container))
  yield* killContainer(starter, { pod, container, cri, message: 'FailedPostStartHook' })
  throw new StartFailure('PostStartHookError', failure)
}

/** A gRPC error's description. */
const bare = (message: string) => message.replace(/^rpc error: code = \w+ desc = /, '')
