import { beforeEach, expect, it } from 'vitest'
import type { CoreV1Event, PersistentVolume, PersistentVolumeClaim, Pod } from '../apimachinery/generated/types.ts'
import { applyFile } from '../kubectl/apply.ts'
import type { DoorRequest } from '../kubectl/door.ts'
import { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'

const MINUTE = 60_000
let cluster: Cluster

const call = (request: DoorRequest) => cluster.call(request, ADMIN)

function apply(object: object): void {
  const findKind = (apiVersion: string, kind: string) => cluster.api.resources.findKind(apiVersion, kind)
  applyFile({ call, findKind }, JSON.stringify(object))
}

function makeClaim(extra: object = {}): object {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...extra }
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec }
}

function makePod(name: string, script: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'c',
          image: 'busybox:1.37',
          command: ['sh', '-c', `${script}; sleep 3600`],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  }
}

const pod = (name: string) => cluster.etcd.get('pods', `default/${name}`)?.value as Pod | undefined
const claim = () => cluster.etcd.get('persistentvolumeclaims', 'default/data')?.value as PersistentVolumeClaim | undefined
const volumes = () => cluster.etcd.range('persistentvolumes').map(({ value }) => value as PersistentVolume)
const remove = (resource: string, name: string) =>
  call({ method: 'DELETE', path: `/api/v1/namespaces/default/${resource}/${name}` })
const log = (name: string) => call({ method: 'GET', path: `/api/v1/namespaces/default/pods/${name}/log` }).body
const reasons = () =>
  cluster.etcd
    .range('events', 'default/')
    .map(({ value }) => value as CoreV1Event)
    .filter(({ involvedObject }) => involvedObject.kind === 'PersistentVolumeClaim')
    .map(({ reason, message }) => `${reason}: ${message}`)

beforeEach(() => {
  cluster = new Cluster()
  cluster.boot()
})

it('makes a volume on the node of the first pod that uses the claim', () => {
  apply(makeClaim())
  cluster.sim.runFor(MINUTE / 2)
  expect(claim()).toMatchObject({ spec: { storageClassName: 'standard' }, status: { phase: 'Pending' } })
  expect(reasons()).toEqual(['WaitForFirstConsumer: waiting for first consumer to be created before binding'])
  expect(volumes()).toEqual([])
  apply(makePod('first', 'true'))
  cluster.sim.runFor(MINUTE)
  const [volume] = volumes()
  const node = pod('first')?.spec?.nodeName
  expect(pod('first')?.status?.phase).toBe('Running')
  expect(claim()?.status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } })
  expect(volume).toMatchObject({
    metadata: {
      name: `pvc-${claim()?.metadata.uid}`,
      annotations: { 'pv.kubernetes.io/provisioned-by': 'rancher.io/local-path' },
    },
    spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ values: [node] }] }] } } },
    status: { phase: 'Bound' },
  })
  expect(reasons()).toEqual(
    expect.arrayContaining([
      'Provisioning: External provisioner is provisioning volume for claim "default/data"',
      `ProvisioningSucceeded: Successfully provisioned volume ${volume?.metadata.name}`,
    ]),
  )
})

it('what one pod writes the next one reads, on the same node, until the claim is deleted', () => {
  apply(makeClaim())
  apply(makePod('first', 'echo hello > /data/greeting'))
  cluster.sim.runFor(MINUTE)
  const node = pod('first')?.spec?.nodeName ?? ''
  remove('pods', 'first')
  cluster.sim.runFor(MINUTE / 2)
  apply(makePod('second', 'cat /data/greeting'))
  cluster.sim.runFor(MINUTE)
  expect(pod('second')?.spec?.nodeName).toBe(node)
  expect(log('second')).toEqual({ text: 'hello\n' })
  const name = volumes()[0]?.metadata.name ?? ''
  expect(cluster.volumes.files(node, name).size).toBe(1)
  remove('pods', 'second')
  remove('persistentvolumeclaims', 'data')
  cluster.sim.runFor(MINUTE / 2)
  expect(claim()).toBeUndefined()
  expect(volumes()).toEqual([])
})

it('refuses what a directory of one node cannot be', () => {
  apply(makeClaim({ accessModes: ['ReadWriteMany'] }))
  apply(makePod('first', 'true'))
  cluster.sim.runFor(MINUTE)
  expect(pod('first')?.status?.phase).toBe('Pending')
  expect(reasons()).toContain(
    'ProvisioningFailed: failed to provision volume with StorageClass "standard": NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes',
  )
})

it('storage outside of the cluster holds the same for all nodes, a disk only for its own', () => {
  const volume = (name: string, source: object) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { accessModes: ['ReadWriteMany'], capacity: { storage: '1Gi' }, ...source },
  })
  const nfs = { nfs: { server: 'files.example.com', path: '/a' } }
  apply(volume('far', nfs))
  apply(volume('far-too', nfs))
  apply(volume('near', { hostPath: { path: '/mnt/a' } }))
  cluster.volumes.files('worker', 'far').set('x', '1')
  cluster.volumes.files('worker', 'near').set('x', '1')
  expect(cluster.volumes.files('worker2', 'far-too').get('x')).toBe('1')
  expect(cluster.volumes.files('worker2', 'near').get('x')).toBeUndefined()
  cluster.removeMachine('worker')
  expect(cluster.volumes.files('worker', 'near').get('x')).toBeUndefined()
})
