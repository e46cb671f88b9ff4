/** Brings the containers of a pod to where they should be. Source: k8s 1.36 kuberuntime SyncPod. */
import type { Container, Pod } from '../apimachinery/generated/types.ts'
import { StatusError } from '../apimachinery/errors.ts'
import type { Task } from '../sim/task.ts'
import { startContainer, type StartContext } from './container-start.ts'
import { isCriError, type CriPod } from './cri.ts'
import { etcFiles } from './etc-files.ts'
import { StartFailure } from './image-manager.ts'
import type { PodSandbox } from './network.ts'
import type { NodeServices } from './node-services.ts'
import { podActions, type KillOrder, type PodActions } from './pod-actions.ts'
import { readySandbox } from './pod-facts.ts'
import { killContainer, killPod } from './pod-kill.ts'
import type { PodWorker } from './pod-worker.ts'
import { resizeContainers } from './resize.ts'
import { isSidecar } from './restart-rules.ts'

export interface SyncResult {
  /** The failure after which it is soonest worth trying again. */
  readonly failure: StartFailure | undefined
  /** Whether anything was done at all. */
  readonly acted: boolean
}

/** The ports that the machine passes on to the pod. */
function hostPortsOf(pod: Pod): PodSandbox['hostPorts'] {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  const ports = containers.flatMap((container) => container.ports ?? []).filter((port) => (port.hostPort ?? 0) > 0)
  if (ports.length === 0) return undefined
  return ports.map(({ hostPort = 0, hostIP = '', containerPort, protocol = 'TCP' }) => ({
    hostPort,
    hostIP,
    containerPort,
    protocol: protocol.toLowerCase() as 'tcp' | 'udp' | 'sctp',
  }))
}

function* createSandbox(node: NodeServices, pod: Pod, attempt: number): Task<string> {
  const { uid = '', namespace = '', name = '' } = pod.metadata
  const hostNetwork = pod.spec?.hostNetwork === true
  try {
    const ip = hostNetwork ? node.hostIP : yield* node.network.addPod({ uid, namespace, name, hostPorts: hostPortsOf(pod) })
    const hostname = hostNetwork ? node.nodeName : (pod.spec?.hostnameOverride ?? pod.spec?.hostname ?? name)
    return yield* node.runtime.runPodSandbox({ uid, namespace, name, attempt, hostNetwork, hostname, ip })
  } catch (error) {
    if (!isCriError(error)) throw error
    const message = `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${uid.replaceAll('-', '').repeat(2)}": ${error.message}`
    node.recorder.event(pod, 'Warning', 'FailedCreatePodSandBox', message)
    throw new StartFailure('CreatePodSandboxError', message)
  }
}

/** Whether credentials are at hand; says so when some are not. k8s 1.36: getPullSecretsForPod. */
function hasPullSecrets(node: NodeServices, pod: Pod): boolean {
  const { uid = '', namespace = '' } = pod.metadata
  const missing: string[] = []
  let found = 0
  for (const { name = '' } of pod.spec?.imagePullSecrets ?? []) {
    try {
      node.secrets.get(uid, namespace, name)
      found++
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      missing.push(name)
    }
  }
  if (missing.length > 0) {
    const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`
    node.recorder.event(pod, 'Warning', 'FailedToRetrieveImagePullSecret', message)
  }
  return found > 0
}

function startContext(node: NodeServices, worker: PodWorker, sandboxId: string): StartContext {
  const { pod } = worker
  const uid = pod.metadata.uid ?? ''
  const namespace = pod.metadata.namespace ?? ''
  return {
    pod,
    cri: worker.cri,
    sandboxId,
    volumes: worker.volumes.mounted,
    hasPullSecrets: hasPullSecrets(node, pod),
    etcFiles: () => etcFiles(pod, worker.podIP, node.nodeName),
    knownRestarts: (name) => {
      const known = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
        (s) => s.name === name,
      )
      return known?.containerID ? known.restartCount + 1 : 0
    },
    env: {
      podIP: worker.podIP,
      hostIP: node.hostIP,
      node: node.resources,
      configMap: (name) => node.configMaps.get(uid, namespace, name),
      secret: (name) => node.secrets.get(uid, namespace, name),
      services: () => node.services(),
    },
  }
}

class Sync {
  failure: StartFailure | undefined
  acted = false
  private readonly node: NodeServices
  private readonly worker: PodWorker

  constructor(node: NodeServices, worker: PodWorker) {
    this.node = node
    this.worker = worker
  }

  *run(): Task {
    const { node, worker } = this
    const actions = podActions(worker.pod, worker.cri, worker.probes)
    yield* this.kill(actions, worker.cri)
    if (actions.killPod && !actions.createSandbox) return
    const resized = resizeContainers(node.runtime, worker.pod, worker.cri, worker.applied)
    yield* this.killSome(resized, worker.cri)
    let sandboxId = readySandbox(worker.cri)?.id
    if (actions.createSandbox) {
      this.acted = true
      try {
        sandboxId = yield* createSandbox(node, worker.pod, actions.attempt)
      } catch (error) {
        return this.note(error)
      }
      this.showSandbox()
    }
    if (sandboxId === undefined || worker.state !== 'running') return
    for (const container of actions.ephemeralToStart) yield* this.start(container, sandboxId)
    for (const container of actions.initToStart) {
      const ok = yield* this.start(container, sandboxId)
      if (!ok && !isSidecar(container)) return
    }
    for (const container of actions.toStart) yield* this.start(container, sandboxId)
    for (const { container } of resized) yield* this.start(container, sandboxId)
  }

  private *kill(actions: PodActions, cri: CriPod | undefined): Task {
    const { node, worker } = this
    const { pod } = worker
    if (actions.createSandbox && (cri?.sandboxes.length ?? 0) > 0)
      node.recorder.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    if (actions.killPod) {
      if (cri) yield* killPod(node, pod, cri)
      if (actions.createSandbox && cri) {
        node.network.removePod(worker.uid)
        this.forgetInits(cri)
      }
      return
    }
    yield* this.killSome(actions.toKill, cri)
  }

  private *killSome(orders: readonly KillOrder[], cri: CriPod | undefined): Task {
    const { node, worker } = this
    const { pod } = worker
    for (const { container, id, message, reason } of orders) {
      const target = cri?.containers.find((c) => c.id === id)
      if (!target) continue
      this.acted = true
      yield* killContainer(node, { pod, container, cri: target, message, reason })
    }
  }

  /** Init containers run again in a new sandbox. */
  private forgetInits(cri: CriPod): void {
    const names = new Set((this.worker.pod.spec?.initContainers ?? []).map((c) => c.name))
    for (const c of [...cri.containers]) if (names.has(c.name)) this.node.runtime.removeContainer(c.id)
  }

  /** The pod has its network: said at once, before images are pulled. k8s 1.36: OnPodSandboxReady. */
  private showSandbox(): void {
    const { node, worker } = this
    const status = node.status.get(worker.uid)
    if (!status?.conditions) return
    node.status.set(worker.pod, {
      ...status,
      conditions: status.conditions.map((c) => (c.type === 'PodReadyToStartContainers' ? { ...c, status: 'True' } : c)),
    })
  }

  private *start(container: Container, sandboxId: string): Task<boolean> {
    const { node, worker } = this
    this.acted = true
    try {
      yield* startContainer(node, startContext(node, worker, sandboxId), container)
      worker.reasons.delete(container.name)
      this.dropOld(container.name)
      return true
    } catch (error) {
      this.note(error)
      if (error instanceof StartFailure) worker.reasons.set(container.name, { reason: error.reason, message: error.message })
      return false
    }
  }

  /** Of earlier runs the newest is kept, for its log and its exit code. */
  private dropOld(name: string): void {
    const runs = this.worker.cri?.containers.filter((c) => c.name === name) ?? []
    for (const c of runs.slice(2)) this.node.runtime.removeContainer(c.id)
  }

  private note(error: unknown): void {
    if (!(error instanceof StartFailure)) throw error
    const sooner =
      !this.failure ||
      (error.retryAtMs !== undefined && (this.failure.retryAtMs === undefined || error.retryAtMs < this.failure.retryAtMs))
    if (sooner) this.failure = error
  }
}

/** One pass over the pod's containers. */
export function* syncContainers(node: NodeServices, worker: PodWorker): Task<SyncResult> {
  const sync = new Sync(node, worker)
  yield* sync.run()
  return { failure: sync.failure, acted: sync.acted }
}
