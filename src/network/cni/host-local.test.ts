import { describe, expect, test } from 'vitest'
import { Simulation } from '../../sim/simulation.ts'
import { FlannelPlugin } from './flannel/plugin.ts'
import { NodeNetwork } from './node-network.ts'

function add(sim: Simulation, network: NodeNetwork, uid: string): string {
  let answer = ''
  sim.spawn(
    network.addPod({ uid, namespace: 'default', name: uid }),
    (address) => (answer = address),
    (error) => (answer = String(error)),
  )
  sim.runFor(100)
  return answer
}

describe('NodeNetwork', () => {
  test('is not ready before the daemon has written its configuration', () => {
    const sim = new Simulation({ seed: 1, startTimeMs: 0 })
    const network = new NodeNetwork()
    expect(network.notReadyReason()).toContain('cni plugin not initialized')
    expect(add(sim, network, 'a')).toContain('cni plugin not initialized')
    network.install(new FlannelPlugin())
    expect(network.notReadyReason()).toBeUndefined()
    expect(add(sim, network, 'a')).toContain('open /run/flannel/subnet.env: no such file or directory')
  })

  test('hands out addresses in turn, frees them, and says when none is left', () => {
    const sim = new Simulation({ seed: 1, startTimeMs: 0 })
    const network = new NodeNetwork()
    const plugin = new FlannelPlugin()
    plugin.configure({ network: '10.244.0.0/16', subnet: '10.244.3.0/29', mtu: 1450 })
    network.install(plugin)
    expect(['a', 'b', 'c', 'd', 'e'].map((uid) => add(sim, network, uid))).toEqual([
      '10.244.3.2',
      '10.244.3.3',
      '10.244.3.4',
      '10.244.3.5',
      '10.244.3.6',
    ])
    expect(add(sim, network, 'a')).toBe('10.244.3.2')
    expect(add(sim, network, 'f')).toContain('no IP addresses available in range set: 10.244.3.1-10.244.3.6')
    network.removePod('c')
    expect(add(sim, network, 'f')).toBe('10.244.3.4')
  })
})
