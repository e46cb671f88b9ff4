import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import type {
  CoreV1Event,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  VolumeAttachment,
} from '../../apimachinery/generated/types.ts'
import { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'
import { applyManifest, applyObject } from '../testing/apply.ts'

class World {
  readonly cluster = new Cluster({ external: true, workers: 0 })

  constructor() {
    this.cluster.boot()
    for (const [name, zone] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
    ] as const)
      this.cluster.addNodes({ name, zone })
    this.cluster.sim.runFor(30_000)
    this.applyText('disk-driver')
    this.cluster.sim.runFor(120_000)
  }

  applyText(name: string): void {
    const file = new URL(`../../ui/gallery/manifests/${name}.yaml`, import.meta.url)
    applyManifest(this.cluster, readFileSync(file, 'utf8'))
  }

  apply(object: object): void {
    applyObject(this.cluster, object)
  }

  claim(name: string, extra: object = {}): void {
    const spec = {
      storageClassName: 'disk',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...extra,
    }
    this.apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'default' }, spec })
  }

  pod(name: string, node: string, claimName: string, script: string): void {
    const spec = {
      nodeSelector: { 'kubernetes.io/hostname': node },
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'c',
          image: 'busybox:1.37',
          command: ['sh', '-c', `${script}; sleep 36000`],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    }
    this.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec })
  }

  get<T>(bucket: string, key: string): T | undefined {
    return this.cluster.etcd.get(bucket, key)?.value as T | undefined
  }

  list<T>(bucket: string): T[] {
    return this.cluster.etcd.range(bucket).map(({ value }) => value as T)
  }

  remove(path: string, body?: object): void {
    this.cluster.call({ method: 'DELETE', path, body }, ADMIN)
  }

  removePod(name: string): void {
    this.remove(`/api/v1/namespaces/default/pods/${name}`, { gracePeriodSeconds: 0 })
  }

  log(name: string): string {
    const { body } = this.cluster.call({ method: 'GET', path: `/api/v1/namespaces/default/pods/${name}/log` }, ADMIN)
    return String(body['text'] ?? JSON.stringify(body))
  }

  events(kind: string, name: string): string[] {
    return this.list<CoreV1Event>('events')
      .filter(({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name)
      .map(({ reason = '', message = '' }) => `${reason}: ${message}`)
  }

  until(text: string, condition: () => boolean, limitMs = 600_000): void {
    expect(this.cluster.sim.runUntilTrue(condition, limitMs), `${text}\n${this.explain()}`).toBe(true)
  }

  private explain(): string {
    const told = this.list<CoreV1Event>('events').map(
      ({ involvedObject, reason, message }) => `${involvedObject.kind}/${involvedObject.name} ${reason}: ${message}`,
    )
    return told.slice(-25).join('\n')
  }

  isRunning(name: string): boolean {
    return this.get<Pod>('pods', `default/${name}`)?.status?.phase === 'Running'
  }
}

let world: World
beforeAll(() => {
  world = new World()
})

describe('disks of a zone', () => {
  test('a disk is made in the zone of the chosen node, attached, mounted, and keeps what is written', () => {
    world.claim('data')
    world.pod('writer', 'b1', 'data', 'echo kept > /data/file')
    world.until('writer runs', () => world.isRunning('writer'))
    const claim = world.get<PersistentVolumeClaim>('persistentvolumeclaims', 'default/data')
    const volume = claim?.spec?.volumeName ?? ''
    expect(world.events('PersistentVolumeClaim', 'data').map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['ExternalProvisioning', 'Provisioning', 'ProvisioningSucceeded']),
    )
    const { spec } = world.get<PersistentVolume>('persistentvolumes', volume) ?? {}
    expect(spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]).toMatchObject({
      key: 'topology.kubernetes.io/zone',
      values: ['b'],
    })
    const unique = `kubernetes.io/csi/disk.csi.kubarium.dev^${spec?.csi?.volumeHandle ?? ''}`
    const node = world.get<Node>('nodes', 'b1')
    expect(node?.status?.volumesAttached).toEqual([{ name: unique, devicePath: '' }])
    expect(node?.status?.volumesInUse).toEqual([unique])
    expect(world.events('Pod', 'writer')).toContain(
      `SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "${volume}" `,
    )
    world.removePod('writer')
    world.until('detached', () => world.list<VolumeAttachment>('volumeattachments.storage.k8s.io').length === 0)
    expect(world.get<Node>('nodes', 'b1')?.status?.volumesAttached ?? []).toEqual([])
  })

  test('a pod in another zone can not have it', () => {
    world.pod('stray', 'a1', 'data', 'true')
    world.cluster.sim.runFor(10_000)
    expect(world.events('Pod', 'stray').join()).toMatch(/didn't match PersistentVolume's node affinity/)
    world.removePod('stray')
  })

  test('a second node waits until the first has let go, and finds what was written', () => {
    world.claim('shared')
    world.pod('one', 'a1', 'shared', 'echo first > /data/file')
    world.until('one runs', () => world.isRunning('one'))
    world.pod('two', 'a2', 'shared', 'cat /data/file')
    world.cluster.sim.runFor(20_000)
    const volume = world.get<PersistentVolumeClaim>('persistentvolumeclaims', 'default/shared')?.spec?.volumeName ?? ''
    expect(world.events('Pod', 'two')).toContain(
      `FailedAttachVolume: Multi-Attach error for volume "${volume}" Volume is already used by pod(s) one`,
    )
    world.removePod('one')
    world.until('two runs', () => world.isRunning('two'))
    world.cluster.sim.runFor(1000)
    expect(world.log('two')).toContain('first')
    world.removePod('two')
    world.cluster.sim.runFor(30_000)
  })

  test('a claim grows: first the disk, then its file system on the node', () => {
    world.claim('growing')
    world.pod('grower', 'a1', 'growing', 'true')
    world.until('grower runs', () => world.isRunning('grower'))
    const path = '/api/v1/namespaces/default/persistentvolumeclaims/growing'
    const body = { spec: { resources: { requests: { storage: '3Gi' } } } }
    expect(world.cluster.call({ method: 'PATCH', path, body }, ADMIN).code).toBe(200)
    const claim = () => world.get<PersistentVolumeClaim>('persistentvolumeclaims', 'default/growing')
    world.until('grown', () => claim()?.status?.capacity?.['storage'] === '3Gi', 60_000)
    world.cluster.sim.runFor(1000)
    expect(claim()?.status?.conditions ?? []).toEqual([])
    expect(world.events('PersistentVolumeClaim', 'growing').map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['Resizing', 'FileSystemResizeRequired', 'FileSystemResizeSuccessful']),
    )
    world.apply({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttributesClass',
      metadata: { name: 'fast' },
      driverName: 'disk.csi.kubarium.dev',
      parameters: { iops: '9000' },
    })
    world.cluster.call({ method: 'PATCH', path, body: { spec: { volumeAttributesClassName: 'fast' } } }, ADMIN)
    world.until('modified', () => claim()?.status?.currentVolumeAttributesClassName === 'fast', 60_000)
    world.removePod('grower')
    world.cluster.sim.runFor(30_000)
    world.remove(path)
    world.until('the disk is gone', () =>
      world.list<PersistentVolume>('persistentvolumes').every(({ spec }) => spec?.claimRef?.name !== 'growing'),
    )
  })

  test('a node that is lost keeps its disk for six minutes', () => {
    world.claim('held')
    world.pod('old', 'a1', 'held', 'echo old > /data/file')
    world.until('old runs', () => world.isRunning('old'))
    world.cluster.powerOff('a1')
    world.cluster.sim.runFor(60_000)
    world.removePod('old')
    world.pod('new', 'a2', 'held', 'cat /data/file')
    world.cluster.sim.runFor(240_000)
    expect(world.isRunning('new')).toBe(false)
    expect(world.events('Pod', 'new').join('\n')).toContain(
      "Volume is already exclusively attached to one node and can't be attached to another",
    )
    expect(world.events('Pod', 'new').join('\n')).toContain(
      'Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data]',
    )
    world.until('new runs', () => world.isRunning('new'), 300_000)
    expect(world.log('new')).toContain('old')
    world.cluster.powerOn('a1')
    world.cluster.sim.runFor(60_000)
  })

  test('a node that is out of service gives its disk up at once', () => {
    world.claim('freed')
    world.pod('down', 'a1', 'freed', 'echo down > /data/file')
    world.until('down runs', () => world.isRunning('down'))
    world.cluster.powerOff('a1')
    world.cluster.sim.runFor(60_000)
    const taints = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }]
    world.cluster.call({ method: 'PATCH', path: '/api/v1/nodes/a1', body: { spec: { taints } } }, ADMIN)
    world.pod('up', 'a2', 'freed', 'cat /data/file')
    world.until('up runs', () => world.isRunning('up'), 90_000)
    expect(world.get<Pod>('pods', 'default/down')).toBeUndefined()
    const body = { spec: { taints: null } }
    world.cluster.call({ method: 'PATCH', path: '/api/v1/nodes/a1', body, contentType: 'application/merge-patch+json' }, ADMIN)
    world.cluster.powerOn('a1')
    world.removePod('up')
    world.cluster.sim.runFor(120_000)
  })

  test('without the attacher nothing is attached', () => {
    const path = '/apis/apps/v1/namespaces/kube-system/deployments/disk-csi-controller'
    const scale = (replicas: number) => world.cluster.call({ method: 'PATCH', path, body: { spec: { replicas } } }, ADMIN)
    world.claim('stuck')
    world.pod('first', 'b1', 'stuck', 'true')
    world.until('first runs', () => world.isRunning('first'))
    world.removePod('first')
    world.cluster.sim.runFor(60_000)
    scale(0)
    world.cluster.sim.runFor(60_000)
    world.pod('second', 'b1', 'stuck', 'true')
    world.cluster.sim.runFor(180_000)
    expect(world.isRunning('second')).toBe(false)
    expect(world.events('Pod', 'second').join('\n')).toContain('unattached volumes=[data]')
    scale(1)
    world.until('second runs', () => world.isRunning('second'))
    world.removePod('second')
    world.cluster.sim.runFor(30_000)
  })

  test('a snapshot can be restored into a new claim', () => {
    world.applyText('disk-snapshots')
    world.cluster.sim.runFor(5000)
    world.apply({
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotClass',
      metadata: { name: 'disk', annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } },
      driver: 'disk.csi.kubarium.dev',
      deletionPolicy: 'Delete',
    })
    world.claim('source')
    world.pod('maker', 'a2', 'source', 'echo saved > /data/file')
    world.until('maker runs', () => world.isRunning('maker'))
    world.cluster.sim.runFor(60_000)
    const metadata = { name: 'shot', namespace: 'default' }
    const kind = { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot' }
    world.apply({ ...kind, metadata, spec: { source: { persistentVolumeClaimName: 'source' } } })
    const shot = () => world.get<{ status?: { readyToUse?: boolean } }>('volumesnapshots.snapshot.storage.k8s.io', 'default/shot')
    world.until('the snapshot is ready', () => shot()?.status?.readyToUse === true, 60_000)
    world.claim('restored', { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'shot' } })
    world.pod('reader', 'b1', 'restored', 'cat /data/file')
    world.until('reader runs', () => world.isRunning('reader'))
    world.cluster.sim.runFor(1000)
    expect(world.log('reader')).toContain('saved')
  })
})
