import { bridge } from './bridge.ts'
import type { CommandTable } from './command.ts'
import { conntrack } from './conntrack.ts'
import { ip } from './ip/ip.ts'
import { ipset } from './ipset.ts'
import { ip6tables, iptables } from './iptables.ts'
import { ip6tablesRestore, iptablesRestore } from './iptables-restore.ts'
import { ip6tablesSave, iptablesSave } from './iptables-save.ts'
import { ipvsadm, ipvsadmRestore, ipvsadmSave } from './ipvsadm.ts'
import { arp, hostname, ifconfig, route } from './net-tools.ts'
import { nft } from './nft.ts'
import { ping, traceroute } from './ping.ts'
import { netstat, ss } from './ss.ts'
import { sysctl } from './sysctl.ts'

/** The network commands of a machine. A new one is a file and a line. */
export const NODE_COMMANDS: CommandTable = {
  arp,
  bridge,
  conntrack,
  hostname,
  ifconfig,
  ip,
  ip6tables,
  'ip6tables-restore': ip6tablesRestore,
  'ip6tables-save': ip6tablesSave,
  ipset,
  iptables,
  'iptables-restore': iptablesRestore,
  'iptables-save': iptablesSave,
  ipvsadm,
  'ipvsadm-restore': ipvsadmRestore,
  'ipvsadm-save': ipvsadmSave,
  netstat,
  nft,
  ping,
  route,
  ss,
  sysctl,
  traceroute,
}
