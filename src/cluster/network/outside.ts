/** The world around the cluster: a router, a client machine on the LAN, and the Internet behind the router. */
import { Netns, type Device } from '../../network/link/netns.ts'
import { machineNetns } from '../../network/link/machine.ts'
import { macOf } from '../../network/link/mac.ts'

export const GATEWAY = '10.0.0.1'
export const CLIENT = '10.0.255.10'
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']

/** Everything that is not private: any public address is its own. */
class Internet extends Netns {
  private readonly wan: Device

  constructor() {
    super('')
    this.wan = this.addDevice({
      name: 'wan',
      kind: 'physical',
      mac: macOf('internet'),
      mtu: 1500,
      up: true,
      addresses: ['203.0.113.1/24'],
      segment: 'internet',
    })
    this.routes = [{ destination: '10.0.0.0/16', via: '203.0.113.254', device: 'wan' }]
  }

  override isLocal(address: string): boolean {
    return isPublic(address)
  }

  override deviceWith(address: string): Device | undefined {
    return isPublic(address) ? this.wan : undefined
  }
}

export interface World {
  readonly client: Netns
  readonly gateway: Netns
  readonly internet: Netns
}

export function makeWorld(): World {
  const gateway = machineNetns('', { address: `${GATEWAY}/16` })
  gateway.addDevice({
    name: 'wan',
    kind: 'physical',
    mac: macOf('gateway/wan'),
    mtu: 1500,
    up: true,
    addresses: ['203.0.113.254/24'],
    segment: 'internet',
  })
  // A provider carries no private addresses: what is for none on the LAN ends here, and nobody says so.
  const dropped = PRIVATE.map((destination) => ({ destination, device: '', kind: 'blackhole' }) as const)
  gateway.routes = [...gateway.routes, { destination: 'default', device: 'wan' }, ...dropped]
  return { client: machineNetns('', { address: `${CLIENT}/16`, gateway: GATEWAY }), gateway, internet: new Internet() }
}

/** SIMPLIFIED: the router sends packets of private addresses to the Internet without translating them, and gets answers. */
export function onOutside(world: World, segment: string, address: string): Netns | undefined {
  if (segment === 'internet') return address === '203.0.113.254' || !isPublic(address) ? world.gateway : world.internet
  if (address === GATEWAY) return world.gateway
  return address === CLIENT ? world.client : undefined
}

function isPublic(address: string): boolean {
  return !/^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|203\.0\.113\.254$|f[cde])/.test(address)
}
