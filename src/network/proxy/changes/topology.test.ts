import { describe, expect, test } from 'vitest'
import { makeService, makeSlice, type TestEndpoint } from '../testing/builders.ts'
import { ServiceState } from './state.ts'
import { categorize } from './topology.ts'

const PLACE = { nodeName: 'node-1', zone: 'zone-a' }

function categoriesOf(endpoints: readonly TestEndpoint[], spec = {}) {
  const state = new ServiceState('IPv4')
  state.serviceChanged(makeService('web', '10.96.0.9', spec))
  state.sliceChanged(makeSlice('web', endpoints))
  state.apply()
  const [port] = state.portsOf('default/web')
  if (!port) throw new Error('no port')
  const { cluster, local, hasAny } = categorize(state.endpoints(port), port, PLACE)
  return { cluster: cluster.map(({ ip }) => ip), local: local.map(({ ip }) => ip), hasAny }
}

const here = { ip: '10.0.0.1', node: 'node-1' }
const there = { ip: '10.0.0.2', node: 'node-2' }

describe('endpoints that a node may use', () => {
  test('are the ready ones', () => {
    expect(categoriesOf([here, { ...there, ready: false }])).toEqual({ cluster: ['10.0.0.1'], local: [], hasAny: true })
  })

  test('or those that still serve while they end', () => {
    const ending = { ready: false, serving: true, terminating: true }
    expect(
      categoriesOf([
        { ...here, ...ending },
        { ...there, ...ending, serving: false },
      ]).cluster,
    ).toEqual(['10.0.0.1'])
  })

  test('of policy Local are local; others still count as endpoints', () => {
    expect(categoriesOf([there], { internalTrafficPolicy: 'Local' })).toEqual({ cluster: [], local: [], hasAny: true })
  })

  test('of an external policy Local are both kinds', () => {
    const spec = { type: 'NodePort', externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 30_080, protocol: 'TCP' }] }
    expect(categoriesOf([here, there], spec)).toEqual({ cluster: ['10.0.0.1', '10.0.0.2'], local: ['10.0.0.1'], hasAny: true })
  })
})
