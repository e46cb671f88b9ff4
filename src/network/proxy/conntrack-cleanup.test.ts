import { expect, test } from 'vitest'
import { newConnection, type Connection } from '../conntrack/conntrack.ts'
import { ServiceState } from './changes/state.ts'
import { staleConnections } from './conntrack-cleanup.ts'
import { makeService, makeSlice } from './testing/builders.ts'

function flow(protocol: 'udp' | 'tcp', destination: string, port: number, endpoint: string): Connection {
  const original = { source: '10.244.9.9', destination, protocol, sourcePort: 5000, destinationPort: port }
  const made = newConnection(original, 0)
  return { ...made, reply: { ...made.reply, source: endpoint, sourcePort: 8080 } }
}

test('UDP flows to former endpoints are stale, others are not', () => {
  const state = new ServiceState('IPv4')
  const ports = [{ port: 53, nodePort: 30_053, protocol: 'UDP' }]
  state.serviceChanged(makeService('dns', '10.96.0.10', { type: 'NodePort', ports }))
  state.sliceChanged(
    makeSlice('dns', [{ ip: '10.244.0.2', ready: false, serving: true, terminating: true }], { protocol: 'UDP' }),
  )
  state.serviceChanged(makeService('gone', '10.96.0.11', { ports: [{ port: 53, protocol: 'UDP' }] }))
  state.apply()
  const flows = [
    flow('udp', '10.96.0.10', 53, '10.244.0.2'),
    flow('udp', '10.96.0.10', 53, '10.244.0.1'),
    flow('udp', '192.168.10.11', 30_053, '10.244.0.1'),
    flow('udp', '10.96.0.11', 53, '10.244.0.1'),
    flow('udp', '8.8.8.8', 53, '8.8.8.8'),
    flow('tcp', '10.96.0.10', 53, '10.244.0.1'),
  ]
  expect(staleConnections(flows, state)).toEqual([flows[1], flows[2]])
})
