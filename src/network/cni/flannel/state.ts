/** What flanneld sets in its machine for each other machine's lease. */
import type { FdbEntry, Neighbour, Netns, Route } from '../../link/netns.ts'
import type { Lease } from './leases.ts'
import type { NetConf } from './net-conf.ts'

/** All that one lease brings. */
export interface LeaseState {
  readonly routes: readonly Route[]
  readonly neighbours: readonly Neighbour[]
  readonly fdb: readonly FdbEntry[]
}

const NOTHING: LeaseState = { routes: [], neighbours: [], fdb: [] }

/** Leases of another backend are left alone: "ignoring non-vxlan subnet". */
export function stateFor(conf: NetConf, lease: Lease): LeaseState {
  if (lease.backend !== conf.backend || conf.backend === 'udp') return NOTHING
  const { subnet, publicIP, vtepMac } = lease
  const direct: LeaseState = { ...NOTHING, routes: [{ destination: subnet, via: publicIP, device: 'eth0' }] }
  if (conf.backend === 'host-gw' || conf.directRouting) return direct
  const device = vxlanDevice(conf)
  const gateway = subnet.slice(0, subnet.indexOf('/'))
  return {
    routes: [{ destination: subnet, via: gateway, device, onlink: true }],
    neighbours: [{ address: gateway, mac: vtepMac, device, state: 'PERMANENT' }],
    fdb: [{ mac: vtepMac, device, destination: publicIP }],
  }
}

export function vxlanDevice(conf: NetConf): string {
  return `flannel.${conf.vni}`
}

/** Puts the state of leases in place; whatever leads to the same subnet is replaced. */
export function apply(netns: Netns, states: readonly LeaseState[]): void {
  const routes = states.flatMap((state) => state.routes)
  const neighbours = states.flatMap((state) => state.neighbours)
  const fdb = states.flatMap((state) => state.fdb)
  if (routes.length > 0) {
    const replaced = new Set(routes.map((route) => route.destination))
    netns.routes = [...netns.routes.filter((route) => !replaced.has(route.destination)), ...routes]
  }
  if (neighbours.length === 0) return
  const known = new Set(neighbours.map(({ address, device }) => `${address} ${device}`))
  netns.neighbours = [...netns.neighbours.filter(({ address, device }) => !known.has(`${address} ${device}`)), ...neighbours]
  const macs = new Set(fdb.map(({ mac, device }) => `${mac} ${device}`))
  netns.fdb = [...netns.fdb.filter(({ mac, device }) => !macs.has(`${mac} ${device}`)), ...fdb]
}

/** Takes back what a lease brought. */
export function withdraw(netns: Netns, state: LeaseState): void {
  const routes = new Set(state.routes.map((route) => `${route.destination} ${route.device}`))
  netns.routes = netns.routes.filter((route) => !routes.has(`${route.destination} ${route.device}`))
  const macs = new Set(state.fdb.map((entry) => entry.mac))
  netns.neighbours = netns.neighbours.filter((entry) => entry.state !== 'PERMANENT' || !macs.has(entry.mac))
  netns.fdb = netns.fdb.filter((entry) => !macs.has(entry.mac))
}

/** Rules of `--ip-masq` and forwarding, for `iptables-restore --noflush`. Source: flannel v0.27 pkg/trafficmngr/iptables. */
export function iptablesRules(conf: NetConf, subnet: string): readonly string[] {
  const { network } = conf
  const masq = '-m comment --comment "flanneld masq"'
  const forward = '-m comment --comment "flanneld forward"'
  return [
    '*nat',
    ':FLANNEL-POSTRTG - [0:0]',
    `-A POSTROUTING ${masq} -j FLANNEL-POSTRTG`,
    `-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 ${masq} -j RETURN`,
    `-A FLANNEL-POSTRTG -s ${subnet} -d ${network} ${masq} -j RETURN`,
    `-A FLANNEL-POSTRTG -s ${network} -d ${subnet} ${masq} -j RETURN`,
    `-A FLANNEL-POSTRTG ! -s ${network} -d ${subnet} ${masq} -j RETURN`,
    `-A FLANNEL-POSTRTG -s ${network} ! -d 224.0.0.0/4 ${masq} -j MASQUERADE --random-fully`,
    `-A FLANNEL-POSTRTG ! -s ${network} -d ${network} ${masq} -j MASQUERADE --random-fully`,
    'COMMIT',
    '*filter',
    ':FLANNEL-FWD - [0:0]',
    `-A FORWARD ${forward} -j FLANNEL-FWD`,
    `-A FLANNEL-FWD -s ${network} ${forward} -j ACCEPT`,
    `-A FLANNEL-FWD -d ${network} ${forward} -j ACCEPT`,
    'COMMIT',
  ]
}
