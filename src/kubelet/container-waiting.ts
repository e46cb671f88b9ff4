import type { Container, ContainerStatus, Pod, VolumeMountStatus } from '../apimachinery/generated/types.ts'

/** status.containerStatuses[].volumeMounts. */
function volumeMountStatuses(container: Container): readonly VolumeMountStatus[] | undefined {
  if (!container.volumeMounts?.length) return undefined
  return container.volumeMounts.map((mount) => ({
    name: mount.name,
    mountPath: mount.mountPath,
    ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: recursive(mount.recursiveReadOnly) } : {}),
  }))
}

/** The field, or nothing for a container without mounts. */
export function mountsField(container: Container): Pick<ContainerStatus, 'volumeMounts'> {
  const volumeMounts = volumeMountStatuses(container)
  return volumeMounts ? { volumeMounts } : {}
}

const recursive = (mode: string | undefined) => (mode === 'Enabled' || mode === 'IfPossible' ? 'Enabled' : 'Disabled')

/** The status of a container that has not been created yet. */
export function waitingStatus(pod: Pod, container: Container): ContainerStatus {
  const reason = (pod.spec?.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating'
  return {
    name: container.name,
    state: { waiting: { reason } },
    lastState: {},
    ready: false,
    restartCount: 0,
    image: container.image ?? '',
    imageID: '',
    ...mountsField(container),
  }
}
