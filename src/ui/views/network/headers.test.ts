import { expect, it } from 'vitest'
import type { Packet } from '../../../worker/network/protocol.ts'
import { changedHeaders, headerRows, withPort } from './headers.ts'

const packet: Packet = {
  source: '10.244.1.5',
  destination: '10.96.0.10',
  protocol: 'tcp',
  sourcePort: 40312,
  destinationPort: 80,
  flags: 'S',
  ttl: 64,
  length: 60,
  mark: 0,
}

it('marks what a translation changed', () => {
  const after: Packet = { ...packet, destination: '10.244.2.8', destinationPort: 8080, mark: 0x4000 }
  expect(changedHeaders(packet, after)).toEqual(['destination', 'destinationPort', 'mark'])
  const mark = headerRows(packet, after).find(({ name }) => name === 'mark')
  expect(mark).toEqual({ name: 'mark', before: '', after: '0x4000', changed: true })
})

it('shows the outer headers of a tunnel first', () => {
  const outer = { kind: 'vxlan', source: '10.0.0.11', destination: '10.0.0.12', vni: 1, port: 8472 } as const
  const rows = headerRows(packet, { ...packet, outer })
  expect(rows.slice(0, 3).map(({ name, after }) => [name, after])).toEqual([
    ['outerSource', '10.0.0.11'],
    ['outerDestination', '10.0.0.12:8472'],
    ['tunnel', 'vxlan 1'],
  ])
})

it('writes an address with its port', () => {
  expect(withPort('10.244.1.5', 40312)).toBe('10.244.1.5:40312')
  expect(withPort('fd00::5', 80)).toBe('[fd00::5]:80')
  expect(withPort('fd00::5', 0)).toBe('fd00::5')
})
