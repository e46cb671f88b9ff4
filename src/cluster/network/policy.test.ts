import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import type { Pod } from '../../apimachinery/generated/types.ts'
import type { Packet } from '../../network/packet.ts'
import { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'
import { applyManifest } from '../testing/apply.ts'
import { switchPlugin } from './plugin-switch.ts'

let cluster: Cluster

const manifest = (id: string) => readFileSync(`src/ui/gallery/manifests/${id}.yaml`, 'utf8')
const pod = (name: string) => cluster.etcd.get('pods', `default/${name}`)?.value as Pod

const apply = (text: string) => applyManifest(cluster, text)

/** The way of a first packet from one pod to another's port 80, recorded. */
function send(from: string, to: string) {
  const source = pod(from)
  const netns = cluster.network.netnsOf(source.metadata.uid ?? '')
  if (!netns) throw new Error(`${from} has no network`)
  const packet: Packet = {
    source: source.status?.podIP ?? '',
    destination: pod(to).status?.podIP ?? '',
    protocol: 'tcp',
    sourcePort: 40_000,
    destinationPort: 80,
    flags: 'S',
    ttl: 64,
    length: 60,
    mark: 0,
  }
  return cluster.network.fabric.walk(netns, packet, true)
}

beforeAll(() => {
  cluster = new Cluster()
  cluster.boot()
  apply(manifest('network-policy'))
  cluster.sim.runFor(60_000)
})

it('flannel alone stores policies and does not enforce them', () => {
  expect(send('other', 'back').outcome.kind).toBe('delivered')
})

it('with an agent on every node a packet that no policy allows is dropped, and the rules say why', () => {
  apply(manifest('policy-agent'))
  cluster.sim.runFor(60_000)
  expect(send('front', 'back').outcome.kind).toBe('delivered')
  const { outcome, stations } = send('other', 'back')
  expect(outcome.kind).toBe('dropped')
  const steps = stations.flatMap(({ rules }) => rules).filter(({ engine }) => engine === 'policy')
  expect(steps.map(({ text, why }) => `${text}: ${why}`)).toEqual([
    'no policy selects the pod: accept',
    expect.stringContaining('networkpolicy/back-from-front ingress[0]: not from'),
    expect.stringContaining('selected by a policy: what none allows is dropped: drops from default/other'),
  ])
})

it('goes with its agent', () => {
  cluster.call({ method: 'DELETE', path: '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-network-policies' }, ADMIN)
  cluster.sim.runFor(60_000)
  expect(send('other', 'back').outcome.kind).toBe('delivered')
})

it('calico enforces policies by itself', () => {
  switchPlugin(cluster, 'calico')
  cluster.sim.runFor(120_000)
  for (const name of ['front', 'other', 'back'])
    cluster.call({ method: 'DELETE', path: `/api/v1/namespaces/default/pods/${name}` }, ADMIN)
  cluster.sim.runFor(60_000)
  apply(manifest('network-policy'))
  cluster.sim.runFor(60_000)
  expect(send('front', 'back').outcome.kind).toBe('delivered')
  expect(send('other', 'back').outcome.kind).toBe('dropped')
})
