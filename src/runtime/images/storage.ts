import { layered, tagged, type Image } from '../image.ts'
import { MiB, server } from './server.ts'

/** Helper containers of storage drivers, and a driver for disks in zones; what they do is simulated elsewhere. */
function sidecar(repository: string, command: string, megabytes: number, lines: readonly string[]): Image {
  return {
    repository,
    aliases: [],
    tags: tagged('latest', /^v\d+\.\d+\.\d+$/),
    layers: layered({ id: 'distroless-static', megabytes: 0.8 }, command, megabytes),
    entrypoint: [`/${command}`],
    cmd: [],
    tools: 'none',
    programs: {
      [command]: server({ startMs: 300, memoryBytes: 14 * MiB, logsToError: true, ports: () => [], started: () => lines }),
    },
  }
}

const SIG = 'registry.k8s.io/sig-storage'

export const storageImages: readonly Image[] = [
  sidecar(`${SIG}/csi-provisioner`, 'csi-provisioner', 27, [
    'Detected CSI driver disk.csi.kubarium.dev',
    'Started provisioner controller',
  ]),
  sidecar(`${SIG}/csi-attacher`, 'csi-attacher', 25, [
    'CSI driver supports ControllerPublishUnpublish, using real CSI handler',
    'Starting CSI attacher',
  ]),
  sidecar(`${SIG}/csi-resizer`, 'csi-resizer', 25, ['Starting external resizer disk.csi.kubarium.dev']),
  sidecar(`${SIG}/snapshot-controller`, 'snapshot-controller', 25, ['Starting snapshot controller']),
  sidecar(`${SIG}/csi-node-driver-registrar`, 'csi-node-driver-registrar', 11, [
    'Registration Server started at: /registration/disk.csi.kubarium.dev-reg.sock',
    'Received NotifyRegistrationStatus call: &RegistrationStatus{PluginRegistered:true,Error:,}',
  ]),
  sidecar('ghcr.io/kubarium/disk-csi-driver', 'disk-csi-driver', 18, ['Listening for connections on /csi/csi.sock']),
]
