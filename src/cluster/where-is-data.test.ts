import { expect, test } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../apimachinery/generated/types.ts'
import { Etcd } from '../etcd/etcd.ts'
import { VolumeStores } from './volume-stores.ts'
import { whereIsData } from './where-is-data.ts'

function world() {
  const etcd = new Etcd()
  const volumes = new VolumeStores(etcd)
  const put = (bucket: string, key: string, value: object) =>
    etcd.put(bucket, key, undefined, () => value as Pod, { timeMs: 0, actor: '', cause: null })
  const pod: Pod = {
    metadata: { name: 'p', namespace: 'default', uid: 'u' },
    spec: {
      nodeName: 'n1',
      containers: [],
      volumes: [
        { name: 'scratch', emptyDir: {} },
        { name: 'fast', emptyDir: { medium: 'Memory' } },
        { name: 'host', hostPath: { path: '/srv' } },
        { name: 'share', nfs: { server: 'nas', path: '/export' } },
        { name: 'config', configMap: { name: 'c' } },
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'later', persistentVolumeClaim: { claimName: 'later' } },
      ],
    },
  }
  const disk = volumes.disks.create('zone-a', 1024)
  disk.files.set('file', 'x')
  const volume: PersistentVolume = {
    metadata: { name: 'pv' },
    spec: { csi: { driver: 'disk.csi.kubarium.dev', volumeHandle: disk.id }, persistentVolumeReclaimPolicy: 'Delete' },
  }
  const claim: PersistentVolumeClaim = { metadata: { name: 'data', namespace: 'default' }, spec: { volumeName: 'pv' } }
  put('pods', 'default/p', pod)
  put('persistentvolumes', 'pv', volume)
  put('persistentvolumeclaims', 'default/data', claim)
  return { etcd, volumes }
}

test('each volume of a pod says where its bytes are and what they survive', () => {
  const rows = whereIsData(world(), 'default', 'p').map(
    ({ volume, medium, where, files, containerRestart, podDeletion, nodeLoss, claimDeletion }) =>
      [volume, medium, where, files, containerRestart, podDeletion, nodeLoss, claimDeletion].join(' '),
  )
  expect(rows).toEqual([
    'scratch nodeDisk n1 0 survives lost lost none',
    'fast memory n1 -1 survives lost lost none',
    'host nodeDisk n1 0 survives survives untilNodeBack none',
    'share nfs nas 0 survives survives survives none',
    'config api  -1 survives survives survives none',
    'data zoneDisk zone-a 1 survives survives untilDetached lost',
    'later nowhere  -1 survives survives survives none',
    ' layer n1 -1 lost lost lost none',
  ])
})

test('a claim says so for itself', () => {
  expect(whereIsData(world(), 'default', 'claim/data')).toMatchObject([
    { volume: 'data', medium: 'zoneDisk', persistentVolume: 'pv' },
  ])
  expect(whereIsData(world(), 'default', 'pod/nobody')).toEqual([])
})
