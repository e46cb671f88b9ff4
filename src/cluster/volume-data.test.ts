import { beforeAll, expect, test } from 'vitest'
import type { Pod } from '../apimachinery/generated/types.ts'
import { applyFile } from '../kubectl/apply.ts'
import { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'

let cluster: Cluster
beforeAll(() => {
  cluster = new Cluster({ external: true, workers: 2 })
  cluster.boot()
})

function run(name: string, node: string, volume: object, script: string): void {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: 'c', image: 'busybox:1.37', command: ['sh', '-c', script], volumeMounts: [{ name: 'v', mountPath: '/data' }] },
      ],
      volumes: [{ name: 'v', ...volume }],
    },
  }
  const findKind = (apiVersion: string, kind: string) => cluster.api.resources.findKind(apiVersion, kind)
  applyFile({ call: (request) => cluster.call(request, ADMIN), findKind }, JSON.stringify(object))
  cluster.sim.runFor(20_000)
}

const get = (name: string) => cluster.etcd.get('pods', `default/${name}`)?.value as Pod | undefined
const log = (name: string) =>
  String(cluster.call({ method: 'GET', path: `/api/v1/namespaces/default/pods/${name}/log` }, ADMIN).body['text'] ?? '')

function remove(name: string): void {
  const path = `/api/v1/namespaces/default/pods/${name}`
  cluster.call({ method: 'DELETE', path, body: { gracePeriodSeconds: 0 } }, ADMIN)
  cluster.sim.runFor(10_000)
}

test('an emptyDir outlives its containers and a power cut, not its pod', () => {
  const script = 'test -f /data/file && echo found; echo x > /data/file; sleep 60'
  run('scratch', 'node-1', { emptyDir: {} }, script)
  expect(log('scratch')).not.toContain('found')
  cluster.sim.runFor(90_000)
  expect(get('scratch')?.status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0)
  expect(log('scratch')).toContain('found')
  expect(cluster.whereIsData('default', 'scratch')[0]).toMatchObject({ medium: 'nodeDisk', where: 'node-1', files: 1 })
  remove('scratch')
  run('scratch', 'node-1', { emptyDir: {} }, script)
  expect(log('scratch')).not.toContain('found')
  remove('scratch')
})

test('an emptyDir in memory goes with the power', () => {
  const script = 'test -f /data/file && echo found; echo x > /data/file; sleep 36000'
  run('fast', 'node-1', { emptyDir: { medium: 'Memory' } }, script)
  cluster.powerOff('node-1')
  cluster.sim.runFor(10_000)
  cluster.powerOn('node-1')
  cluster.sim.runFor(60_000)
  expect(get('fast')?.status?.containerStatuses?.[0]?.restartCount).toBe(1)
  expect(log('fast')).not.toContain('found')
  remove('fast')
})

test('a hostPath stays on its node', () => {
  const volume = { hostPath: { path: '/var/shared' } }
  run('writer', 'node-1', volume, 'echo kept > /data/file; sleep 36000')
  remove('writer')
  run('same', 'node-1', volume, 'cat /data/file; sleep 36000')
  run('other', 'node-2', volume, 'test -f /data/file || echo nothing here; sleep 36000')
  expect(log('same')).toContain('kept')
  expect(log('other')).toContain('nothing here')
  remove('same')
  remove('other')
})

test('what is on an NFS server is there for every node', () => {
  const volume = { nfs: { server: 'nas.example', path: '/export' } }
  run('writer', 'node-1', volume, 'echo kept > /data/file; sleep 36000')
  run('reader', 'node-2', volume, 'cat /data/file; sleep 36000')
  expect(log('reader')).toContain('kept')
  expect(cluster.whereIsData('default', 'reader')[0]).toMatchObject({
    medium: 'nfs',
    where: 'nas.example',
    files: 1,
    nodeLoss: 'survives',
  })
})
