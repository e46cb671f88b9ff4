/** What the kubelet reads off a pod and off the runtime's view of it. */
import type { Container, Pod } from '../apimachinery/generated/types.ts'
import type { CriContainer, CriPod, CriSandbox } from './cri.ts'
import { shouldRestartAfterExit } from './restart-rules.ts'

/** As messages name a pod: web-1_default(0f1e...). */
export function formatPod(pod: Pod): string {
  const { name = '', namespace = '', uid = '' } = pod.metadata
  return `${name}_${namespace}(${uid})`
}

export const isStaticPod = (pod: Pod): boolean => {
  const source = pod.metadata.annotations?.['kubernetes.io/config.source']
  return source !== undefined && source !== 'api'
}

export const isMirrorPod = (pod: Pod): boolean => pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined

export const isTerminalPhase = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed'

/** The definition of a container; when it changes, the container is replaced. k8s 1.36: HashContainer. */
export const specHash = (container: Container): string => `${container.name}=${container.image ?? ''}`

/** Ephemeral containers in the shape of the others. */
export function ephemeralContainers(pod: Pod): readonly Container[] {
  return (pod.spec?.ephemeralContainers ?? []) as readonly Container[]
}

/** Regular, init and ephemeral containers. */
export function allContainers(pod: Pod): readonly Container[] {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? []), ...ephemeralContainers(pod)]
}

/** The newest container of that name. */
export function newest(cri: CriPod | undefined, name: string): CriContainer | undefined {
  return cri?.containers.find((c) => c.name === name)
}

/** The sandbox in use. */
export function readySandbox(cri: CriPod | undefined): CriSandbox | undefined {
  const sandbox = cri?.sandboxes[0]
  return sandbox?.ready ? sandbox : undefined
}

/** Whether the container has to be started (again). k8s 1.36: kubecontainer ShouldContainerBeRestarted. */
export function shouldBeStarted(pod: Pod, container: Container, cri: CriPod | undefined): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false
  const status = newest(cri, container.name)
  if (!status) return true
  if (status.state === 'running') return false
  if (status.state === 'created') return true
  return shouldRestartAfterExit(container, pod.spec ?? { containers: [] }, status.exitCode)
}

/** Whether a condition that one of the pod's readiness gates waits for has another status than before. */
export function gatesChanged(pod: Pod, old: Pod): boolean {
  const gates = pod.spec?.readinessGates
  if (!gates?.length) return false
  const statusOf = (p: Pod, type: string) => p.status?.conditions?.find((c) => c.type === type)?.status
  return gates.some((g) => statusOf(pod, g.conditionType) !== statusOf(old, g.conditionType))
}
