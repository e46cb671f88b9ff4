import type { Cluster } from '../cluster.ts'
import type { ComponentProcess } from '../component-images.ts'
import { controllerUser } from '../identities.ts'
import type { NodeHost } from '../node-host.ts'
import { attacher } from './attacher.ts'
import { provisioner } from './provisioner.ts'
import { resizer } from './resizer.ts'
import { sidecar } from './sidecar.ts'
import { snapshotter } from './snapshotter.ts'
import { DISK_DRIVER, ZONE_LABEL } from './zone-disks.ts'

/** How many disks a machine can take. */
const MAX_VOLUMES = 24
const ACCOUNT = 'disk-csi-controller'
const SIDECARS = {
  'csi-provisioner': provisioner,
  'csi-attacher': attacher,
  'csi-resizer': resizer,
  'snapshot-controller': snapshotter,
}

/** The programs of the disk driver's pods: what runs while such a container runs. Undefined for other programs. */
export function driverProcess(cluster: Cluster, program: string, host: NodeHost | undefined): ComponentProcess | undefined {
  if (program === 'csi-node-driver-registrar') return host && registrar(host)
  const make = SIDECARS[program as keyof typeof SIDECARS]
  return make && sidecar(cluster.client(controllerUser(ACCOUNT), program), cluster.volumes, program, make)
}

/** Tells the kubelet of the driver on its machine. */
function registrar({ kubelet, spec }: NodeHost): ComponentProcess {
  const hasZone = spec.labels[ZONE_LABEL] !== undefined
  return {
    start: () =>
      kubelet.registerDriver({
        name: DISK_DRIVER,
        nodeId: spec.name,
        topologyKeys: hasZone ? [ZONE_LABEL] : [],
        maxVolumes: MAX_VOLUMES,
      }),
    stop: () => kubelet.unregisterDriver(DISK_DRIVER),
  }
}
