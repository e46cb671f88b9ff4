/** Which containers are started again after they end. Source: k8s 1.36 api/v1/pod ContainerShouldRestart. */
import type { Container, ContainerRestartRule, PodSpec } from '../apimachinery/generated/types.ts'

/** A sidecar: an init container that keeps running beside the others. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always'

function matchingRule(container: Container, exitCode: number): ContainerRestartRule | undefined {
  return container.restartPolicyRules?.find(({ exitCodes }) => {
    if (!exitCodes) return false
    const listed = exitCodes.values?.includes(exitCode) ?? false
    return exitCodes.operator === 'NotIn' ? !listed : listed
  })
}

/** Whether a container that ended with this code is to run again: its own rules, its own policy, the pod's policy. */
export function shouldRestartAfterExit(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy !== undefined) {
    const action = matchingRule(container, exitCode)?.action
    if (action === 'Restart' || action === 'RestartAllContainers') return true
    if (container.restartPolicy === 'Always') return true
    if (container.restartPolicy === 'OnFailure') return exitCode !== 0
    if (container.restartPolicy === 'Never') return false
  }
  if (spec.restartPolicy === 'OnFailure') return exitCode !== 0
  return spec.restartPolicy !== 'Never'
}

/** Whether a container that the kubelet itself stopped (probe, changed definition) is to run again. */
export function restartsAfterKill(container: Container, spec: PodSpec): boolean {
  return (container.restartPolicy ?? spec.restartPolicy) !== 'Never'
}

/** Whether this exit restarts all containers of the pod in place. k8s 1.36: RestartAllContainersOnContainerExits. */
export function restartsAll(container: Container, exitCode: number): boolean {
  return matchingRule(container, exitCode)?.action === 'RestartAllContainers'
}

/** Whether any rule of the pod may restart all of its containers. */
export function mayRestartAll(spec: PodSpec): boolean {
  return [...(spec.initContainers ?? []), ...spec.containers].some((c) =>
    c.restartPolicyRules?.some((rule) => rule.action === 'RestartAllContainers'),
  )
}
