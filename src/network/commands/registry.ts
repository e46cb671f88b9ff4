import { bridge } from './bridge.ts'
import type { CommandTable } from './command.ts'
import { ip } from './ip/ip.ts'
import { ipvsadm, ipvsadmRestore, ipvsadmSave } from './ipvsadm.ts'
import { arp, hostname, ifconfig, route } from './net-tools.ts'
import { ping, traceroute } from './ping.ts'
import { netstat, ss } from './ss.ts'
import { sysctl } from './sysctl.ts'

/** The network commands of a machine. A new one is a file and a line. */
export const NODE_COMMANDS: CommandTable = {
  arp,
  bridge,
  hostname,
  ifconfig,
  ip,
  ipvsadm,
  'ipvsadm-restore': ipvsadmRestore,
  'ipvsadm-save': ipvsadmSave,
  netstat,
  ping,
  route,
  ss,
  sysctl,
  traceroute,
}
