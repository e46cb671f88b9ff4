import { expect, test } from 'vitest'
import type { Pod, PodSpec } from '../apimachinery/generated/types.ts'
import { etcFiles } from './etc-files.ts'

function files(spec: Partial<PodSpec>) {
  const pod = { metadata: { name: 'web', namespace: 'shop' }, spec: { containers: [], ...spec } } as Pod
  const made = etcFiles(pod, spec.hostNetwork ? '10.0.0.12' : '10.244.1.5', 'worker')
  return { hosts: made.get('hosts') ?? '', resolv: made.get('resolv.conf') ?? '', hostname: made.get('hostname') ?? '' }
}

const CLUSTER = 'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n'

test.each<[string, Partial<PodSpec>, string]>([
  ['cluster first', {}, CLUSTER],
  ['the node’s own', { dnsPolicy: 'Default' }, 'nameserver 10.0.0.1\n'],
  ['cluster first falls back in the host’s network', { hostNetwork: true }, 'nameserver 10.0.0.1\n'],
  ['unless told otherwise', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, CLUSTER],
  [
    'nothing but the pod’s own',
    {
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['1.1.1.1'], searches: ['my.corp'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] },
    },
    'search my.corp\nnameserver 1.1.1.1\noptions ndots:2 edns0\n',
  ],
  [
    'additions come after, and options replace',
    { dnsConfig: { searches: ['my.corp', 'svc.cluster.local'], options: [{ name: 'ndots', value: '2' }] } },
    'search shop.svc.cluster.local svc.cluster.local cluster.local my.corp\nnameserver 10.96.0.10\noptions ndots:2\n',
  ],
])('resolv.conf: %s', (_, spec, expected) => {
  expect(files(spec).resolv).toBe(expected)
})

test('hosts', () => {
  const pod = files({ hostname: 'db', subdomain: 'data', hostAliases: [{ ip: '10.9.9.9', hostnames: ['box', 'box.home'] }] })
  expect(pod.hosts).toMatch(/^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/)
  expect(pod.hosts).toContain('10.244.1.5\tdb.data.shop.svc.cluster.local\tdb\n')
  expect(pod.hosts).toContain('\n# Entries added by HostAliases.\n10.9.9.9\tbox\tbox.home\n')
  expect(pod.hostname).toBe('db\n')
  const host = files({ hostNetwork: true })
  expect(host.hosts).toMatch(/^# Kubernetes-managed hosts file \(host network\)\.\n/)
  expect(host.hosts).toContain('10.0.0.12\tworker\n')
})
