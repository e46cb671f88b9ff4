import { expect, test } from 'vitest'
import {
  events,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  storageclasses,
} from '../../apimachinery/generated/resources.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../apimachinery/generated/types.ts'
import { Harness } from '../testing/harness.ts'
import { ephemeralVolumeController } from './ephemeral/controller.ts'
import { persistentVolumeBinder } from './persistentvolume/controller.ts'
import { claimProtection } from './pvcprotection/controller.ts'
import { persistentVolumeProtection } from './pvprotection/controller.ts'

const harness = () =>
  new Harness([persistentVolumeBinder, claimProtection, persistentVolumeProtection, ephemeralVolumeController])

const volume = (name: string, storage: string, policy = 'Retain'): PersistentVolume => ({
  metadata: { name },
  spec: {
    capacity: { storage },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: policy,
    storageClassName: 'disk',
    hostPath: { path: '/tmp/data' },
  },
})
const claim = (name: string, storage: string): PersistentVolumeClaim => ({
  metadata: { name, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, storageClassName: 'disk' },
})
const phases = (h: Harness) =>
  [...h.list(persistentvolumes), ...h.list(persistentvolumeclaims)].map(
    ({ metadata, status }) => `${metadata.name ?? ''} ${status?.phase ?? ''}`,
  )

test('the smallest volume that is large enough is bound, held while in use, and deleted afterwards', () => {
  const h = harness()
  h.runPods()
  h.create(persistentvolumes, volume('large', '10Gi', 'Delete'))
  h.create(persistentvolumes, volume('small', '2Gi', 'Delete'))
  h.sim.runFor(1000)
  h.create(persistentvolumeclaims, claim('data', '1Gi'))
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]
  h.create(pods, { metadata: { name: 'p', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'c' }], volumes } })
  h.sim.runFor(3000)
  expect(phases(h)).toEqual(['large Available', 'small Bound', 'data Bound'])
  h.run(h.client.delete(persistentvolumeclaims, 'default', 'data'))
  h.sim.runFor(3000)
  expect(phases(h)).toEqual(['large Available', 'small Bound', 'data Bound'])
  h.run(h.client.delete(pods, 'default', 'p'))
  h.sim.runFor(3000)
  expect(phases(h)).toEqual(['large Available'])
})

test('a claim says why it waits, at each periodic look', () => {
  const h = harness()
  h.create(storageclasses, { metadata: { name: 'disk' }, provisioner: 'disk.example', volumeBindingMode: 'WaitForFirstConsumer' })
  h.create(persistentvolumeclaims, claim('data', '1Gi'))
  h.sim.runFor(44_000)
  expect(h.list(events).map(({ reason, message, count }) => [reason, message, count])).toEqual([
    ['WaitForFirstConsumer', 'waiting for first consumer to be created before binding', 4],
  ])
})

test('a pod with an ephemeral volume gets a claim that goes with it', () => {
  const h = harness()
  const volumeClaimTemplate = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }
  const volumes = [{ name: 'v', ephemeral: { volumeClaimTemplate } }]
  h.create(pods, { metadata: { name: 'p', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'c' }], volumes } })
  h.sim.runFor(1000)
  expect(h.list(persistentvolumeclaims).map(({ metadata }) => [metadata.name, metadata.ownerReferences?.[0]?.name])).toEqual([
    ['p-v', 'p'],
  ])
})
