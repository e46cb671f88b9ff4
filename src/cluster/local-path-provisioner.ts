import { isAlreadyExists, isNotFound } from '../apimachinery/errors.ts'
import { persistentvolumeclaims, persistentvolumes, storageclasses } from '../apimachinery/generated/resources.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../apimachinery/generated/types.ts'
import { keyOf } from '../apimachinery/resource.ts'
import type { Client } from '../client/client.ts'
import { ControllerLoop, Requeue } from '../client/controller.ts'
import { InformerFactory, type Informer } from '../client/informer.ts'
import { EventRecorder } from '../client/recorder.ts'
import { sleep, type Task } from '../sim/task.ts'
import { LOCAL_PATH } from './addons/local-path.ts'
import type { VolumeStores } from './volume-stores.ts'

const PROVISIONER = ['volume.kubernetes.io/storage-provisioner', 'volume.beta.kubernetes.io/storage-provisioner']
const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'
/** On volumes: whose disk they are on. */
const NODE = 'local.path.provisioner/selected-node'
const FOLDER = '/opt/local-path-provisioner'
const MODES = new Set(['ReadWriteOnce', 'ReadWriteOncePod'])
/** SIMPLIFIED: the helper pod that makes or removes the directory is only the time it takes. */
const HELPER_MS = 2000
/** sig-storage-lib-external-provisioner: its queues and workers. */
const LIMITS = { baseDelayMs: 15_000, maxDelayMs: 1_000_000, qps: 10, burst: 100 }
const WORKERS = 4

/**
 * Makes volumes in a directory of the node that the scheduler chose, and removes them when their claims are gone.
 * Source: local-path-provisioner 0.0.32, sig-storage-lib-external-provisioner.
 * SIMPLIFIED: it runs beside the cluster and not in a pod.
 */
export class LocalPathProvisioner {
  private readonly client: Client
  private readonly stores: VolumeStores
  private readonly recorder: EventRecorder
  private readonly informers: InformerFactory
  private readonly claims: Informer<PersistentVolumeClaim>
  private readonly volumes: Informer<PersistentVolume>
  private readonly classes: Informer<StorageClass>
  readonly loops: readonly ControllerLoop[]
  /** Claims, by uid, whose volumes the cache may not show yet. */
  private readonly provisioned = new Set<string>()

  constructor(client: Client, stores: VolumeStores) {
    this.client = client
    this.stores = stores
    this.recorder = new EventRecorder(client, `${LOCAL_PATH}_local-path-provisioner`)
    this.informers = new InformerFactory(client)
    this.claims = this.informers.for(persistentvolumeclaims)
    this.volumes = this.informers.for(persistentvolumes)
    this.classes = this.informers.for(storageclasses)
    const loop = (name: string, reconcile: (key: string) => Task) =>
      new ControllerLoop(client.sim, { name, workers: WORKERS, limits: LIMITS, reconcile })
    const claimLoop = loop('local-path-claims', (key) => this.provision(key))
    const volumeLoop = loop('local-path-volumes', (key) => this.remove(key))
    this.loops = [claimLoop, volumeLoop]
    const wakeClaim = (claim: PersistentVolumeClaim) => claimLoop.queue.add(keyOf(claim))
    const wakeVolume = (volume: PersistentVolume) => volumeLoop.queue.add(keyOf(volume))
    this.claims.addHandler({
      onAdd: wakeClaim,
      onUpdate: wakeClaim,
      onDelete: ({ metadata }) => this.provisioned.delete(metadata.uid ?? ''),
    })
    this.volumes.addHandler({ onAdd: wakeVolume, onUpdate: wakeVolume })
  }

  start(): void {
    this.informers.start()
    for (const loop of this.loops) loop.start()
  }

  private *provision(key: string): Task {
    const claim = this.claims.getByKey(key)
    const storageClass = this.classes.get('', claim?.spec?.storageClassName ?? '')
    if (!claim || !storageClass || !this.shouldProvision(claim, storageClass)) return
    this.recorder.event(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${key}"`)
    const problem = problemOf(claim)
    if (problem !== '') {
      const text = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${problem}`
      this.recorder.event(claim, 'Warning', 'ProvisioningFailed', text)
      throw new Requeue(problem)
    }
    yield* sleep(HELPER_MS)
    const volume = volumeFor(claim, storageClass)
    try {
      yield* this.client.create(persistentvolumes, volume)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    this.provisioned.add(claim.metadata.uid ?? '')
    this.recorder.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name}`)
  }

  /** A claim of a class that waits is for us once the scheduler has chosen a node for its pod. */
  private shouldProvision({ metadata, spec }: PersistentVolumeClaim, { volumeBindingMode }: StorageClass): boolean {
    const { annotations, uid = '' } = metadata
    if (spec?.volumeName || this.provisioned.has(uid) || this.volumes.get('', `pvc-${uid}`)) return false
    if (!PROVISIONER.some((name) => annotations?.[name] === LOCAL_PATH)) return false
    return volumeBindingMode !== 'WaitForFirstConsumer' || annotations?.[SELECTED_NODE] !== undefined
  }

  private *remove(key: string): Task {
    const volume = this.volumes.getByKey(key)
    if (!volume || !shouldRemove(volume)) return
    yield* sleep(HELPER_MS)
    this.stores.discard(volume.metadata.annotations?.[NODE] ?? '', volume)
    try {
      yield* this.client.delete(persistentvolumes, '', key)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

function shouldRemove({ metadata, spec, status }: PersistentVolume): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    metadata.annotations?.[PROVISIONED_BY] === LOCAL_PATH &&
    spec?.persistentVolumeReclaimPolicy === 'Delete' &&
    (status?.phase === 'Released' || status?.phase === 'Failed')
  )
}

/** Why such a volume can't be made, or ''. */
function problemOf({ metadata, spec }: PersistentVolumeClaim): string {
  if (spec?.selector) return 'claim.Spec.Selector is not supported'
  if (spec?.accessModes?.some((mode) => !MODES.has(mode)))
    return 'NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes'
  return metadata.annotations?.[SELECTED_NODE] ? '' : 'configuration error, no node was specified'
}

function volumeFor(claim: PersistentVolumeClaim, storageClass: StorageClass): PersistentVolume {
  const { namespace, name, uid, resourceVersion, annotations } = claim.metadata
  const node = annotations?.[SELECTED_NODE] ?? ''
  const volumeName = `pvc-${uid}`
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName, annotations: { [NODE]: node, [PROVISIONED_BY]: LOCAL_PATH } },
    spec: {
      accessModes: claim.spec?.accessModes,
      capacity: { storage: claim.spec?.resources?.requests?.['storage'] ?? '0' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, resourceVersion, uid },
      hostPath: { path: `${FOLDER}/${volumeName}_${namespace}_${name}`, type: 'DirectoryOrCreate' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }],
        },
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
    },
  }
}
