/** All containers of a pod spec with their paths. */
import type { Container, EphemeralContainer, PodSpec } from '../../../apimachinery/generated/types.ts'

export interface ContainerAt {
  readonly container: Container | EphemeralContainer
  /** e.g. spec.initContainers[0] */
  readonly field: string
}

/** In the order in which Kubernetes visits them: init, regular, ephemeral. */
export function containersOf(spec: PodSpec, field: string): readonly ContainerAt[] {
  const at = (list: readonly (Container | EphemeralContainer)[] | undefined, name: string) =>
    (list ?? []).map((container, i) => ({ container, field: `${field}.${name}[${i}]` }))
  return [
    ...at(spec.initContainers, 'initContainers'),
    ...at(spec.containers, 'containers'),
    ...at(spec.ephemeralContainers, 'ephemeralContainers'),
  ]
}
